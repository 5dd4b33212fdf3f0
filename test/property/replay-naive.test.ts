/**
 * The replay against a second implementation of docs/design/replay-rules.md. `UMBRA_RUNS=20000 npx vitest run
 * test/property/replay-naive.test.ts` makes a longer run, `UMBRA_PROPERTY_SEED=random` another one.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstDifference, outcomeOf } from '../vectors/vector.ts';
import type { Scenario } from '../vectors/vector.ts';
import { Coverage } from './naive-coverage.ts';
import { naiveOutcome } from './naive-run.ts';
import { someScenario } from './replay-scenarios.ts';

const runs = Number(process.env.UMBRA_RUNS ?? 1500);

test('the replay equals the naive simulator, over every rule', { timeout: 1e9 }, () => {
  const coverage = new Coverage();
  const difference = (scenario: Scenario): string | undefined =>
    firstDifference(naiveOutcome(scenario, coverage.hit), outcomeOf(scenario));
  const same = fc.property(someScenario, (scenario) => {
    const found = difference(scenario);
    if (found !== undefined) throw new Error(found);
  });
  const result = fc.check(same, { numRuns: runs });
  if (result.counterexample) {
    const [scenario] = result.counterexample;
    throw new Error(
      `seed ${result.seed}, path ${result.counterexamplePath}: the naive simulator against the replay: ${difference(scenario)}\n` +
        `As a vector: ${JSON.stringify(scenario)}`,
    );
  }

  console.info(`${result.numRuns} runs; met, by rule:\n${coverage.table()}`);
  // A generator that stops covering a rule is a test that stops testing it.
  const rare = [...coverage.counts].filter(([, n]) => n < Math.floor(runs / 1500));
  expect(rare).toEqual([]);
  for (const [rule, n] of coverage.byRule()) expect(n, `rule ${rule}`).toBeGreaterThanOrEqual(runs / 75);
});
