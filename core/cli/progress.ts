/** The progress line of a terminal: what, how far, how fast, how much longer. None of it reaches a file or a pipe. */
import { isatty } from 'node:tty';
import { printableCell } from '../words/printable.ts';
import { duration } from './format.ts';

export interface ProgressLine {
  readonly phase: string;
  readonly done: number;
  /** Undefined if it can't be known. */
  readonly total?: number;
  /** Bytes and pairs are shown with their rate, pairs with how many are done. */
  readonly unit: 'bytes' | 'steps' | 'pairs';
  /** May change while the phase goes on. */
  readonly note?: string;
}

/** Redrawn at most this often, ms: a terminal over ssh is slow. */
const REDRAW_MS = 100;

export function progressMeter(write: (text: string) => void) {
  const shown = isatty(2);
  let last = 0;
  let visible = false;
  let phase = '';
  let since = 0;
  return {
    show(p: ProgressLine): void {
      if (!shown) return;
      const now = performance.now();
      if (p.phase !== phase) {
        phase = p.phase;
        since = now;
      } else if (now - last < REDRAW_MS) return;
      last = now;
      visible = true;
      write(`\r\x1b[K${printableCell(progressText(p, (now - since) / 1000))}`);
    },
    clear(): void {
      if (visible) write('\r\x1b[K');
      visible = false;
    },
  };
}

/** @param seconds since the phase began */
export function progressText({ phase, done, total, unit, note }: ProgressLine, seconds: number): string {
  const parts = [phase];
  if (unit === 'pairs' && total) parts.push(`${done} done`);
  if (total) parts.push(`${Math.floor((100 * done) / total)} %`);
  // A rate over the first moments means nothing.
  if (seconds > 0.5 && done > 0) {
    if (unit === 'bytes') parts.push(`${(done / seconds / 1e6).toPrecision(3)} MB/s`);
    if (unit === 'pairs') parts.push(`${((60 * done) / seconds).toPrecision(3)} pairs/min`);
    if (total && total > done) parts.push(`${duration(Math.round((seconds * 1e9 * (total - done)) / done))} left`);
  }
  if (note) parts.push(note);
  return parts.join(' · ');
}
