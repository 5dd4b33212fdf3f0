/** The replay against outcomes computed by another program from docs/design/replay-rules.md (test/fixtures/vectors). */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { firstDifference, outcomeOf } from '../vectors/vector.ts';
import type { Vector } from '../vectors/vector.ts';

const packed = readFileSync(new URL('../fixtures/vectors/replay.jsonl.gz', import.meta.url));
const vectors = gunzipSync(packed)
  .toString('utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Vector);

test('there are vectors, and a difference is found', () => {
  expect(vectors.length).toBeGreaterThan(30);
  const { expect: expected } = vectors[0];
  const fates = expected.fates.map((f, i) => (i === 0 ? 'torn' : f));
  expect(firstDifference(expected, { ...expected, fates })).toMatch(/^fates\[0\]: expected \w+, got torn$/);
});

test.each(vectors.map((v, i) => [i + 1, v] as const))('vector %i', (_, vector) => {
  expect(firstDifference(vector.expect, outcomeOf(vector))).toBeUndefined();
});
