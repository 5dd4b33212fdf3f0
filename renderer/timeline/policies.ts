/** Which policies have a band: chosen by hand and remembered on this machine, since it is a matter of taste and screen. */
import type { TimelineFacts } from '../../core/contract/timeline.ts';

const KEY = 'umbra.timeline.policies';
const usual = ['pin-vm', 'map-on-fault', 'pin-at-enable', 'pin-on-first-fault', 'impdef-event', 'bounce-buffer'];

/** In the run's order; `shown` (the one in the selection) is always among them. */
export function chosenPolicies(facts: TimelineFacts, shown: string | undefined): string[] {
  const stored = localStorage.getItem(KEY)?.split(',') ?? usual;
  const all = facts.policies.map((p) => p.id);
  const chosen = all.filter((id) => stored.includes(id) || id === shown);
  return chosen.length ? chosen : all.slice(0, 6);
}

export function choosePolicies(ids: readonly string[]): void {
  localStorage.setItem(KEY, ids.join());
}
