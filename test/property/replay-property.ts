import fc from 'fast-check';

/** How long one share of the replay's property tests runs, ms: a few seconds in all. `UMBRA_PROPERTY_MS` sets it for longer hunts. */
const shareMs = Number(process.env.UMBRA_PROPERTY_MS ?? 2500);

/** Checks a property within its share of the time, and prints the seed. A failure prints seed and counterexample. */
export function property<T>(what: fc.IProperty<T>, { share = 0.3 } = {}): void {
  const { seed } = fc.readConfigureGlobal();
  const result = fc.check(what, {
    seed,
    numRuns: 1_000_000,
    interruptAfterTimeLimit: shareMs * share,
    markInterruptAsFailure: false,
  });
  console.info(`${result.numRuns} runs`);
  if (result.failed) throw new Error(fc.defaultReportMessage(result) ?? 'failed', { cause: result.errorInstance });
}
