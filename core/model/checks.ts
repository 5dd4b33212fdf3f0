/**
 * Assumption checks (model.md section 4.7; replay-rules.md, rules 31 and 32): vary what no capture shows, so that a verdict says what it
 * depends on. A check leaves alone whatever the user or a capture has settled.
 */
import type { ParamName, ResolvedParams, RunParams } from './params.ts';
import { possibleAnswers } from './policy.ts';
import type { Policy } from './policy.ts';
import type { Prepared } from './prepare.ts';
import { answerEffects } from './terms.ts';

export interface AssumptionCheck {
  readonly id: string;
  /** In words, to follow "if". */
  readonly title: string;
  /** Parameters that it changes. */
  readonly sets: (params: RunParams, policy: Policy) => Partial<RunParams>;
  /** Whether it can change anything on `pin: private-buffer`, which takes no faults. */
  readonly onPrivateBuffer: boolean;
  /** Whether it can change anything under a policy that takes faults. */
  readonly matters: (policy: Policy, run: Prepared) => boolean;
}

const always = (): boolean => true;

export const assumptionChecks: readonly AssumptionCheck[] = [
  {
    id: 'dl-0',
    title: 'DL is never set, by the hardware or by KVM',
    sets: () => ({ dlProbability: 0, injectDl: 0 }),
    onPrivateBuffer: false,
    matters: always,
  },
  {
    id: 'clear-reaches-pins',
    title: "pins don't withstand MMU_NOTIFY_CLEAR",
    sets: ({ unpinnedBy }, policy) => ({
      unpinnedBy: [...new Set([...(unpinnedBy === 'policy' ? policy.unpinnedBy : unpinnedBy), 'clear' as const])],
    }),
    onPrivateBuffer: false,
    matters: (policy, run) => mayPin(policy) && run.lanes.length > 0,
  },
  {
    id: 'irq-slow',
    title: 'the PMBIRQ takes ten times as long',
    sets: ({ irqNs }) => ({ irqNs: irqNs * 10 }),
    onPrivateBuffer: true,
    matters: always,
  },
  {
    id: 'reader-slow',
    title: 'perf reads and re-enables ten times slower',
    sets: ({ reenableNs, readNs }) => ({ reenableNs: reenableNs * 10, readNs: readNs * 10 }),
    onPrivateBuffer: true,
    matters: always,
  },
  {
    id: 'reader-fast',
    title: 'perf reads and re-enables ten times faster',
    sets: ({ reenableNs, readNs }) => ({
      reenableNs: Math.floor(reenableNs / 10),
      readNs: Math.floor(readNs / 10),
    }),
    onPrivateBuffer: true,
    matters: always,
  },
  {
    id: 'guest-discards',
    title: 'the guest discards the buffer at DL=1',
    sets: () => ({ dlDiscard: 'buffer' }),
    onPrivateBuffer: false,
    matters: (policy) => [...possibleAnswers(policy)].some((a) => answerEffects[a].guest === 'injects'),
  },
  {
    id: 'contents-kept',
    title: 'no unmap loses the contents of a page',
    sets: () => ({ contentsKept: true }),
    onPrivateBuffer: true,
    matters: (_, run) => run.lanes.some(({ events }) => events.anyLost || events.anyGone),
  },
  {
    id: 'exit-stops',
    title: 'the VMM leaves profiling off after an exit',
    sets: () => ({ afterExit: 'stop' }),
    onPrivateBuffer: false,
    matters: (policy) => possibleAnswers(policy).has('exit-to-userspace'),
  },
];

/** Some policies hold pins without `pin`: a repinning answer does. */
function mayPin(policy: Policy): boolean {
  return policy.pin !== 'never' || possibleAnswers(policy).has('repin');
}

/** The checks of a run: those that have something left to vary. */
export function checksOf(settings: ResolvedParams, policies: readonly Policy[]): AssumptionCheck[] {
  return assumptionChecks.filter((check) =>
    policies.some((policy) => Object.keys(leftToVary(check, settings, policy)).length > 0),
  );
}

/** What a check sets for a policy, except what is settled by the run's parameters or by a user's policy. */
function leftToVary(check: AssumptionCheck, { params, origin }: ResolvedParams, policy: Policy): Partial<RunParams> {
  const settled = (name: string): boolean =>
    origin[name as ParamName] !== 'assumed' || (policy.settled?.some((field) => field === name) ?? false);
  return Object.fromEntries(Object.entries(check.sets(params, policy)).filter(([name]) => !settled(name)));
}

/**
 * The parameters that a policy is replayed with under a check; undefined if that can change nothing, so that the plain outcome is used. A
 * policy's own `times` override the run's under checks, too.
 */
export function checkedParams(
  check: AssumptionCheck,
  settings: ResolvedParams,
  policy: Policy,
  run: Prepared,
): RunParams | undefined {
  if (policy.pin === 'no-stage-2') return undefined;
  if (policy.pin === 'private-buffer' && !check.onPrivateBuffer) return undefined;
  if (!check.matters(policy, run)) return undefined;
  const { params } = settings;
  const varied = leftToVary(check, settings, policy);
  const changes = Object.entries(varied).some(([name, value]) => {
    const plain = name in (policy.times ?? {}) ? value : params[name as ParamName];
    return JSON.stringify(plain) !== JSON.stringify(value);
  });
  return changes ? { ...params, ...varied } : undefined;
}
