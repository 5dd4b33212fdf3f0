import fc from 'fast-check';

/** Cases of a property of the replay. `UMBRA_RUNS` sets it for longer hunts. */
const runs = Number(process.env.UMBRA_RUNS ?? 200);

/** Checks a property; a failure prints seed and counterexample. */
export function property<T>(what: fc.IProperty<T>): void {
  fc.assert(what, { numRuns: runs });
}
