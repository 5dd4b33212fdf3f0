import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cause } from '../../core/analysis/cause.ts';
import { Rotations } from '../../core/analysis/rotation.ts';
import { skew } from '../../core/analysis/skew.ts';
import { digest } from '../../core/analysis/skew-digest.ts';
import { judge, relativeDeviation } from '../../core/analysis/verdict.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';
import { createRandom } from '../../core/model/random.ts';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/skew/${name}`, import.meta.url), 'utf8'));

interface Lane {
  t: Float64Array;
  keys: Uint32Array;
  fates: Uint8Array;
}

function laneOf(keys: ArrayLike<number>, isLost: (i: number) => boolean): Lane {
  const n = keys.length;
  return {
    t: Float64Array.from({ length: n }, (_, i) => i),
    keys: Uint32Array.from(keys),
    fates: Uint8Array.from({ length: n }, (_, i) => (isLost(i) ? LOST : KEPT)),
  };
}

describe('the sample pair under map-on-fault, as a second implementation computes it', () => {
  const pair = read('pair-map-on-fault.json') as { names: string[]; lanes: { keys: string; lost: number[] }[] };
  const expected = read('expected.json');
  const lanes = pair.lanes.map(({ keys, lost }) => laneOf([...keys].map(Number), (i) => lost.includes(i)));
  const full = skew(lanes, pair.names.length);
  if (!full) throw new Error('nothing survived');
  const nameOf = (key: number) => pair.names[key];
  const found = digest(full, nameOf);

  /** Equal numbers up to the last bits, everything else exactly equal. */
  function same(actual: unknown, wanted: unknown, at: string): void {
    if (typeof wanted === 'number') expect(actual, at).toBeCloseTo(wanted, 12);
    else if (Array.isArray(wanted)) wanted.forEach((w, i) => same((actual as unknown[])[i], w, `${at}[${i}]`));
    else if (typeof wanted === 'object' && wanted !== null)
      for (const [k, w] of Object.entries(wanted)) same((actual as Record<string, unknown>)[k], w, `${at}.${k}`);
    else expect(actual, at).toEqual(wanted);
  }

  it('agrees in every field', () => {
    expect(found.rows).toHaveLength(expected.skew.rows.length);
    same(found, expected.skew, 'skew');
    const summary = { coverage: full.kept / full.reference, vmDead: false, reference: full.reference };
    const counts = {
      ...full.keys,
      total: full.reference,
      survivors: full.kept,
      nameOf: (row: number) => nameOf(full.keys.key[row]),
    };
    same(judge(summary, counts), expected.verdict, 'verdict');
  });
});

describe('rotations', () => {
  const random = createRandom(4);
  const n = 30_000;
  const keys = Uint32Array.from({ length: n }, (_, i) => (Math.floor(i / 700) + random.below(2)) % 5);

  /** Counts under rotation j by moving each sample's fate on its own. */
  function naive(lanes: readonly Lane[], j: number, keyCount: number): number[] {
    const counts = new Array<number>(keyCount).fill(0);
    for (const lane of lanes) {
      const inside = [...lane.fates.keys()].filter((i) => lane.fates[i] !== OUTSIDE);
      const by = Math.floor(((j * 0.6180339887498949) % 1) * inside.length + 0.5) % inside.length;
      inside.forEach((i, at) => {
        if (lane.fates[i] !== KEPT) counts[lane.keys[inside[(at + by) % inside.length]]]++;
      });
    }
    return counts;
  }

  it.each([
    ['single samples', (i: number) => i % 97 === 0],
    ['bursts of 60', (i: number) => i % 3000 < 60],
    ['runs long enough for running totals', (i: number) => i % 15_000 < 4000],
    ['more lost than kept', (i: number) => i % 3000 > 200],
  ])('of %s move the mask, lane by lane', (_, isLost) => {
    const outside = laneOf(keys, isLost);
    outside.fates.fill(OUTSIDE, 100, 900);
    const lanes = [outside, laneOf(keys.subarray(0, 9000), isLost)];
    const rotations = Rotations.of(lanes, 5);
    const counts = new Uint32Array(5);
    for (const j of [1, 2, 77, rotations.count]) {
      rotations.lostUnder(j, counts);
      expect([...counts], `rotation ${j}`).toEqual(naive(lanes, j, 5));
    }
  });

  it('of short lanes are all there are', () => {
    const rotations = Rotations.of([laneOf([0, 1, 2, 3, 4], (i) => i === 0)], 5);
    const counts = new Uint32Array(5);
    const lostKeys = Array.from({ length: rotations.count }, (_, j) => {
      rotations.lostUnder(j + 1, counts);
      return counts.indexOf(1);
    });
    expect(lostKeys).toEqual([1, 2, 3, 4]);
  });

  it('are fewer where they would cost too much, but never below 199', () => {
    const big = laneOf(new Uint8Array(2_000_000), (i) => i % 2 === 0);
    expect(Rotations.of([big], 1).count).toBe(199);
    expect(Rotations.of([laneOf(keys, (i) => i % 97 === 0)], 5).count).toBe(999);
  });
});

describe('the cause', () => {
  const of = (lanes: readonly Lane[], keyCount: number) => skew(lanes, keyCount)?.cause;

  it('can’t be told from fewer than 5 episodes, and is nothing where nothing was lost', () => {
    const keys = Uint32Array.from({ length: 5000 }, (_, i) => i % 3);
    expect(of([laneOf(keys, (i) => i >= 100 && i < 900)], 3)).toMatchObject({
      word: "can't tell",
      episodes: 1,
      rotations: 0,
    });
    expect(of([laneOf(keys, () => false)], 3)).toMatchObject({ word: 'nothing lost', episodes: 0 });
  });

  it('can’t be told where everything was lost', () => {
    const keys = Array.from({ length: 60 }, (_, i) => i % 3);
    const rotations = Rotations.of(
      Array.from({ length: 6 }, () => laneOf(keys, () => true)),
      3,
    );
    expect(rotations.episodes).toBe(6);
    expect(cause(rotations, new Uint32Array(3).fill(120)).cause).toMatchObject({ word: "can't tell", rotations: 0 });
  });

  it('tells lanes’ unequal coverage apart from where the blackouts fell', () => {
    // Each lane runs its own key; the first loses half of its samples, evenly.
    const lanes = [
      laneOf(new Uint8Array(8000), (i) => i % 2 === 0),
      laneOf(new Uint8Array(8000).fill(1), (i) => i % 1000 === 0),
    ];
    const found = of(lanes, 2);
    expect(found?.lanesTvd).toBeGreaterThan(0.15);
    expect(found?.pValue).toBe(1);
    expect(skew(lanes, 2)?.keys.significant).toEqual(Uint8Array.of(0, 0));
  });

  it('stars a key exactly where its interval excludes 0', () => {
    const random = createRandom(9);
    // Phases of random length; losses fall into those of keys 1 and 2 only.
    let phase = 0;
    const keys = Uint32Array.from({ length: 20_000 }, () => {
      if (random.uniform() < 0.005) phase = random.below(2);
      return phase ? 1 + random.below(2) : 0;
    });
    const biased = laneOf(keys, (i) => keys[i] > 0 && i % 3 > 0);
    const result = skew([biased], 3);
    expect(result?.cause.pValue).toBeLessThan(0.01);
    result?.keys.adjusted.forEach((_, row) => {
      const excludes = result.keys.low[row] > 0 || result.keys.high[row] < 0;
      expect(result.keys.significant[row] === 1).toBe(excludes);
    });
    expect(result?.keys.significant.some((s) => s === 1)).toBe(true);
  });

  it('says the same whether counts are kept or made twice', () => {
    const random = createRandom(3);
    const keys = Uint32Array.from({ length: 4000 }, () => random.below(40));
    const lane = laneOf(keys, () => random.uniform() < 0.3);
    const lost = new Uint32Array(40);
    keys.forEach((k, i) => (lost[k] += lane.fates[i] === KEPT ? 0 : 1));
    const kept = cause(Rotations.of([lane], 40), lost);
    const twice = cause(Rotations.of([lane], 40), lost, 0);
    expect(twice).toEqual(kept);
  });
});

describe('the verdict by size', () => {
  const nameOf = (row: number) => 'abcdefghijkl'[row];
  const judged = (reference: number[], kept: number[]) => {
    const [total, survivors] = [reference, kept].map((all) => all.reduce((a, b) => a + b, 0));
    return judge(
      { coverage: survivors / total, vmDead: false, reference: total },
      { reference, kept, total, survivors, nameOf },
    );
  };

  it('names the key that certainly moved, with its interval', () => {
    const { word, key, reason } = judged([6000, 4000], [3000, 4000]);
    expect(word).toBe('misleading');
    expect(key?.name).toBe('b');
    expect(reason).toBe('b moved by +42.9 ± 2.3 % of its share');
  });

  it('calls nothing representative that it can’t', () => {
    // 60 samples with the second key at half its share.
    expect(judged([30, 20, 10], [30, 10, 10]).word).not.toBe('representative');
    expect(judged([30, 20, 10], [27, 13, 9])).toMatchObject({ word: 'usable with care', few: false });
    expect(judged([3000, 2000], [2990, 1994])).toMatchObject({ word: 'representative', few: false });
    expect(judged([12, 8], [9, 6])).toMatchObject({ word: 'usable with care', few: true });
  });

  it('has no word for no samples, and one for the dead', () => {
    expect(judge({ coverage: 1, vmDead: false, reference: 0 }, undefined).word).toBe('no samples');
    expect(judge({ coverage: 0.9, vmDead: true, reference: 10 }, undefined).word).toBe('dead');
    expect(judged([100], [49]).word).toBe('dead');
  });

  it('has the deviation of sampling without replacement', () => {
    // Hypergeometric variance of the survivors' share, by hand: p(1-p)/n (N-n)/(N-1), over p².
    const [p, n, N] = [0.2, 300, 1000];
    expect(relativeDeviation(p, n, N)).toBeCloseTo(Math.sqrt(((p * (1 - p)) / n) * ((N - n) / (N - 1))) / p, 14);
    expect(relativeDeviation(0.2, 1000, 1000)).toBe(0);
  });
});
