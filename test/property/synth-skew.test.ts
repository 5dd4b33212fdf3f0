// The statistics on losses that a replay makes of a synthesised pair. Fixed seeds: these pass or fail for good.
import { expect, test } from 'vitest';
import { skew } from '../../core/analysis/skew.ts';
import type { Skew } from '../../core/analysis/skew.ts';
import { defaultParams } from '../../core/model/params.ts';
import { builtinPolicy } from '../../core/model/policies.ts';
import { replay } from '../../core/model/replay.ts';
import type { SynthOptions } from '../../core/synth/options.ts';
import { functions } from '../../core/synth/workload.ts';
import { LaneCollector, make, recoverStage2, plainFaults } from './synth-recover.ts';

const small = { samples: 8000, kvmEvents: 0, ramPages: 64, bufferBytes: 16 * 4096, bufferShare: 1 };

/** Skew by function under map-on-fault, each fault blinding the lane for `irqNs`. */
function skewOf(options: Partial<SynthOptions>, irqNs: number): Skew {
  const collector = new LaneCollector();
  const { vm, timeline } = recoverStage2(make({ ...small, ...options }, collector.add));
  const lanes = collector.lanes(vm);
  const params = { ...defaultParams().params, ...plainFaults, irqNs, fullExtraNs: 0 };
  const { fates } = replay(lanes, collector.align(timeline), builtinPolicy('map-on-fault')!, params);
  const keyed = lanes.map(({ t }, i) => ({ t, keys: Uint32Array.from(collector.fn[i]!), fates: fates[i]! }));
  const found = skew(keyed, functions.length);
  if (!found) throw new Error('nothing survived');
  return found;
}

test('unmaps that know nothing of the phases raise no more alarms than 5 % promises', () => {
  const runs = 100;
  let alarms = 0;
  for (let seed = 0; seed < runs; seed++) {
    const { kept, cause } = skewOf({ seed, unmaps: 3000 }, 20_000);
    expect(kept).toBeLessThan(small.samples - 100);
    if ((cause.pValue ?? 1) <= 0.05) alarms++;
  }
  // 95 % of binomials of 100 at 5 % lie below 10.
  expect(alarms).toBeLessThan(10);
});

const burst = { unmaps: 400, burst: { phase: 'probe', factor: 30 } };
const probeKey = functions.findIndex((f) => f.name === 'hash_probe');

test('bursts of unmaps in one phase: its functions are missing. Phases come round evenly, which rotation is blind to', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const result = skewOf({ seed, ...burst }, 60_000);
    const row = result.keys.key.indexOf(probeKey);
    expect(result.keys.difference[row]).toBeLessThan(0);
  }
});
