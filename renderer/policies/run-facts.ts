/** What a reader must know before believing a run's numbers, as marks shown next to them. */
import type { Run } from '../../core/contract/contract.ts';
import { modelTimes } from './settings.ts';
import { count, percent } from '../format.ts';

export interface Mark {
  readonly text: string;
  readonly title: string;
  /** Results rest on something that isn't true of the machine. */
  readonly warn: boolean;
}

/** The run named in the address, else the newest. */
export function shownRun(runs: readonly Run[], selected: number | undefined): Run | undefined {
  return selected === undefined ? runs.at(-1) : runs.find((r) => r.id === selected);
}

export function runMarks(run: Run): Mark[] {
  return [alignment(run), assumed(run), certainty(run)].filter((mark) => mark !== undefined);
}

/** Sentences: synthesised captures, emulated timings, lanes without a known buffer. */
export function runNotes(run: Run): string[] {
  return [...run.facts.notes, ...run.facts.placementWarnings];
}

function alignment(run: Run): Mark {
  const { align, scale, scaled, description } = run.facts.alignment;
  return {
    text: scaled ? `${align}: trace times × ${scale.toPrecision(3)}` : `aligned: ${align}`,
    title: description,
    warn: scaled,
  };
}

/** Those that no capture provided: defaults, illustrative. */
function assumed(run: Run): Mark | undefined {
  const { origin } = run.params;
  const known = modelTimes.filter((t) => t in origin);
  const open = known.filter((t) => origin[t] === 'assumed');
  if (!known.length) return undefined;
  return {
    text: `${open.length} of ${known.length} times assumed`,
    title: open.length
      ? `Not measured in the trace: ${open.join(', ')}`
      : 'All were measured in the trace or set by hand',
    warn: false,
  };
}

function certainty(run: Run): Mark {
  const { exact, losses, certainty: shares } = run.facts.timeline;
  if (exact) {
    return { text: 'stage 2 exact', title: "From the kernel's own page-table calls in the trace", warn: false };
  }
  const parts = Object.entries(shares).filter(([, share]) => share > 0);
  return {
    text: `stage 2 ${parts.map(([kind, share]) => `${percent(share)} % ${kind}`).join(', ') || 'unknown'}`,
    title: [
      'Of the buffers’ page-time: whether the trace shows the state of each page, lets one infer it, or leaves it unknown',
      ...(losses > 0 ? [`the trace lost events ${count(losses)} times`] : []),
    ].join('; '),
    warn: shares.unknown > 0.5,
  };
}
