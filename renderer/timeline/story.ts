/** A blackout window in sentences. Field terms stay as they are: they are what people search for. */
import type { FoundWindow } from '../../core/contract/timeline.ts';
import { duration, percent } from '../format.ts';

const answers: Readonly<Record<string, string>> = {
  map: 'maps the page, and the guest profiles on',
  repin: 'pins the whole buffer again, and the guest profiles on',
  'external-abort': 'gives the guest a synthetic external abort (EA=1, DL=1)',
  serror: 'gives the vCPU an SError',
  'impdef-event': 'injects an IMP DEF buffer management event (EC=0b011111, DL=1)',
  'report-s2': 'reports the stage 2 abort to the guest (EC=0b100101)',
};

const kinds: Readonly<Record<string, string>> = {
  'irq-latency':
    'Until the PMBIRQ takes the vCPU out to the host, guest instructions run unprofiled: that is the window.',
  'session-killed': 'The guest’s driver stops the session; profiling is off until the guest enables it again.',
  'vm-dead': 'Linux panics on the SError: the VM is dead, and every lane black to the end.',
  'buffer-full': 'The buffer reached its service point: KVM’s extra maintenance costs this much guest time.',
  'copy-out': 'KVM copies its private buffer out to the guest’s.',
  discarded: 'With DL=1 the guest throws away all that it kept since the last service point.',
};

/** How often such evidence is right. */
function sureText({ confidence }: NonNullable<FoundWindow['trigger']>): string {
  if (confidence === null) return 'which was never measured';
  return confidence === 1 ? 'exact' : `right in at least ${percent(confidence)} of cases`;
}

export function story(window: FoundWindow, policy: string): string[] {
  const { trigger, action, ipa, cause } = window;
  const out: string[] = [];
  if (trigger?.kind === 'initial-unmapped') out.push(`The page at ${ipa} had not been mapped since the trace began.`);
  else if (trigger) {
    const before = duration(Math.max(0, window.start - trigger.t));
    const many = trigger.pages > 1 ? `, one of ${trigger.pages}` : '';
    const what = trigger.kind === 'unmap' ? 'unmapped' : trigger.kind;
    out.push(
      `${before} before, the page at ${ipa} was ${what} (${trigger.cause ?? cause}${many}; by ${trigger.evidence}, ${sureText(trigger)}).`,
    );
    if (trigger.contents === 'dropped')
      out.push('Its contents were dropped, with any record in it that perf had not read.');
    if (trigger.contents === 'gone') out.push('There was nothing to map until the VMM mapped something there again.');
  } else if (cause && ipa) out.push(`The page at ${ipa} was not valid: ${cause}.`);
  if (ipa) out.push('The next record written there took a stage 2 fault, and the SPU stopped.');
  if (action) out.push(`Under ${policy} KVM ${answers[action] ?? `answers with ${action}`}.`);
  const kind = kinds[window.kind];
  return kind ? [...out, kind] : out;
}
