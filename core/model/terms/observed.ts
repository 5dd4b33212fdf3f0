/** Blackouts that a capture shows without a replay (model.md section 6). */

/** Why a stretch counts as a blackout; the earlier reason wins where several hold. Collisions lose single records, all over. */
export const observedReasons = ['truncated', 'partial', 'lost', 'gap'] as const;

export type ObservedReason = (typeof observedReasons)[number];

/** All lanes together. */
export interface ObservedTotals {
  readonly truncated: number;
  readonly partial: number;
  /** AUX records flagged COLLISION: records lost one at a time because the previous one was still in flight. */
  readonly collisions: number;
  readonly lostRecords: number;
  readonly darkNs: number;
  readonly runningNs: number;
}
