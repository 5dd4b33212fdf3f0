import { expect, test } from 'vitest';
import { assumptionChecks, checkedParams, checksOf } from '../../core/model/checks.ts';
import { defaultParams, setParams } from '../../core/model/params.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import { prepare } from '../../core/model/prepare.ts';
import { code, contentsFates, stage2Kinds } from '../../core/model/terms.ts';
import { timelineOf } from '../property/replay-inputs.ts';

const lane = {
  ...{ lane: 0, t: Float64Array.of(1), size: Uint32Array.of(64), sessions: Float64Array.of(0, 9) },
  ...{ mode: 'cpu-bound' as const, pages: Float64Array.of(3) },
};
const unmap = { t: 5, kind: code(stage2Kinds, 'unmap'), page: 3, pages: 1, cause: 1, writable: 1 };
const plain = timelineOf([unmap]);
const dropping = { ...plain, contents: Uint8Array.of(code(contentsFates, 'dropped')) };
const [kept, dropped] = [prepare([lane], plain), prepare([lane], dropping)];

/** The checks that can change a policy's outcome, by id. */
function varied(policy: string, settings = defaultParams(), run = dropped): string[] {
  const own = builtinPolicy(policy)!;
  return assumptionChecks.filter((c) => checkedParams(c, settings, own, run)).map((c) => c.id);
}

test('what a check can change, by policy', () => {
  expect(varied('bare-metal')).toEqual([]);
  expect(varied('bounce-buffer')).toEqual(['irq-slow', 'reader-slow', 'reader-fast', 'contents-kept']);
  const faults = ['dl-0', 'irq-slow', 'reader-slow', 'reader-fast', 'guest-discards', 'contents-kept'];
  expect(varied('map-on-fault')).toEqual(faults);
  expect(varied('pin-vm')).toEqual(['dl-0', 'clear-reaches-pins', ...faults.slice(1)]);
  expect(varied('guest-memfd-prefault')).toEqual([...varied('pin-vm'), 'exit-stops']);
  expect(varied('pin-vm', defaultParams(), kept)).not.toContain('contents-kept');
});

test('what the user or a capture has settled is left alone', () => {
  const user = setParams(defaultParams(), { irqNs: 500, dlProbability: 0.5, readNs: 9 }, 'user', 'test');
  expect(checksOf(user, builtinPolicies).map((c) => c.id)).not.toContain('irq-slow');
  const [dl, , , slow] = assumptionChecks;
  const policy = builtinPolicy('pin-vm')!;
  expect(checkedParams(dl, user, policy, dropped)).toEqual({ ...user.params, injectDl: 0 });
  expect(checkedParams(slow, user, policy, dropped)).toEqual({ ...user.params, reenableNs: 10_000_000 });
  const own = { ...policy, id: 'own', settled: ['injectDl' as const, 'unpinnedBy' as const] };
  expect(checkedParams(dl, user, own, dropped)).toBeUndefined();
  expect(checkedParams(assumptionChecks[1], user, own, dropped)).toBeUndefined();
});
