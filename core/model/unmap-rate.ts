/** What if the host unmapped more, or less? Thins or multiplies a timeline's unmaps. */
import { ModelError } from './errors.ts';
import { seededStream } from './seeds.ts';
import { code, stage2Kinds } from './terms.ts';
import type { Stage2Timeline } from './timeline.ts';

const UNMAP = code(stage2Kinds, 'unmap');
const INITIAL = code(stage2Kinds, 'initial-unmapped');
/** Maximum rows of a multiplied timeline, as in timeline-index.ts. */
const MAX_ROWS = 2 ** 26;

/**
 * The timeline with `rate` times as many `unmap` rows; all other rows stay, the initial states too. The k-th unmap row (from 0, in
 * the timeline's order) draws from its own random stream, derived from the seed and k, so the same seed gives the same rows, and a higher
 * rate gives all those of a lower one and more:
 *
 *  - Its first number u, in [0, 1), decides how often it happens: below rate 1 it stays if u < rate; from 1 on it stays, and has
 *    floor(rate - 1 + u) copies.
 *  - Each copy takes two more numbers. The first is its time: anywhere from its original to the next unmap row (or the timeline's end),
 *    whole ns, so that bursts stay bursts and quiet times quiet. The second picks the unmap row of the same cause class whose pages it
 * unmaps, so each class hits the pages that it hit, in the same proportions.
 *
 * At one timestamp copies come after the rows of the timeline. What a copy took away stays away until the timeline maps the page
 * again, or the policy does; the guest's own accesses, which would fault it in earlier, aren't invented.
 *
 * @param rate 0 or more; 1 gives the timeline as it is
 * @throws ModelError when that makes more than 2^26 rows
 */
export function scaleUnmaps(timeline: Stage2Timeline, rate: number, seed: number): Stage2Timeline {
  if (rate === 1) return timeline;
  const unmaps: number[] = [];
  for (let row = 0; row < timeline.n; row++) if (timeline.kind[row] === UNMAP) unmaps.push(row);
  if (timeline.n + unmaps.length * Math.max(0, rate - 1) > MAX_ROWS) {
    throw new ModelError(`unmapRate ${rate} makes more than ${MAX_ROWS} stage 2 events of ${timeline.n}; set it lower`);
  }
  return rate < 1 ? thinned(timeline, unmaps, rate, seed) : multiplied(timeline, unmaps, rate, seed);
}

function thinned(timeline: Stage2Timeline, unmaps: readonly number[], rate: number, seed: number): Stage2Timeline {
  const dropped = new Set(unmaps.filter((_, k) => seededStream(seed, 'unmaps', k).uniform() >= rate));
  const rows: number[] = [];
  for (let row = 0; row < timeline.n; row++) if (!dropped.has(row)) rows.push(row);
  return pick(timeline, rows);
}

function multiplied(timeline: Stage2Timeline, unmaps: readonly number[], rate: number, seed: number): Stage2Timeline {
  const byCause = Map.groupBy(unmaps, (row) => timeline.cause[row]);
  const end = timeline.n ? timeline.t[timeline.n - 1] : 0;
  /** The rows copied from, and the copies' times, parallel. */
  const from: number[] = [];
  const times: number[] = [];
  unmaps.forEach((row, k) => {
    const random = seededStream(seed, 'unmaps', k);
    const copies = Math.floor(rate - 1 + random.uniform());
    const start = timeline.t[row];
    const next = k + 1 < unmaps.length ? timeline.t[unmaps[k + 1]] : Math.max(start, end);
    const like = byCause.get(timeline.cause[row])!;
    for (let copy = 0; copy < copies; copy++) {
      times.push(start + Math.floor(random.uniform() * (next - start)));
      from.push(like[random.below(like.length)]);
    }
  });

  const order = Uint32Array.from(from, (_, i) => i).sort((a, b) => times[a] - times[b] || a - b);
  const rows: number[] = [];
  const t = new Float64Array(timeline.n + from.length);
  let next = 0;
  for (let row = 0; row <= timeline.n; row++) {
    const until = row === timeline.n ? Infinity : timeline.kind[row] === INITIAL ? -Infinity : timeline.t[row];
    while (next < order.length && times[order[next]] < until) {
      t[rows.length] = times[order[next]];
      rows.push(from[order[next++]]);
    }
    if (row === timeline.n) break;
    t[rows.length] = timeline.t[row];
    rows.push(row);
  }
  return { ...pick(timeline, rows), t };
}

function pick(timeline: Stage2Timeline, rows: readonly number[]): Stage2Timeline {
  const floats = (column: Float64Array) => Float64Array.from(rows, (row) => column[row]);
  const bytes = (column: Uint8Array) => Uint8Array.from(rows, (row) => column[row]);
  return {
    ...timeline,
    n: rows.length,
    t: floats(timeline.t),
    kind: bytes(timeline.kind),
    page: floats(timeline.page),
    pages: floats(timeline.pages),
    cause: bytes(timeline.cause),
    evidence: bytes(timeline.evidence),
    writable: bytes(timeline.writable),
    notify: bytes(timeline.notify),
    contents: bytes(timeline.contents),
    contentsOrigin: bytes(timeline.contentsOrigin),
  };
}
