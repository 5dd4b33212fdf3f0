/** Which rules and options the naive simulator has met: the figures of the property test's coverage table. */

/** By rule of docs/design/replay-rules.md: what of it there is to meet. */
export const coverable = {
  1: ['effect and sample at one t', 'effect at its own sample'],
  2: ['outside'],
  3: ['initial-unmapped', 'all unmapped', 'pin vm', 'vmBytes above the buffers'],
  4: ['guest zeroes', 'but for gone pages'],
  5: ['map', 'read-only map', 'unmap', 'stays first-touch', 'gone', 'write-protect', 'access-clear', 'no class named'],
  6: ['pin withstands', 'pin gives way', 'way dirty-log', 'way unknown'],
  7: ['private buffer', 'bare metal'],
  8: ['pins', 'releases', 'cachePins leaves pages alone', 'gone pages left out'],
  9: ["the run's traps", "the policy's traps", 'restart pins all'],
  10: ['refused', 'refused behind a blackout', 'refused at a service point'],
  11: ['enable', 'restart', 'restart between sessions', 'no enable while stopped'],
  12: ['written', 'record of 0 bytes', 'beyond the limit', "around the buffer's end"],
  13: ['service point', 'record longer than the buffer'],
  14: ['copy', 'copy at session end', 'copy-failed'],
  15: ['read', 'overwritten'],
  16: ['several at one t', 'after another blackout', 'hidden by another blackout'],
  17: [
    ...['map', 'repin', 'external-abort', 'serror', 'impdef-event', 'report-s2', 'exit-to-userspace'],
    ...['answer by DL', 'onUnpinned', 'onUnresolved', 'SPEv1p3', 'profilingException'],
  ],
  18: ['afterExit stop', 'page gone at the effect'],
  19: ['torn', 'torn window lengthened', 'faults while in debt', 'debt of an earlier session'],
  20: ['DL 1', 'DL 0, task-bound', 'DL 0, cpu-bound', 'discard-session'],
  21: ['survives'],
  23: ['wiped', 'wiped, earlier session', 'several runs'],
  24: ['session', 'buffer', 'abort'],
  25: ['cut into pieces'],
  26: ['blackout over several sessions', "cut at the session's end", 'empty window left out'],
  27: ['the killer', 'another lane', 'dying already'],
  28: ['rounded', 'left out at 0'],
  29: ['pinned at times', 'pinned throughout'],
  30: ['latency drawn', 'DL drawn', "policy's own figure"],
} as const;

type Rule = keyof typeof coverable;
/** Called with a rule and what of it. */
export type Hit = <R extends Rule>(rule: R, what: (typeof coverable)[R][number]) => void;

export class Coverage {
  readonly counts = new Map<string, number>(
    Object.entries(coverable).flatMap(([rule, whats]) => whats.map((what): [string, number] => [`${rule} ${what}`, 0])),
  );
  readonly hit: Hit = (rule, what) => {
    this.counts.set(`${rule} ${what}`, this.counts.get(`${rule} ${what}`)! + 1);
  };

  /** How often each rule was met, in any way. */
  byRule(): Map<string, number> {
    const rules = new Map<string, number>();
    for (const [what, n] of this.counts) {
      const [rule] = what.split(' ');
      rules.set(rule, (rules.get(rule) ?? 0) + n);
    }
    return rules;
  }

  /** A line a rule. */
  table(): string {
    const lines = Object.entries(coverable).map(([rule, whats]) => {
      const parts = whats.map((what) => `${what} ${this.counts.get(`${rule} ${what}`)}`);
      return `${rule.padStart(3)}  ${parts.join(', ')}`;
    });
    return lines.join('\n');
  }
}
