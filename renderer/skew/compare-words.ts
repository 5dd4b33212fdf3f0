/** Comparisons in words. */
import type { Comparison } from '../../core/contract/runs.ts';
import { significant } from '../../core/words/numbers.ts';
import { count, duration } from '../format.ts';
import type { ShareRow } from './words.ts';

/** A's share minus B's: B is the baseline. */
export function shareRows({ rows }: Comparison): ShareRow[] {
  return rows.map(({ name, shareA, shareB, difference, low, high, adjusted, significant }) => ({
    ...{ name, p: shareB, q: shareA, difference, low, high, adjusted, significant },
  }));
}

/** What the null of a comparison was drawn from; or why there is none. */
export function drawNotes({ paired, blocks, null: model, word }: Comparison): string {
  if (!model && word === 'alike') return 'Nothing was lost on either side: there is nothing to ask.';
  if (!model || word === "can't tell")
    return paired
      ? 'Can’t tell: too few loss episodes to ask whether it matters where they fell.'
      : `Can’t tell: ${count(blocks)} blocks of time a side, and fewer than 10 tell nothing.`;
  return paired
    ? `Both loss masks shifted by the same fraction of each vCPU’s samples, ${count(blocks)} times.`
    : `${count(blocks)} blocks of time a side, as long as the keys’ activity hangs together, dealt to either side again and again.`;
}

/** A difference, always with its sign; empty if there is none. */
export function signed(difference: number, unit: 'count' | 'ns' | 'share'): string {
  if (!difference || Number.isNaN(difference)) return '';
  if (unit === 'share') return `${difference < 0 ? '−' : '+'}${significant(100 * Math.abs(difference))}`;
  const size = Math.abs(difference);
  return `${difference < 0 ? '−' : '+'}${unit === 'ns' ? duration(size) : count(size)}`;
}

/** A parameter's value, of any type. */
export function paramText(value: unknown): string {
  if (typeof value === 'number' && Number.isInteger(value)) return count(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
