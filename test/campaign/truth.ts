/** What policies truly lose in a synthesised pair, under a campaign's parameters: the replay over the very changes that the host made. */
import type { RunParams } from '../../core/model/params.ts';
import { trueBlackouts, truthParams } from '../../core/synth/blackouts.ts';
import { tickNs } from '../../core/synth/clock.ts';
import { PAGE } from '../../core/synth/guest-memory.ts';
import { synthOptions } from '../../core/synth/options.ts';
import type { SynthOptions } from '../../core/synth/options.ts';
import { synthesise } from '../../core/synth/pair.ts';

const nowhere = { write: () => undefined, patch: () => undefined };

/** Share lost by policy. */
export function trueLosses(given: Partial<SynthOptions>, params: Partial<RunParams>): ReadonlyMap<string, number> {
  const options = synthOptions(given);
  const times = Array.from({ length: options.cpus }, (): number[] => []);
  const { kvm } = synthesise(options, { spe: nowhere, kvm: nowhere }, ({ lane, batch }) => {
    const { counter } = batch.wide;
    for (let i = 0; i < batch.columns.n; i++) times[lane].push(tickNs(counter[2 * i + 1] * 2 ** 32 + counter[2 * i]));
  });
  const all = { ...truthParams(kvm.memory.pages * PAGE), ...params };
  const policies = trueBlackouts(
    times.map((ns) => Float64Array.from(ns)),
    kvm,
    all,
  );
  return new Map(policies.map(({ policy, kept, lost }) => [policy, lost / (kept + lost)]));
}
