// Does Umbra recover the truth from a pair whose truth is known by construction?
import { expect, test } from 'vitest';
import { defaultParams } from '../../core/model/params.ts';
import { builtinPolicy } from '../../core/model/policies.ts';
import { replay } from '../../core/model/replay.ts';
import { causeClasses, PAGE_SHIFT, windowKinds } from '../../core/model/terms.ts';
import { NONE } from '../../core/model/outcome.ts';
import type { Windows } from '../../core/model/outcome.ts';
import type { SynthOptions } from '../../core/synth/options.ts';
import { truthParams } from '../../core/synth/blackouts.ts';
import { bufferAccuracy, LaneCollector, make, recoverStage2, plainFaults } from './synth-recover.ts';

const small = { samples: 20_000, ramPages: 512, bufferBytes: 32 * 4096, kvmEvents: 3000 };

test.each<[string, Partial<SynthOptions>]>([
  ['madvise and munmap', { unmaps: 2000 }],
  ['reclaim', { unmaps: 0, reclaims: 1000 }],
  ['same-page merging and its copy-on-write', { unmaps: 0, merges: 2000 }],
  ['all of these, aged', { unmaps: 800, reclaims: 300, merges: 800, aging: 100 }],
  ['blocks', { cpus: 1, unmaps: 0, thp: true, ramPages: 4096 }],
  // Of two vCPUs that fault into one empty region at once, the second doesn't show that there is no block.
  ['blocks, two vCPUs', { cpus: 2, unmaps: 0, thp: true, ramPages: 4096 }],
  ['blocks that unmaps split', { cpus: 4, unmaps: 300, unmapPages: 600, thp: true, ramPages: 4096 }],
])('stage 2 of the buffers is reconstructed exactly: %s', (_, rates) => {
  for (let seed = 1; seed <= 4; seed++) {
    const made = make({ ...small, ...rates, seed });
    const { valid, mapped, unknown, missed, false: wrong, stays } = bufferAccuracy(made);
    expect({ valid, mapped, unknown, missed, wrong }).toEqual({ valid: 1, mapped: 1, unknown: 0, missed: 0, wrong: 0 });
    expect(stays).toBeGreaterThan(60);
  }
});

test.each<[string, Partial<SynthOptions>, number, number]>([
  // The ioctl tells only between which moments the pages went.
  ['memslots deleted and added again', { memslots: 20 }, 0.999, 0.999],
  ['memslots of blocks', { memslots: 20, thp: true, ramPages: 4096 }, 0.998, 0.998],
  // Switching logging on, too.
  ['dirty logging', { dirtyLogs: 50 }, 0.9999, 0.9999],
  ['dirty logging at a high rate, with unmaps', { dirtyLogs: 200, unmaps: 1000, cpus: 3 }, 0.9999, 0.9999],
  ['dirty logging that splits blocks', { dirtyLogs: 30, thp: true, ramPages: 4096 }, 0.9999, 0.9999],
  ['dirty logging, and memslots changed', { dirtyLogs: 50, memslots: 10 }, 0.999, 0.999],
])('stage 2 of the buffers within what the trace tells: %s', (_, rates, leastValid, leastMapped) => {
  for (let seed = 1; seed <= 3; seed++) {
    const { valid, mapped } = bufferAccuracy(make({ ...small, unmaps: 0, ...rates, seed }));
    expect(valid).toBeGreaterThan(leastValid);
    expect(mapped).toBeGreaterThan(leastMapped);
  }
});

test('what the tracer lost is unknown, and what is known is right', () => {
  const made = make({ ...small, kvmEvents: 30_000, lostPages: 4, seed: 5 });
  expect(made.pair.kvm.losses.length).toBeGreaterThan(0);
  const { valid, unknown } = bufferAccuracy(made);
  expect(unknown).toBeGreaterThan(0.01);
  expect(unknown).toBeLessThan(1);
  expect(valid).toBeGreaterThan(0.97);
});

/** Windows as truth.json has them. */
function rows(windows: Windows, origin: number): object[] {
  return Array.from({ length: windows.n }, (_, i) => ({
    lane: windows.lane[i],
    start: origin + windows.start[i]!,
    end: origin + windows.end[i]!,
    kind: windowKinds[windows.kind[i]!],
    cause: windows.cause[i] === NONE ? null : causeClasses[windows.cause[i]!],
    ipa: windows.page[i]! < 0 ? null : `0x${(windows.page[i]! * 2 ** PAGE_SHIFT).toString(16)}`,
    lost: windows.lost[i],
  }));
}

test.each([1, 2, 3, 4, 5, 6])(
  'windows are the true ones to the nanosecond, all but those of second unmaps (seed %i)',
  (seed) => {
    const collector = new LaneCollector();
    const rates = { unmaps: 1500, reclaims: 300, merges: 600, bufferShare: 0.7 };
    const made = make({ ...small, cpus: 1 + (seed % 3), seed, ...rates }, collector.add);
    const { vm, timeline } = recoverStage2(made);
    // The truth maps every page again, also one that the VMM has munmap'ed and mapped nothing in place of.
    timeline.contents.fill(0);
    const lanes = collector.lanes(vm);
    const params = { ...defaultParams().params, ...plainFaults };
    expect(params).toMatchObject({
      ...truthParams,
      align: params.align,
      placement: params.placement,
      calibrate: params.calibrate,
    });
    const { policies } = made.pair.truth.blackouts;
    expect(policies).toHaveLength(3);
    // The generator's truth of the pinning policies is the first edition's: what they are now, test/fixtures/vectors says.
    for (const truth of policies.filter(({ policy }) => policy === 'map-on-fault')) {
      const outcome = replay(lanes, collector.align(timeline), builtinPolicy(truth.policy)!, params);
      const found = new Set(rows(outcome.windows, collector.origin).map((row) => JSON.stringify(row)));
      const same = truth.windows.filter((row) => found.has(JSON.stringify(row)));
      // A mapping that the VMM lays over munmap'ed pages takes them once more, which the truth doesn't know.
      expect(same.length).toBeGreaterThan(0.6 * truth.windows.length);
      const kept = outcome.fates.reduce((sum, f) => sum + f.filter((fate) => fate === 0).length, 0);
      expect(Math.abs(kept - truth.kept)).toBeLessThan(0.005 * small.samples);
      expect(truth.kept + truth.lost).toBe(small.samples);
      if (truth.policy === 'map-on-fault') expect(truth.windows.length).toBeGreaterThan(20);
    }
  },
);
