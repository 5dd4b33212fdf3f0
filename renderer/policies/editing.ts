/** Changing a policy field by field, and finding the field that a problem concerns. */
import type { Policy } from '../../core/contract/runs.ts';

/** Fields that an assumption check may vary unless a user's policy states them: setting one settles it. */
const checked: readonly (keyof Policy)[] = ['injectDl', 'unpinnedBy'];

/** `undefined` removes a field. Empty `times` go, too. */
export function withField(policy: Partial<Policy>, field: keyof Policy, value: unknown): Partial<Policy> {
  const settled = checked.includes(field)
    ? {
        settled: [...new Set([...(policy.settled ?? []), field])].filter((f) => f === 'injectDl' || f === 'unpinnedBy'),
      }
    : {};
  return own({ ...policy, ...settled, [field]: value }) as Partial<Policy>;
}

/** Without undefined fields; undefined if nothing is left. */
export function own(values: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  return kept.length ? Object.fromEntries(kept) : undefined;
}

export interface FieldProblem {
  /** `onFault.userspace.dl1`; empty if it concerns the whole. */
  readonly field: string;
  readonly text: string;
  /** As the host reports it, without the file's name. */
  readonly whole: string;
  /** The form has a place for it. */
  readonly inForm: boolean;
}

const fields =
  /^(id|title|summary|source|pin|trapsPerEnable|unpinnedBy|onFault\.[a-z0-9-]+(\.dl[01])?|onUnpinned|onUnresolved|injectDl|times\.\w+)(\.\d+)?: /;

/** @param said `policy: onFault.kvm: wants …` */
export function problemAt(said: string): FieldProblem {
  const whole = said.replace(/^policy: /, '');
  const found = fields.exec(whole);
  if (!found) return { field: '', text: whole, whole, inForm: false };
  return { field: found[1], text: whole.slice(found[0].length), whole, inForm: true };
}
