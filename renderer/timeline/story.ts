/** A blackout window in sentences. Technical terms stay as they are: people search for them. */
import type { FoundWindow } from '../../core/contract/timeline.ts';
import type { Answer } from '../../core/model/terms.ts';
import { count, duration, percent } from '../format.ts';

/** What KVM does, to follow "KVM". */
const answers: Readonly<Record<Answer, string>> = {
  map: 'maps the page, and the guest profiles on',
  repin: 'pins the whole buffer again, and the guest profiles on',
  'external-abort': 'gives the guest a synthetic external abort (EA=1, DL=1)',
  serror: 'gives the vCPU an SError',
  'impdef-event': 'injects an IMP DEF buffer management event (EC=0b011111, DL=1)',
  'report-s2': 'reports the stage 2 abort to the guest (EC=0b100101)',
  'exit-to-userspace': 'exits to the VMM, which has to settle the fault',
};

const kinds: Readonly<Record<string, string>> = {
  'irq-latency':
    'Until the PMBIRQ takes the vCPU out to the host, guest instructions run unprofiled: that is the window.',
  'session-killed': 'The guest’s driver stops the session; profiling is off until the guest enables it again.',
  'vm-dead': 'Linux panics on the SError: the VM is dead, and every lane is dark to the end.',
  'buffer-full': 'The buffer reached its service point: KVM’s extra maintenance costs this much guest time.',
  'copy-out': 'KVM copies its private buffer out to the guest’s.',
  discarded: 'With DL=1 the guest throws away all that it kept since the last service point.',
};

/** What was written, and lost later: the SPU kept running, but its records weren't read in time. */
const lostLater: Readonly<Record<string, (window: FoundWindow) => readonly string[]>> = {
  wiped: ({ ipa, trigger, end, cause }) => [
    `The SPU wrote these records to the page at ${ipa ?? 'an IPA that was not kept'}; the page was mapped, and nothing faulted.`,
    trigger
      ? `${after(trigger.t - end)} the page was ${verb(trigger.kind)} (${causeText(trigger, cause)}). ` +
        `${contents[trigger.contents ?? ''] ?? 'Its contents were lost'}, along with records that perf had not read yet.`
      : `An unmap (${cause ?? 'of unknown cause'}) then took the page with the records in it, which perf had not read yet.`,
    'Perf reads at service points only, and its decoder takes the zeroes in the new page for padding: nobody notices.',
  ],
  'copy-failed': ({ ipa, trigger, start, cause }) => [
    'KVM profiles into a buffer of its own, so nothing faulted while these records were written.',
    trigger && trigger.t <= start
      ? `${duration(start - trigger.t)} before, the guest’s page at ${ipa} was ${verb(trigger.kind)} (${causeText(trigger, cause)}).`
      : `The guest’s page at ${ipa ?? 'an IPA that was not kept'} was gone when they were to be copied there (${cause ?? 'cause unknown'}).`,
    'There is nowhere to copy them to until the VMM maps something there again: they are dropped.',
  ],
  torn: ({ ipa }) => [
    `The fault before ${ipa ? `(page at ${ipa}) ` : ''}cut a record in two: with DL=1 its rest is lost.`,
    'KVM lets the SPU go on without telling the guest, so the stream goes on in the middle of a record, and the decoder misreads what follows (tornRecords).',
  ],
};

const contents: Readonly<Record<string, string>> = {
  dropped: 'Its contents were dropped',
  gone: 'Its contents were gone',
};

type Trigger = NonNullable<FoundWindow['trigger']>;

const verb = (kind: string) => (kind === 'unmap' ? 'unmapped' : kind === 'write-protect' ? 'write-protected' : kind);
const after = (ns: number) => (ns > 0 ? `${duration(ns)} later` : 'At that moment');

function causeText(trigger: Trigger, cause: string | null): string {
  const many = trigger.pages > 1 ? `, one of ${count(trigger.pages)} pages` : '';
  return `${trigger.cause ?? cause ?? 'cause unknown'}${many}; by ${trigger.evidence}, ${sureText(trigger)}`;
}

/** How often such evidence is right. */
function sureText({ confidence }: Trigger): string {
  if (confidence === null) return 'which was never measured';
  return confidence === 1 ? 'exact' : `right in at least ${percent(confidence)} % of cases`;
}

/** @returns sentences, in the order of events */
export function story(window: FoundWindow, policy: string): string[] {
  const later = lostLater[window.kind];
  if (later) return [...later(window)];
  const { trigger, action, ipa, cause } = window;
  const out: string[] = [];
  if (trigger?.kind === 'initial-unmapped') out.push(`The page at ${ipa} had not been mapped since the trace began.`);
  else if (trigger) {
    const before = duration(Math.max(0, window.start - trigger.t));
    out.push(`${before} before, the page at ${ipa} was ${verb(trigger.kind)} (${causeText(trigger, cause)}).`);
    if (trigger.contents === 'dropped')
      out.push('Its contents were dropped, with any record in it that perf had not read.');
    if (trigger.contents === 'gone') out.push('There was nothing to map until the VMM mapped something there again.');
  } else if (cause && ipa) out.push(`The page at ${ipa} was not valid: ${cause}.`);
  if (ipa) out.push('The next record written there took a stage 2 fault, and the SPU stopped.');
  if (action) out.push(`Under ${policy} KVM ${answers[action]}.`);
  const kind = kinds[window.kind];
  return kind ? [...out, kind] : out;
}
