/** Records that lie unread in the buffer, against a list of them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteSums } from '../../core/model/byte-sums.ts';
import { Unread } from '../../core/model/unread.ts';
import type { Run, Span } from '../../core/model/unread.ts';

interface Kept {
  readonly i: number;
  readonly pos: number;
  readonly size: number;
  readonly session: number;
}

/** The same, record by record. */
class Naive {
  kept: Kept[] = [];
  #reads: { at: number; upTo: number }[] = [];
  readonly #size: Uint32Array;

  constructor(size: Uint32Array) {
    this.#size = size;
  }

  written(from: number, to: number, pos: number, session: number): void {
    for (let i = from, at = pos; i < to; at += this.#size[i++]!)
      this.kept.push({ i, pos: at, size: this.#size[i]!, session });
  }

  readAt(at: number, upTo: number): void {
    this.#reads.push({ at, upTo });
  }

  discarded(from: number): void {
    this.kept = this.kept.filter(({ i }) => i < from);
  }

  forget(now: number, pos: number, landed: number): void {
    const upTo = Math.max(0, ...this.#reads.filter(({ at }) => at <= now).map((read) => read.upTo));
    this.kept = this.kept.filter((r) => r.i >= upTo && (r.i >= landed || r.pos >= pos));
  }

  take(spans: readonly Span[], from: number, to: number): Run[] {
    const runs: Run[] = [];
    let open: (Kept & { run: Run }) | undefined;
    this.kept = this.kept.filter((r) => {
      const hit = spans.some(([start, end]) => r.size > 0 && r.pos < end && r.pos + r.size > start);
      if (!hit || r.i < from || r.i >= to) {
        open = undefined;
        return true;
      }
      if (open?.session === r.session) open.run.to = r.i + 1;
      else {
        const run = { from: r.i, to: r.i + 1, pos: r.pos };
        runs.push(run);
        open = { ...r, run };
      }
      return false;
    });
    return runs;
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('write' as const), n: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('lose' as const), n: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('session' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('read' as const), after: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('discard' as const), back: fc.nat(8) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('forget' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      back: fc.nat(6),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('take' as const),
      // Lengths of gaps and spans in turn, in bytes.
      cuts: fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 8 }),
      from: fc.double({ min: 0, max: 0.5, noNaN: true }),
      back: fc.nat(4),
    }),
  },
);

const someSizes = fc.oneof(
  fc.array(fc.constantFrom(16, 64, 64, 80), { minLength: 200, maxLength: 200 }),
  fc.array(fc.constantFrom(0, 16, 64, 64), { minLength: 200, maxLength: 200 }),
  fc.constant(Array.from({ length: 200 }, () => 64)),
);

test('taken, read, overwritten and discarded records are those of the list', () => {
  fc.assert(
    fc.property(someSizes, fc.array(step, { maxLength: 30 }), (sizes, steps) => {
      const size = Uint32Array.from(sizes);
      const both = [new Unread(byteSums(size), size, size.includes(0)), new Naive(size)] as const;
      let [next, pos, session, now] = [0, 0, 0, 0];
      for (const s of steps) {
        now++;
        if (s.op === 'session') session++;
        if (s.op === 'lose') next = Math.min(200, next + s.n);
        if (s.op === 'write') {
          const to = Math.min(200, next + s.n);
          for (const one of both) one.written(next, to, pos, session);
          pos += size.subarray(next, to).reduce((sum, n) => sum + n, 0);
          next = to;
        }
        if (s.op === 'read') for (const one of both) one.readAt(now + s.after, next);
        if (s.op === 'discard') for (const one of both) one.discarded(Math.max(0, next - s.back));
        if (s.op === 'forget')
          for (const one of both) one.forget(now, Math.floor(pos * s.part), Math.max(0, next - s.back));
        if (s.op !== 'take') continue;
        let at = 0;
        const ends = s.cuts.map((length) => (at += length));
        const spans = Array.from({ length: ends.length >> 1 }, (_, k): Span => [ends[2 * k]!, ends[2 * k + 1]!]);
        const [from, to] = [Math.floor(next * s.from), next - s.back];
        const [found, wanted] = both.map((one) => one.take(spans, from, to));
        expect(found).toEqual(wanted);
      }
      // Whatever is left, piece by piece.
      for (let at = 0; at < pos; at += 40)
        expect(both[0].take([[at, at + 24]], 0, 200)).toEqual(both[1].take([[at, at + 24]], 0, 200));
    }),
    { numRuns: 300 },
  );
});
