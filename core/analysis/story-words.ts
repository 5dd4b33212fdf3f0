/** The story of a blackout window in sentences. Each number says where it comes from. */
import { plural } from '../words/lists.ts';
import * as words from '../words/numbers.ts';
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
  const told: Readonly<Record<StoryPart, readonly string[]>> = {
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
  return storyParts.flatMap((part) => told[part].map((text) => ({ part, text })));
}

function windowWords({ run, policy, dlDiscard, window: w }: Story): string {
  return (
    `Window ${w.number} of ${policy.id} in run ${run} (dlDiscard ${dlDiscard}): lane ${w.lane} was dark for ${ns(w.end - w.start)}, ` +
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
  if (t.lane !== w.lane) return `The VM died on another lane, in window ${t.otherWindow}. `;
  return `The blackout began in an earlier session, in window ${t.otherWindow}. `;
}

function causeWords(cause: StoryCause, { trigger }: Story): string[] {
  const { event, trace, injected } = cause;
  const className = `class ${cause.class}`;
  if (!event) return [`The page was unmapped from the start by the parameter initial, ${className}.`];
  const sentences: string[] = [];
  if (event.kind === 'initial-unmapped') {
    sentences.push(`The page had never been mapped (${className}; ${evidence(event)}).`);
  } else {
    const what = `${kindWords(event)} of ${plural(event.pages, 'page')}`;
    const before =
      event.t === trigger.t ? 'at that moment' : `${ns(trigger.t - event.t)} earlier, at ${moment(event.t)}`;
    const by = injected ? ' by the scenario' : '';
    sentences.push(`It had become so ${before}${by}: ${what}, ${className}${injected ? '' : ` (${evidence(event)})`}.`);
    if (event.effect) sentences.push(effectWords(event.effect));
  }
  if (trace) {
    const thread = trace.vcpu === undefined ? '' : `, which runs vCPU ${trace.vcpu}`;
    const shows = event.kind === 'initial-unmapped' ? 'What tells so is' : 'In the KVM trace that is';
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

function historyWords({ history, earlierEvents, trigger }: Story): string[] {
  if (trigger.what !== 'fault') return [];
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
    case 'serror':
      return [`${declared} An SError went to vCPU ${trigger.lane}.`];
    default:
      return [
        `${declared} The guest ran on unprofiled while KVM took the interrupt, injected the event and the guest's driver handled it: ${sum(a.blackout)}.${stall}`,
      ];
  }
}

function reactionWords({ reaction: r, answer, trigger }: Story): string[] {
  if (answer.answer === undefined) return [];
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
    ? `${ns(total)} (${parts[0]!.name}, ${parts[0]!.origin})`
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
