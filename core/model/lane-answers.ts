/** Which answer a fault gets, and when the guest's profiling comes back after an injected one (replay-rules.md, rules 17 to 21). */
import type { Lane } from './outcome.ts';
import type { RunParams } from './params.ts';
import type { FaultAnswer, Policy } from './policy.ts';
import { answerEffects, causeClasses } from './terms.ts';
import type { Answer } from './terms.ts';

export class Answers {
  /** By DL of the hardware, then by cause. */
  readonly #onFault: readonly [readonly Answer[], readonly Answer[]];
  readonly #onUnpinned: Answer | undefined;
  readonly #onUnresolved: Answer;
  readonly #injectDl: 0 | 1 | 'hardware';

  constructor(policy: Policy, params: RunParams) {
    const noAborts = params.speVersion >= 'SPEv1p3';
    const meant = (answer: FaultAnswer, dl: 'dl0' | 'dl1'): Answer => {
      const plain = typeof answer === 'string' ? answer : answer[dl];
      return plain === 'external-abort' && noAborts ? 'serror' : plain;
    };
    const byCause = (dl: 'dl0' | 'dl1') => causeClasses.map((c) => meant(policy.onFault[c], dl));
    this.#onFault = [byCause('dl0'), byCause('dl1')];
    this.#onUnpinned = policy.pin === 'first-fault' ? meant(policy.onUnpinned, 'dl1') : undefined;
    this.#onUnresolved = meant(policy.onUnresolved, 'dl1');
    this.#injectDl = params.injectDl === 'policy' ? policy.injectDl : params.injectDl;
  }

  /** @param dl of the hardware @param held pages that KVM has pins on @param gone there is nothing to map */
  to(cause: number, dl: boolean, held: number, gone: boolean): Answer {
    const answer = (held === 0 && this.#onUnpinned) || this.#onFault[dl ? 1 : 0][cause];
    return gone && answerEffects[answer].needsPage ? this.#onUnresolved : answer;
  }

  /** The DL that the guest sees in an injected event. */
  injectedDl(dl: boolean): boolean {
    return this.#injectDl === 'hardware' ? dl : this.#injectDl === 1;
  }
}

/**
 * When profiling comes back after an event that the guest has handled at `handled`, ns; Infinity if never.
 * @param aware the guest's perf tool knows that data is lost and re-enables the event @param session the fault's, in `sessions`
 */
export function restartAfter(
  { sessions, mode }: Lane,
  session: number,
  handled: number,
  aware: boolean,
  reaction: RunParams['guestReaction'],
  reenableNs: () => number,
): number {
  if (reaction === 'linux') {
    if (aware) return handled + reenableNs();
    if (mode === 'cpu-bound') return Infinity;
  }
  // Its own session's start counts, too, if it faulted there and everything took 0 ns.
  for (let s = session; s < sessions.length; s += 2) if (sessions[s] >= handled) return sessions[s];
  return Infinity;
}
