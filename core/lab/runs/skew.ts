/** How far a policy's surviving profile is from the reference, by one way of counting. */
import { countsOf, keyCounts, skew } from '../../analysis/skew.ts';
import { digest } from '../../analysis/skew-digest.ts';
import type { SkewDigest } from '../../analysis/skew-digest.ts';
import type { Summary } from '../../analysis/summary.ts';
import { judge } from '../../analysis/verdict.ts';
import type { Verdict } from '../../analysis/verdict.ts';
import type { Lane, PolicyOutcome } from '../../model/outcome.ts';
import type { Db } from '../../store/lab-file.ts';
import { hasSymbols } from '../../store/symbols.ts';
import type { KeyKind, Keys } from '../symbols/keys.ts';

export interface PolicySkew {
  readonly kind: KeyKind;
  /** Undefined when nothing survived. */
  readonly digest: SkewDigest | undefined;
  readonly verdict: Verdict;
}

/** What every run counts by. */
export const SKEW_KEYS: readonly KeyKind[] = ['page', 'pc'];

/** The same for a run of this capture: by function first, if some are known. The first is the one that verdicts rest on. */
export function skewKeysOf(db: Db, capture: number): readonly KeyKind[] {
  return hasSymbols(db, capture) ? ['symbol', ...SKEW_KEYS] : SKEW_KEYS;
}

export function keyedSkew(
  lanes: readonly Lane[],
  outcome: PolicyOutcome,
  summary: Summary,
  keys: Keys & { readonly kind: KeyKind },
): PolicySkew {
  const keyed = lanes.map(({ t }, i) => ({ t, keys: keys.lanes[i], fates: outcome.fates[i] }));
  const full = skew(keyed, keys.names.length);
  const nameOf = (key: number) => keys.names[key];
  return {
    kind: keys.kind,
    digest: full && digest(full, nameOf),
    verdict: judge(summary, full && countsOf(full, nameOf)),
  };
}

/** The verdict alone, by counting: what an assumption check gets. */
export function keyedVerdict(lanes: readonly Lane[], outcome: PolicyOutcome, summary: Summary, keys: Keys): Verdict {
  const keyed = lanes.map(({ t }, i) => ({ t, keys: keys.lanes[i], fates: outcome.fates[i] }));
  return judge(
    summary,
    keyCounts(keyed, keys.names.length, (key) => keys.names[key]),
  );
}
