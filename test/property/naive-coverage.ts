/** Which rules and options a run of the naive simulator has met: what the property test's coverage table counts. */

/** Called with the rule's number and what of it. */
export type Hit = (what: string) => void;

export class Coverage {
  readonly counts = new Map<string, number>();
  readonly hit: Hit = (what) => {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  };
}
