// Does Umbra recover the truth from a pair whose truth is known by construction?
import { expect, test } from 'vitest';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import { prepare } from '../../core/model/prepare.ts';
import { replayPrepared } from '../../core/model/replay.ts';
import { truthOfOutcome } from '../../core/synth/blackouts.ts';
import type { SynthOptions } from '../../core/synth/options.ts';
import { bufferAccuracy, LaneCollector, make, recoverStage2 } from './synth-recover.ts';

const small = { samples: 20_000, ramPages: 512, bufferBytes: 32 * 4096, kvmEvents: 3000 };

test.each<[string, Partial<SynthOptions>]>([
  ['madvise and munmap', { unmaps: 2000 }],
  ['munmap with nothing in place', { unmaps: 2000, holes: 0.5 }],
  ['reclaim', { unmaps: 0, reclaims: 1000 }],
  ['same-page merging and its copy-on-write', { unmaps: 0, merges: 2000 }],
  ['huge pages of hugetlbfs', { unmaps: 300, backing: 'hugetlb', cpus: 4, ramPages: 4096, bufferBytes: 2 ** 20 }],
  ['huge pages, munmap with nothing in place', { unmaps: 300, backing: 'hugetlb', holes: 0.5, ramPages: 4096 }],
  ['guest_memfd', { unmaps: 2000, backing: 'guest_memfd', advice: ['dontneed', 'remove', 'pageout'] }],
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
  // The ioctl only bounds when the pages went.
  ['memslots deleted and added again', { memslots: 20 }, 0.999, 0.999],
  ['memslots of blocks', { memslots: 20, thp: true, ramPages: 4096 }, 0.998, 0.998],
  // Switching logging on, too.
  ['dirty logging', { dirtyLogs: 50 }, 0.9999, 0.9999],
  ['dirty logging at a high rate, with unmaps', { dirtyLogs: 200, unmaps: 1000, cpus: 3 }, 0.9999, 0.9999],
  ['dirty logging that splits blocks', { dirtyLogs: 30, thp: true, ramPages: 4096 }, 0.9999, 0.9999],
  ['dirty logging, and memslots changed', { dirtyLogs: 50, memslots: 10 }, 0.999, 0.999],
  ['memslots moved away and back', { moves: 20 }, 0.999, 0.999],
  ['memslots of huge pages', { memslots: 20, backing: 'hugetlb', ramPages: 4096 }, 0.998, 0.998],
  ['dirty logging that splits huge pages', { dirtyLogs: 30, backing: 'hugetlb', ramPages: 4096 }, 0.9999, 0.9999],
  ['memslots of guest_memfd', { memslots: 20, unmaps: 300, backing: 'guest_memfd' }, 0.999, 0.999],
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

const mixed = ['dontneed', 'free', 'pageout', 'cold'] as const;

test.each<[string, Partial<SynthOptions>]>([
  ['madvise and munmap', { unmaps: 1500 }],
  ['reclaim, merges', { unmaps: 500, reclaims: 300, merges: 600, aging: 100 }],
  ['advice of all kinds', { unmaps: 1500, advice: mixed }],
  ['shared memory', { unmaps: 1500, reclaims: 200, backing: 'shared', advice: ['dontneed', 'remove', 'pageout'] }],
  ['munmap with nothing in place', { unmaps: 2000, holes: 0.5, advice: mixed }],
  ['huge pages of hugetlbfs', { unmaps: 300, backing: 'hugetlb', ramPages: 4096, bufferBytes: 2 ** 20 }],
  ['guest_memfd', { unmaps: 1500, backing: 'guest_memfd', advice: ['dontneed', 'remove'] }],
  ['blocks that unmaps split', { cpus: 4, unmaps: 300, unmapPages: 600, thp: true, ramPages: 4096 }],
])('every policy’s windows and losses are the true ones to the nanosecond: %s', (name, rates) => {
  for (let seed = 1; seed <= 3; seed++) {
    const collector = new LaneCollector();
    const made = make({ ...small, cpus: 1 + (seed % 3), seed, bufferShare: 0.7, ...rates }, collector.add);
    const { vm, timeline } = recoverStage2(made);
    const prepared = prepare(collector.lanes(vm), collector.align(timeline));
    const { params, policies } = made.pair.truth.blackouts;
    expect(policies).toHaveLength(builtinPolicies.length);
    for (const truth of policies) {
      const outcome = replayPrepared(prepared, builtinPolicy(truth.policy)!, params);
      expect(truthOfOutcome(outcome, collector.origin), `${name}, seed ${seed}`).toEqual(truth);
      expect(truth.kept + truth.lost).toBe(small.samples);
    }
    const lossy = policies.find(({ policy }) => policy === 'map-on-fault')!;
    expect(lossy.lost).toBeGreaterThan(20);
  }
});

test.each<[string, Partial<SynthOptions>]>([
  ['memslots deleted and added again, and unmaps', { unmaps: 300, memslots: 10 }],
  ['memslots moved that have holes', { unmaps: 300, moves: 10, holes: 0.3 }],
  ['dirty logging, and unmaps', { unmaps: 300, dirtyLogs: 50 }],
  ['dirty logging, and memslots moved', { unmaps: 300, dirtyLogs: 50, moves: 10 }],
  [
    'everything at once',
    {
      ...{ unmaps: 500, advice: mixed, holes: 0.5, reclaims: 200, merges: 200, aging: 100 },
      ...{ dirtyLogs: 20, memslots: 5, moves: 5 },
    },
  ],
])('every policy’s losses are the true ones to a few records: %s', (name, rates) => {
  for (let seed = 1; seed <= 3; seed++) {
    const collector = new LaneCollector();
    const made = make({ ...small, seed, bufferShare: 0.7, ...rates }, collector.add);
    const { vm, timeline } = recoverStage2(made);
    const prepared = prepare(collector.lanes(vm), collector.align(timeline));
    const { params, policies } = made.pair.truth.blackouts;
    for (const truth of policies) {
      const { lost } = truthOfOutcome(replayPrepared(prepared, builtinPolicy(truth.policy)!, params), collector.origin);
      const what = `${name}, seed ${seed}, ${truth.policy}: ${lost} lost, in truth ${truth.lost}`;
      expect(Math.abs(lost - truth.lost), what).toBeLessThanOrEqual(3);
    }
  }
});

test('what the truth says of each unmap is what was done', () => {
  const effects = (rates: Partial<SynthOptions>): string[] => {
    const { kind, notify, contents } = make({ ...small, seed: 3, ...rates }).pair.truth['stage2'] as Record<
      string,
      string[]
    >;
    const all = kind!.map((what, i) => `${what} ${notify![i]} ${contents![i]}`);
    return [...new Set(all.filter((row) => row.startsWith('unmap')))].sort();
  };
  expect(effects({ unmaps: 1000 })).toEqual(['unmap clear dropped', 'unmap unmap dropped', 'unmap unmap gone']);
  expect(effects({ unmaps: 0, reclaims: 500 })).toEqual(['unmap clear kept']);
  expect(effects({ unmaps: 0, moves: 20 })).toEqual(['unmap memslot gone', 'unmap memslot kept']);
  const huge = effects({ unmaps: 300, backing: 'hugetlb' });
  expect(huge).toEqual(['unmap clear dropped', 'unmap unmap dropped', 'unmap unmap gone']);
  const guestMemfd = effects({ unmaps: 1000, backing: 'guest_memfd', advice: ['dontneed', 'remove'] });
  expect(guestMemfd).toEqual(['unmap clear dropped', 'unmap clear kept', 'unmap unmap kept']);
  const shared = effects({ unmaps: 1000, backing: 'shared', advice: ['dontneed', 'remove'] });
  expect(shared).toEqual(['unmap clear dropped', 'unmap clear kept', 'unmap unmap dropped', 'unmap unmap gone']);
});

test('advice that the kernel refuses is refused', () => {
  expect(() => make({ backing: 'shared', advice: ['free'] })).toThrow(
    'advice: the kernel refuses free for shared memory',
  );
  expect(() => make({ advice: ['remove'] })).toThrow('advice: the kernel refuses remove for anonymous memory');
  expect(() => make({ backing: 'shared', merges: 1 })).toThrow('merges: ksmd merges no shared memory');
  expect(() => make({ backing: 'hugetlb', advice: ['pageout'] })).toThrow(
    'the kernel refuses pageout for hugetlb memory',
  );
  expect(() => make({ backing: 'guest_memfd', dirtyLogs: 1 })).toThrow(
    'dirtyLogs: there is no such thing with guest_memfd',
  );
});
