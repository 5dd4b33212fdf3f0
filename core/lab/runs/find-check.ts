/** Assumption checks by name, for `--check` and the windows. */
import { assumptionChecks } from '../../model/checks.ts';
import type { AssumptionCheck } from '../../model/checks.ts';
import { RequestError } from '../about.ts';

export const checkIds: readonly string[] = assumptionChecks.map(({ id }) => id);

/** @param command the caller, for the error @throws RequestError naming the known ones */
export function findCheck(id: string, command: string): AssumptionCheck {
  const check = assumptionChecks.find((c) => c.id === id);
  if (!check) throw new RequestError(`${command}: unknown assumption check ${id}; known: ${checkIds.join(', ')}`);
  return check;
}
