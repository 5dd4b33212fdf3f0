/**
 * The seed of all property tests and fuzzers: the same in every run, so that a run can be repeated and fails only when the code
 * changed. `UMBRA_PROPERTY_SEED=N` takes another one, `UMBRA_PROPERTY_SEED=random` hunts.
 */
import fc from 'fast-check';

const given = process.env['UMBRA_PROPERTY_SEED'];
const seed = given === 'random' ? Date.now() % 2 ** 31 : Number(given ?? 20261124);
// Tests that seed themselves read it here.
process.env['UMBRA_PROPERTY_SEED'] = String(seed);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });

/** vitest's global setup: once per run. */
export default function printSeed(): void {
  console.info(`property tests: UMBRA_PROPERTY_SEED=${seed}`);
}
