/** Which samples an outcome loses, as runs of consecutive lost samples. */
import { KEPT, OUTSIDE } from '../model/outcome.ts';

/** Where samples lie in sessions: [start, end) pairs. */
export function sessionsIn(fates: Uint8Array): Uint32Array {
  const ends: number[] = [];
  let open = false;
  for (let i = 0; i < fates.length; i++) {
    if ((fates[i] !== OUTSIDE) === open) continue;
    ends.push(i);
    open = !open;
  }
  if (open) ends.push(fates.length);
  return Uint32Array.from(ends);
}

/** Lost samples: [from, to) pairs with gaps between. */
export function lostIn(fates: Uint8Array): Uint32Array {
  const ends: number[] = [];
  let open = false;
  for (let i = 0; i < fates.length; i++) {
    if ((fates[i] !== KEPT && fates[i] !== OUTSIDE) === open) continue;
    ends.push(i);
    open = !open;
  }
  if (open) ends.push(fates.length);
  return Uint32Array.from(ends);
}

/**
 * Runs of lost samples by their place in sessions, as `lostRuns` finds them sample by sample.
 * @param lost and inside: [from, to) pairs of samples with gaps between, ascending @throws RangeError for a lost sample outside sessions
 */
export function runsInSessions(lost: Uint32Array, inside: Uint32Array): Uint32Array {
  const ends = new Uint32Array(lost.length);
  let at = 0;
  let base = 0;
  let s = 0;
  for (let r = 0; r < lost.length; r += 2) {
    for (; s < inside.length && inside[s + 1] <= lost[r]; s += 2) base += inside[s + 1] - inside[s];
    if (s >= inside.length || lost[r] < inside[s] || lost[r + 1] > inside[s + 1])
      throw new RangeError('losses of another reference: a sample is outside every session');
    const [from, to] = [lost[r] - inside[s] + base, lost[r + 1] - inside[s] + base];
    if (at > 0 && ends[at - 1] === from) ends[at - 1] = to;
    else {
      ends[at++] = from;
      ends[at++] = to;
    }
  }
  return ends.slice(0, at);
}

/** Runs of lost samples by their place in sessions: one continues across the gap between two sessions. */
export function lostRuns(fates: Uint8Array, inside: Uint32Array): Uint32Array {
  const ends: number[] = [];
  const aligned = fates.byteOffset % 4 === 0;
  const words = aligned ? new Uint32Array(fates.buffer, fates.byteOffset, fates.length >> 2) : new Uint32Array(0);
  let open = false;
  let base = 0;
  for (let s = 0; s < inside.length; s += 2) {
    const [from, to] = [inside[s], inside[s + 1]];
    let i = from;
    while (i < to) {
      if (open) while (i < to && fates[i] !== KEPT && fates[i] !== OUTSIDE) i++;
      else i = afterKept(fates, words, i, to);
      if (i === to) break;
      if (fates[i] === OUTSIDE) throw new RangeError('fates of another reference: a sample is outside every session');
      ends.push(base + i - from);
      open = !open;
    }
    base += to - from;
  }
  if (open) ends.push(base);
  return Uint32Array.from(ends);
}

/** The first sample from `from` on that isn't kept, or `to`: four at a time, since most are. */
function afterKept(fates: Uint8Array, words: Uint32Array, from: number, to: number): number {
  let i = from;
  while (i < to && fates[i] === KEPT && i % 4 !== 0) i++;
  if (i % 4 === 0) {
    let word = i / 4;
    const last = Math.min(words.length, to >> 2);
    while (word < last && words[word] === ALL_KEPT) word++;
    i = Math.max(i, 4 * word);
  }
  while (i < to && fates[i] === KEPT) i++;
  return i;
}

/** Four fates in one word. */
const ALL_KEPT = KEPT * 0x01010101;

/** Whether two outcomes of one reference lose the same samples. */
export function sameRuns(a: readonly Uint32Array[], b: readonly Uint32Array[]): boolean {
  return a.every((own, l) => own.length === b[l].length && own.every((end, i) => end === b[l][i]));
}
