/** Which policies have a band: from the address, else as last chosen on this machine, since it depends on taste and screen. */
import type { TimelineFacts } from '../../core/contract/timeline.ts';

const KEY = 'umbra.timeline.policies';
const usual = ['pin-vm', 'map-on-fault', 'pin-at-enable', 'pin-on-first-fault', 'impdef-event', 'bounce-buffer'];

/** In the run's order; `shown` (the one in the selection) is always among them. */
export function chosenPolicies(facts: TimelineFacts, bands: string | undefined, shown: string | undefined): string[] {
  const wanted = (bands ?? localStorage.getItem(KEY))?.split(',') ?? usual;
  const all = facts.policies.map((p) => p.id);
  const chosen = all.filter((id) => wanted.includes(id) || id === shown);
  return chosen.length ? chosen : all.slice(0, 6);
}

/** Written to the address; remembered for the next time, too. */
export function bandsText(facts: TimelineFacts, ids: readonly string[]): string {
  const text = facts.policies
    .map((p) => p.id)
    .filter((id) => ids.includes(id))
    .join();
  localStorage.setItem(KEY, text);
  return text;
}
