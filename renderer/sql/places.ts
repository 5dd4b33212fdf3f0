/** Where on the timeline a row of an answer is: from the columns that the lab's tables have. */
import type { Capture } from '../../core/contract/contract.ts';
import type { SqlAnswer, SqlValue } from '../../core/contract/runs.ts';
import type { TimelineFacts } from '../../core/contract/timeline.ts';

/** Times are ns from the timeline's origin. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly lane?: number;
  readonly policy?: string;
}

const starts = ['start_ns', 't_ns', 't0_ns', 'min(t_ns)', 'min(start_ns)', 't', 'time_ns'];
const ends = ['end_ns', 't1_ns', 'max(t_ns)', 'max(end_ns)'];

/**
 * Finds a row's place; undefined for an answer without times. A row of the run's trace is placed where the run aligned it; one of another
 * capture has no place.
 * @param answer its times are in the clock of the capture it names, else in that of the run's SPE capture
 */
export function placesOf(
  answer: SqlAnswer,
  facts: TimelineFacts,
  captures: readonly Capture[],
): ((row: readonly SqlValue[]) => Place | undefined) | undefined {
  const column = (...names: string[]) => {
    const found = names.map((name) => answer.columns.indexOf(name)).find((c) => c >= 0);
    return found ?? -1;
  };
  const start = column(...starts);
  if (start < 0) return undefined;
  const [end, capture, run] = [column(...ends), column('capture_id'), column('run_id')];
  const [lane, policy] = [column('lane', 'vcpu'), column('policy')];
  // Only traces have events by name: an answer without capture_id may still have them.
  const events = column('event') >= 0 || column('comm') >= 0;
  const origin = BigInt(facts.origin);
  const kvm = captures.find((c) => c.id === facts.kvm);
  return (row) => {
    const [from, to] = [row[start], end < 0 ? row[start] : row[end]].map(integer);
    if (from === undefined) return undefined;
    if (run >= 0 && row[run] !== facts.run) return undefined;
    const of = capture < 0 ? (events ? facts.kvm : facts.spe) : row[capture];
    if (of !== facts.spe && of !== facts.kvm) return undefined;
    const place = (t: bigint): number | undefined => {
      if (of === facts.spe) return Number(t - origin);
      if (!facts.trace || kvm?.t0 === undefined) return undefined;
      return Math.round(facts.trace.shiftNs + Number(t - BigInt(kvm.t0)) * facts.trace.scale);
    };
    const at = place(from);
    const last = to === undefined ? at : place(to);
    if (at === undefined || last === undefined || !Number.isSafeInteger(at)) return undefined;
    return {
      ...{ from: at, to: Math.max(at, last) },
      ...(of === facts.spe && typeof row[lane] === 'number' && { lane: row[lane] }),
      ...(typeof row[policy] === 'string' &&
        facts.policies.some((p) => p.id === row[policy]) && { policy: row[policy] }),
    };
  };
}

function integer(value: SqlValue | undefined): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}
