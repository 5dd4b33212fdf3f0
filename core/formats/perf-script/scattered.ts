/**
 * Samples of one record that aren't neighbours: `sort` and `grep` move lines. perf's order is lost then; what samples of one record share is
 * time, CPU, thread and address.
 */
import type { SampleText } from './fields.ts';
import { Wide } from './layout.ts';
import type { SampleNumbers } from './layout.ts';
import type { EventKind } from './records.ts';
import type { ScriptLine } from './script-line.ts';

export interface ScatteredSample {
  readonly sample: ScriptLine;
  readonly event: EventKind;
  readonly fields: SampleText;
  readonly numbers: SampleNumbers;
  readonly offset: number;
}

function keyOf({ sample, numbers }: ScatteredSample): string {
  return `${sample.time} ${sample.cpu} ${sample.tid} ${numbers.wide[Wide.PC]}`;
}

/** By what records share: their samples, by place in perf's order; those without one come first. */
function sharing(samples: readonly ScatteredSample[]): Map<string, ScatteredSample[][]> {
  const all = new Map<string, ScatteredSample[][]>();
  for (const sample of samples) {
    const key = keyOf(sample);
    let kinds = all.get(key);
    if (!kinds) all.set(key, (kinds = []));
    (kinds[sample.event.place + 1] ??= []).push(sample);
  }
  return all;
}

/** As many as there are samples of the kind that most have. */
function countOf(kinds: readonly ScatteredSample[][]): number {
  let most = 0;
  for (const kind of kinds.filter(Boolean)) most = Math.max(most, kind.length);
  return most;
}

/** Whether perf's order makes more records of a text's first samples than these can be of. */
export function areScattered(samples: readonly ScatteredSample[]): boolean {
  let inOrder = 0;
  let last = '';
  let place = Infinity;
  for (const sample of samples) {
    const key = keyOf(sample);
    if (key !== last || sample.event.place <= place) inOrder++;
    last = key;
    place = sample.event.place;
  }
  let records = 0;
  for (const kinds of sharing(samples).values()) records += countOf(kinds);
  return inOrder > 1.1 * records;
}

/** Samples of one time, in perf's order: those of a record one behind the other. */
export function gathered(samples: readonly ScatteredSample[]): ScatteredSample[] {
  const all: ScatteredSample[] = [];
  for (const kinds of sharing(samples).values()) {
    const records = countOf(kinds);
    for (let i = 0; i < records; i++) for (const kind of kinds) if (kind && i < kind.length) all.push(kind[i]);
  }
  return all;
}
