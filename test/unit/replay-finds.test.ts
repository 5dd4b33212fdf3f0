/** What comparing the replay with the naive simulator has found (test/property/replay-naive.test.ts), at its smallest. */
import { expect, test } from 'vitest';
import { causeClasses } from '../../core/model/terms.ts';
import { outcomeOf } from '../vectors/vector.ts';
import type { Scenario, VectorRow } from '../vectors/vector.ts';

const unmap: Omit<VectorRow, 't'> = {
  ...{ kind: 'unmap', ipa: '0x8000', pages: 1, cause: 'userspace' },
  ...{ notify: 'unmap', contents: 'gone' },
};
const each = (answer: string) => Object.fromEntries(causeClasses.map((c) => [c, answer]));
const scenario: Scenario = {
  ...{ samples: [], sessions: { 0: [[0, 10]] }, buffers: { 0: { pages: [8] } }, rows: [] },
  ...{ policy: 'bounce-buffer', params: {}, mode: 'cpu-bound' },
};

test('a restart at the next session start comes at once if that is now', () => {
  const samples = [3, 3].map((t) => ({ lane: 0, t, size: 64 }));
  const times = { irqNs: 0, injectNs: 0, guestHandlerNs: 0, trapNs: 1 };
  const { fates, stalls } = outcomeOf({
    ...{ ...scenario, samples, sessions: { 0: [[3, 5]] }, mode: 'task-bound' },
    params: { ...times, trapsPerEnable: 1, initial: 'unmapped', guestZeroes: false, guestReaction: 'discard-session' },
    policy: { id: 'told', pin: 'first-fault', onFault: { ...each('impdef-event') }, onUnpinned: 'impdef-event' },
  });
  expect(fates).toEqual(['session-killed', 'kept']);
  expect(stalls.filter((s) => s.kind === 'trap')).toHaveLength(2);
});

test('a private buffer larger than the guest one: an unmap forgets no record that is not copied yet', () => {
  const samples = [64, 6000, 64].map((size, i) => ({ lane: 0, t: 3 * i, size }));
  const { fates } = outcomeOf({
    ...scenario,
    samples,
    rows: [{ ...unmap, t: 4 }],
    params: { privateBytes: 20_000, fullExtraNs: 0 },
  });
  expect(fates).toEqual(['copy-failed', 'copy-failed', 'copy-failed']);
});
