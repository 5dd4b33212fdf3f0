/** The story of a blackout window in sentences. Each number says where it comes from. */
import { plural } from '../words/lists.ts';
import * as words from '../words/numbers.ts';
import type { Confidence } from '../model/stage2/confidence.ts';
import type { UnmapEffect } from '../model/timeline.ts';
import type { PageEvent, SourcedNs, Story, StoryCause, StoryTrigger } from './story.ts';

export const storyParts = [
  'window',
  'trigger',
  'cause',
  'history',
  'answer',
  'reaction',
  'lost',
  'dark',
  'given',
] as const;
export type StoryPart = (typeof storyParts)[number];

export interface Sentence {
  readonly part: StoryPart;
  readonly text: string;
}

export function tellStory(story: Story): Sentence[] {
  const texts: Readonly<Record<StoryPart, readonly string[]>> = {
    window: [windowWords(story)],
    trigger: [triggerWords(story)],
    cause: story.cause ? causeWords(story.cause, story) : [],
    history: historyWords(story),
    answer: answerWords(story),
    reaction: reactionWords(story),
    lost: lostWords(story),
    dark: darkWords(story),
    given: story.given.map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`),
  };
  return storyParts.flatMap((part) => texts[part].map((text) => ({ part, text })));
}

/** Kinds of windows in which the SPU ran: what it wrote was lost later. */
const lostLater: readonly string[] = ['wiped', 'torn', 'copy-failed', 'discarded'];

function windowWords({ run, policy, window: w }: Story): string {
  const length = ns(w.end - w.start);
  const what = lostLater.includes(w.kind)
    ? `lane ${w.lane} lost what it had recorded over ${length}`
    : `lane ${w.lane} was dark for ${length}`;
  return (
    `Window ${w.number} of ${policy.id} in run ${run}: ${what}, ` +
    `from ${moment(w.start)} to ${moment(w.end)} (${w.startClock} to ${w.endClock} ns in the SPE capture's clock); kind ${w.kind}.`
  );
}

function triggerWords({ trigger: t, window: w }: Story): string {
  const buffer = `its ${size(t.bufferBytes)} buffer`;
  const since = `${plural(t.sinceService.samples, 'sample')} (${t.sinceService.bytes} bytes) after the last service point`;
  const elsewhere = otherWords(t, w);
  switch (t.what) {
    case 'fault':
      return (
        `${elsewhere}At ${moment(t.t)} the SPU of lane ${t.lane} wrote sample ${t.sample} at byte ${t.offset} of ${buffer}, ${since}; ` +
        `page ${t.slot} of the buffer, IPA ${w.ipa}, was not valid at stage 2: a stage 2 fault.`
      );
    case 'torn':
      return (
        `${elsewhere}There KVM let the SPU go on without telling the guest. With DL=1 part of a record was lost, so the stream goes on in ` +
        `the middle of one: the decoder misreads ${plural(t.torn.records, 'record')} behind it (tornRecords, ${t.torn.origin}).`
      );
    case 'wiped':
      return (
        `The last of these records was written at ${moment(t.t)}, sample ${t.sample} of lane ${t.lane} at byte ${t.offset} of ${buffer}; ` +
        `the page, IPA ${w.ipa}, was valid then. Perf reads at service points (one every ${size(t.watermarkBytes)}), and had not read them yet.`
      );
    case 'copy-failed':
      return (
        `These records were written to KVM's own buffer of ${size(t.privateBytes)}, the last one at ${moment(t.t)} (sample ${t.sample} of ` +
        `lane ${t.lane}); page ${t.slot} of the guest's buffer, IPA ${w.ipa}, was gone when they were to be copied there.`
      );
    case 'refused':
      return (
        `At ${moment(w.start)} lane ${t.lane} enabled profiling, and KVM refused: pinning ${buffer} would exceed RLIMIT_MEMLOCK ` +
        `(rlimitBytes). No stage 2 fault.`
      );
    case 'service-point':
      return (
        `${elsewhere}At ${moment(t.t)} sample ${t.sample} of lane ${t.lane}, at byte ${t.offset} of ${buffer}, reached a service point ` +
        `(one every ${size(t.watermarkBytes)}): the SPU raised a buffer full event. No stage 2 fault.`
      );
    case 'private-full':
      return (
        `${elsewhere}At ${moment(t.t)} sample ${t.sample} of lane ${t.lane} filled KVM's own buffer of ${size(t.privateBytes)}: ` +
        `it was copied to the guest. No stage 2 fault.`
      );
  }
}

function otherWords(t: StoryTrigger, w: Story['window']): string {
  if (t.otherWindow === undefined) return '';
  if (w.kind === 'discarded') return `What was lost here was thrown away later, because of window ${t.otherWindow}. `;
  if (t.what === 'torn') return `This record follows the fault of window ${t.otherWindow}, at ${moment(t.t)}. `;
  if (t.lane !== w.lane) return `The VM died on another lane, in window ${t.otherWindow}. `;
  return `The blackout began in an earlier session, in window ${t.otherWindow}. `;
}

function causeWords(cause: StoryCause, { trigger }: Story): string[] {
  const { event, trace, injected } = cause;
  const className = `class ${cause.class}`;
  if (!event)
    return trigger.what === 'wiped' || trigger.what === 'copy-failed'
      ? [`Which unmap lost them can't be told from the timeline, ${className}.`]
      : [`The page was unmapped from the start by the parameter initial, ${className}.`];
  const sentences: string[] = [];
  if (event.kind === 'initial-unmapped') {
    sentences.push(`The page had never been mapped (${className}; ${evidence(event)}).`);
  } else {
    const what = `${kindWords(event)} of ${plural(event.pages, 'page')}`;
    const before =
      event.t === trigger.t ? 'at that moment' : `${ns(trigger.t - event.t)} earlier, at ${moment(event.t)}`;
    const by = injected ? ' by the scenario' : '';
    const begin =
      trigger.what === 'wiped'
        ? `They were lost ${ns(event.t - trigger.t)} later, at ${moment(event.t)}`
        : trigger.what === 'copy-failed'
          ? `It had gone at ${moment(event.t)}`
          : `It had become so ${before}`;
    sentences.push(`${begin}${by}: ${what}, ${className}${injected ? '' : ` (${evidence(event)})`}.`);
    if (event.effect) sentences.push(effectWords(event.effect));
  }
  if (event.confidence && !injected) sentences.push(...confidenceWords(event.confidence));
  if (trace) {
    const thread = trace.vcpu === undefined ? '' : `, which runs vCPU ${trace.vcpu}`;
    const shows = event.kind === 'initial-unmapped' ? 'The evidence is' : 'In the KVM trace that is';
    sentences.push(
      `${shows} ${trace.name} at ${trace.t} ns (${trace.text.trim()}), by thread ${trace.tid} (${trace.comm}${thread})${callWords(trace)}.`,
    );
  }
  return sentences;
}

const announcements: Readonly<Record<UnmapEffect['notify'], string>> = {
  unknown: 'Nothing says which MMU notifier announced it',
  unmap: 'The MMU notifier announced it as unmap',
  clear: 'The MMU notifier announced it as clear',
  protect: 'The MMU notifier announced it as protect',
  memslot: 'KVM flushed the memslot, without an MMU notifier',
};

const fates: Readonly<Record<UnmapEffect['contents'], string>> = {
  kept: "the page's contents were kept",
  dropped: "the page's contents were dropped, with any record in it that perf had not read",
  gone: 'there was nothing to map until the VMM mapped something there again',
};

function effectWords({ notify, contents, origin }: UnmapEffect): string {
  return `${announcements[notify]}; ${fates[contents]} (${origin}).`;
}

function callWords({ call }: NonNullable<StoryCause['trace']>): string {
  if (!call) return '';
  const text = call.text.trim();
  const name = `${call.name}${text ? ` (${text})` : ''}`;
  return call.certain ? `, inside its system call ${name}` : `; the latest system call that it began was ${name}`;
}

function kindWords({ kind }: PageEvent): string {
  switch (kind) {
    case 'map':
      return 'a read-only mapping';
    case 'unmap':
      return 'an unmap';
    case 'write-protect':
      return 'a write protection';
    case 'access-clear':
      return 'a clearing of the access flag';
    default:
      return kind;
  }
}

function evidence({ evidence: name, certainty }: PageEvent): string {
  return `${certainty ?? 'given'}, evidence ${name ?? 'none'}`;
}

function confidenceWords({ origin, rows, right, captures, atLeast, withinNs }: Confidence): string[] {
  if (origin === 'exact') return [];
  if (origin === 'unmeasured') return ['How often such evidence is right was never measured.'];
  const away = withinNs > 0 ? `; 95 % of these were within ${ns(withinNs)} of the kernel's own call` : '';
  return [
    `Of ${words.count(rows)} events on such evidence in ${plural(captures, 'reference capture')} ${words.count(right)} were right ` +
      `(at least ${words.percent(atLeast)})${away}.`,
  ];
}

function historyWords({ history, earlierEvents, trigger }: Story): string[] {
  if (trigger.what === 'service-point' || trigger.what === 'private-full' || trigger.what === 'refused') return [];
  const written =
    trigger.lastWrite > -Infinity
      ? `a record was last written to it at ${moment(trigger.lastWrite)}`
      : 'no record had been written to it before';
  if (!history.length) return [`Nothing else is known of the page; ${written}.`];
  const before = earlierEvents ? `${earlierEvents} earlier events, then ` : '';
  return [`The page's history: ${before}${history.map(eventWords).join('; ')}; ${written}.`];
}

function eventWords(e: PageEvent): string {
  if (e.by === 'policy')
    return `${e.kind === 'pin' ? 'the policy pinned the buffer' : 'the policy mapped it'} at ${moment(e.t)}`;
  if (e.kind === 'initial-unmapped') return `unmapped to begin with (${e.evidence})`;
  return `${e.kind}${e.cause ? ` by ${e.cause}` : ''} at ${moment(e.t)} (${e.evidence})`;
}

function answerWords({ policy, answer: a, cause, trigger }: Story): string[] {
  if (trigger.what === 'wiped')
    return [
      'No fault, and no answer: the SPU was never stopped. What was in the page went with it before perf had it.',
    ];
  if (trigger.what === 'copy-failed')
    return ['No fault, and no answer: KVM had nowhere to copy them to until the VMM maps something there again.'];
  if (trigger.what === 'refused')
    return [
      `KVM exited to the VMM (KVM_EXIT_RLIMIT), ${ns(a.stallNs)} of stall; profiling stays off until the session ends.`,
    ];
  if (a.answer === undefined) {
    const stall = a.stallNs
      ? `; the copy kept the vCPU out for ${ns(a.stallNs)} (stall, no instruction went unprofiled)`
      : '';
    return [`That costs ${sum(a.blackout)} of blackout${stall}.`];
  }
  const declared = a.declared
    ? `${policy.id} answers ${cause?.class} with ${a.declared}, but from SPEv1p3 on the SPU may not report external aborts: it became ${a.answer}.`
    : `${policy.id} answers ${cause?.class} with ${a.answer}.`;
  const stall = a.stallNs
    ? ` The host worked ${ns(a.stallNs)} on it (${factors(a.stall)}): stall, no instruction went unprofiled.`
    : '';
  switch (a.answer) {
    case 'map':
      return [
        `${declared} The guest ran on unprofiled until the PMBIRQ took it out: ${sum(a.blackout)}. KVM then mapped the page.${stall}`,
      ];
    case 'repin':
      return [
        `${declared} The guest ran on unprofiled until the PMBIRQ took it out: ${sum(a.blackout)}. KVM then pinned the buffer's ${plural(a.pages, 'page')}.${stall}`,
      ];
    case 'exit-to-userspace': {
      const then = a.stopped
        ? 'which left profiling off to the end of the session (afterExit stop)'
        : 'which settled it, and the vCPU ran on with the page valid';
      return [
        `${declared} The guest ran on unprofiled until the PMBIRQ took it out: ${sum(a.blackout)}. KVM then exited to the VMM, ${then}.${stall}`,
      ];
    }
    case 'serror':
      return [`${declared} An SError went to vCPU ${trigger.lane}.`];
    default:
      return [
        `${declared} The guest ran on unprofiled while KVM took the interrupt, injected the event and the guest's driver handled it: ${sum(a.blackout)}.${stall}`,
      ];
  }
}

function reactionWords({ reaction: r, answer, trigger }: Story): string[] {
  if (answer.answer === undefined || trigger.what === 'refused') return [];
  const dl = r.dl === undefined ? '' : ` (PMBSR_EL1.DL=${r.dl})`;
  const again =
    r.resumedAt === undefined
      ? 'Profiling did not come back.'
      : `Profiling was on again at ${moment(r.resumedAt)}, ${ns(r.resumedAt - trigger.t)} after the fault.`;
  switch (r.what) {
    case 'none':
      return [`The guest noticed nothing. ${again}`];
    case 'panic':
      return ['Linux panics on an SError: the VM is dead, and all its lanes are dark to the end.'];
    case 'reenabled':
      return [
        `Linux's arm_spe_pmu stopped the session${dl}; perf read the buffer and enabled the event again after ${sum(r.takes)}. ${again}`,
      ];
    case 'next-session':
      return [
        `Linux's arm_spe_pmu stopped the session${dl}; it began again when the profiled task was switched in. ${again}`,
      ];
    case 'never':
      return [`Linux's arm_spe_pmu stopped the session${dl}; nothing in a per-CPU capture enables it again. ${again}`];
    case 'discards':
      return [`The guest threw the whole session away${dl}. ${again}`];
  }
}

function lostWords({ lost, window }: Story): string[] {
  const samples = lost.laneSamples ? lost.samples / lost.laneSamples : 0;
  const time = lost.laneNs ? lost.ns / lost.laneNs : 0;
  return [
    `Lost in this window: ${plural(lost.samples, 'sample')} (${percent(samples)} of lane ${window.lane}'s) and ${ns(lost.ns)} (${percent(time)} of its session time); replayed.`,
  ];
}

function darkWords({ dark, lost }: Story): string[] {
  if (!lost.samples) return ['No sample of the reference falls into it: what ran in the dark is unknown.'];
  const rows = dark.rows.map((r) => `${r.name} (${r.lost}, ${percent(r.share)}; usually ${percent(r.usual)})`);
  const more = dark.keys > dark.rows.length ? `, and ${dark.keys - dark.rows.length} more` : '';
  return [
    `In the dark ran, by ${dark.by} of the lost samples: ${rows.join(', ')}${more}; from the reference capture, measured.`,
  ];
}

/** `8.00 µs (irqNs 1.00 µs, assumed; injectNs …)`. */
function sum(parts: readonly SourcedNs[]): string {
  const total = parts.reduce((all, { ns }) => all + ns, 0);
  return parts.length === 1
    ? `${ns(total)} (${parts[0].name}, ${parts[0].origin})`
    : `${ns(total)} (${factors(parts)})`;
}

function factors(parts: readonly SourcedNs[]): string {
  return parts.map((p) => `${p.name} ${ns(p.ns)}, ${p.origin}`).join('; ');
}

/** A time in the run. */
function moment(t: number): string {
  return t < 0 ? `${ns(-t)} before the first sample` : `${(t / 1e6).toFixed(6)} ms`;
}

function ns(value: number): string {
  return value === 0 ? '0 ns' : words.plain(words.duration(value));
}

function size(bytes: number): string {
  return bytes % 2 ** 20 === 0
    ? `${bytes / 2 ** 20} MiB`
    : bytes % 1024 === 0
      ? `${bytes / 1024} KiB`
      : `${bytes} bytes`;
}

function percent(share: number): string {
  return words.plain(words.percent(share));
}
