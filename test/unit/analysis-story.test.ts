/** Every sentence that a blackout window's story can hold, word by word. */
import { describe, expect, test } from 'vitest';
import { tellStory } from '../../core/analysis/story-words.ts';
import type { StoryPart } from '../../core/analysis/story-words.ts';
import type { PageEvent, SourcedNs, Story, StoryCause } from '../../core/analysis/story.ts';

const assumed = (name: string, ns: number): SourcedNs => ({ name, ns, origin: 'assumed' });

const unmap: PageEvent = {
  ...{ t: 1_500_000, kind: 'unmap', by: 'timeline', cause: 'host-mm', pages: 512 },
  ...{ evidence: 'unmap-hva', certainty: 'observed' },
};

const base: Story = {
  run: 3,
  policy: { id: 'map-on-fault', title: 'Map on fault' },
  dlDiscard: 'buffer',
  window: {
    ...{ number: 7, lane: 1, start: 2_000_000, end: 2_008_000, startClock: 12_000_000n, endClock: 12_008_000n },
    ...{ kind: 'irq-latency', cause: 'host-mm', ipa: '0x40201000', action: 'map' },
  },
  trigger: {
    ...{ what: 'fault', sample: 42, t: 2_000_000, offset: 4160, slot: 1, lane: 1, otherWindow: undefined },
    ...{ sinceService: { samples: 1, bytes: 64 }, lastWrite: 1_000_000 },
    ...{ bufferBytes: 4 << 20, watermarkBytes: 2 << 20, privateBytes: 64 << 10 },
    torn: { records: 1, origin: 'assumed' },
  },
  cause: { class: 'host-mm', event: unmap, injected: false, trace: undefined, invalidForNs: 500_000 },
  history: [],
  earlierEvents: 0,
  answer: {
    ...{ answer: 'map', declared: undefined, blackout: [assumed('irqNs', 8000)] },
    ...{ stall: [assumed('walkNsPerPage', 100), assumed('mapNs', 2000)], pages: 1, stallNs: 2100 },
  },
  reaction: { what: 'none', dl: undefined, takes: [], resumedAt: 2_008_000 },
  lost: { samples: 2, ns: 8000, laneSamples: 1000, laneNs: 80_000 },
  dark: { by: 'function', keys: 1, rows: [{ name: 'memcpy', lost: 2, share: 1, usual: 0.25 }] },
  given: ['aligned by the common clock', 'placement 1'],
};

type Over = { readonly [K in keyof Story]?: Partial<Story[K]> };

/** The base story with some fields of some of its parts changed. */
function story(over: Over): Story {
  const changed = Object.entries(over).map(([part, fields]) => [
    part,
    fields !== null && typeof fields === 'object' && !Array.isArray(fields)
      ? { ...(base[part as keyof Story] as object), ...(fields as object) }
      : fields,
  ]);
  return { ...base, ...(Object.fromEntries(changed) as Partial<Story>) };
}

const part = (name: StoryPart, over: Over): string =>
  tellStory(story(over))
    .filter((sentence) => sentence.part === name)
    .map(({ text }) => text)
    .join('\n');

test('parts come in order, each with its sentences', () => {
  expect(tellStory(base).map((sentence) => sentence.part)).toMatchInlineSnapshot(`
    [
      "window",
      "trigger",
      "cause",
      "history",
      "answer",
      "reaction",
      "lost",
      "dark",
      "given",
      "given",
    ]
  `);
});

test('what determines times and places ends the story', () => {
  expect(part('given', {})).toBe('Aligned by the common clock.\nPlacement 1.');
});

describe('the window', () => {
  test('is dark, or lost what it had', () => {
    expect(part('window', {})).toMatchInlineSnapshot(
      `"Window 7 of map-on-fault in run 3: lane 1 was dark for 8.00 µs, from 2.000000 ms to 2.008000 ms (12000000 to 12008000 ns in the SPE capture's clock); kind irq-latency."`,
    );
    for (const kind of ['wiped', 'torn', 'copy-failed', 'discarded'])
      expect(part('window', { window: { kind } })).toContain(`lane 1 lost what it had recorded over 8.00 µs, `);
    for (const kind of ['session-killed', 'vm-dead', 'buffer-full', 'copy-out'])
      expect(part('window', { window: { kind } })).toContain(`lane 1 was dark for 8.00 µs, `);
  });

  test('may begin before the first sample, and last no time', () => {
    expect(part('window', { window: { start: -1500, end: -1500 } })).toMatchInlineSnapshot(
      `"Window 7 of map-on-fault in run 3: lane 1 was dark for 0 ns, from 1.50 µs before the first sample to 1.50 µs before the first sample (12000000 to 12008000 ns in the SPE capture's clock); kind irq-latency."`,
    );
  });
});

describe('the trigger', () => {
  test('of each kind', () => {
    const whats = ['fault', 'torn', 'wiped', 'copy-failed', 'refused', 'service-point', 'private-full'] as const;
    expect(Object.fromEntries(whats.map((what) => [what, part('trigger', { trigger: { what } })])))
      .toMatchInlineSnapshot(`
      {
        "copy-failed": "These records were written to KVM's own buffer of 64 KiB, the last one at 2.000000 ms (sample 42 of lane 1); page 1 of the guest's buffer, IPA 0x40201000, was gone when they were to be copied there.",
        "fault": "At 2.000000 ms the SPU of lane 1 wrote sample 42 at byte 4160 of its 4 MiB buffer, 1 sample (64 bytes) after the last service point; page 1 of the buffer, IPA 0x40201000, was not valid at stage 2: a stage 2 fault.",
        "private-full": "At 2.000000 ms sample 42 of lane 1 filled KVM's own buffer of 64 KiB: it was copied to the guest. No stage 2 fault.",
        "refused": "At 2.000000 ms lane 1 enabled profiling, and KVM refused: pinning its 4 MiB buffer would exceed RLIMIT_MEMLOCK (rlimitBytes). No stage 2 fault.",
        "service-point": "At 2.000000 ms sample 42 of lane 1, at byte 4160 of its 4 MiB buffer, reached a service point (one every 2 MiB): the SPU raised a buffer full event. No stage 2 fault.",
        "torn": "There KVM let the SPU go on without telling the guest. With DL=1 part of a record was lost, so the stream goes on in the middle of one: the decoder misreads 1 record behind it (tornRecords, assumed).",
        "wiped": "The last of these records was written at 2.000000 ms, sample 42 of lane 1 at byte 4160 of its 4 MiB buffer; the page, IPA 0x40201000, was valid then. Perf reads at service points (one every 2 MiB), and had not read them yet.",
      }
    `);
  });

  test('in another window says which, and why', () => {
    const trigger = { otherWindow: 5 };
    expect(part('trigger', { trigger })).toMatch(
      /^The blackout began in an earlier session, in window 5\. At 2\.000000 ms/,
    );
    expect(part('trigger', { trigger: { ...trigger, lane: 0 } })).toMatch(
      /^The VM died on another lane, in window 5\. At /,
    );
    expect(part('trigger', { trigger: { ...trigger, what: 'torn', lane: 0 } })).toMatch(
      /^This record follows the fault of window 5, at 2\.000000 ms\. There KVM/,
    );
    expect(part('trigger', { trigger: { ...trigger, what: 'torn' }, window: { kind: 'discarded' } })).toMatch(
      /^What was lost here was thrown away later, because of window 5\. There KVM/,
    );
    for (const what of ['service-point', 'private-full'] as const)
      expect(part('trigger', { trigger: { ...trigger, what } })).toMatch(/^The blackout began in an earlier session/);
  });

  test('buffers have the largest unit that is whole', () => {
    const of = (bufferBytes: number) =>
      /byte 4160 of its (.*?) buffer/.exec(part('trigger', { trigger: { bufferBytes } }))?.[1];
    expect([1 << 20, 3 << 19, 4096, 1025].map(of)).toEqual(['1 MiB', '1536 KiB', '4 KiB', '1025 bytes']);
  });
});

describe('the cause', () => {
  const cause = (over: Partial<StoryCause>, more: Over = {}) => part('cause', { cause: over, ...more });
  const event = (over: Partial<PageEvent>): PageEvent => ({ ...unmap, ...over });

  test('of a full buffer is none', () => {
    expect(tellStory({ ...base, cause: undefined }).some((s) => s.part === 'cause')).toBe(false);
  });

  test('without an event is the parameter, or cannot be told', () => {
    expect(cause({ event: undefined })).toMatchInlineSnapshot(
      `"The page was unmapped from the start by the parameter initial, class host-mm."`,
    );
    for (const what of ['wiped', 'copy-failed'] as const)
      expect(cause({ event: undefined }, { trigger: { what } })).toBe(
        "Which unmap lost them can't be told from the timeline, class host-mm.",
      );
  });

  test('is an event before the fault, with its effect', () => {
    expect(cause({})).toMatchInlineSnapshot(
      `"It had become so 500 µs earlier, at 1.500000 ms: an unmap of 512 pages, class host-mm (observed, evidence unmap-hva)."`,
    );
    expect(
      cause({ event: event({ t: 2_000_000, pages: 1, certainty: undefined, evidence: undefined }) }),
    ).toMatchInlineSnapshot(
      `"It had become so at that moment: an unmap of 1 page, class host-mm (given, evidence none)."`,
    );
    const effects = (['unknown', 'unmap', 'clear', 'protect', 'memslot'] as const).map((notify, i) => {
      const contents = (['kept', 'dropped', 'gone'] as const)[i % 3]!;
      return cause({ event: event({ effect: { notify, contents, origin: i % 2 ? 'measured' : 'assumed' } }) }).split(
        '\n',
      )[1];
    });
    expect(effects).toMatchInlineSnapshot(`
      [
        "Nothing says which MMU notifier announced it; the page's contents were kept (assumed).",
        "The MMU notifier announced it as unmap; the page's contents were dropped, with any record in it that perf had not read (measured).",
        "The MMU notifier announced it as clear; there was nothing to map until the VMM mapped something there again (assumed).",
        "The MMU notifier announced it as protect; the page's contents were kept (measured).",
        "KVM flushed the memslot, without an MMU notifier; the page's contents were dropped, with any record in it that perf had not read (assumed).",
      ]
    `);
  });

  test('is one after the record, if that was lost later', () => {
    expect(cause({ event: event({ t: 2_500_000 }) }, { trigger: { what: 'wiped' } })).toMatchInlineSnapshot(
      `"They were lost 500 µs later, at 2.500000 ms: an unmap of 512 pages, class host-mm (observed, evidence unmap-hva)."`,
    );
    expect(cause({}, { trigger: { what: 'copy-failed' } })).toMatchInlineSnapshot(
      `"It had gone at 1.500000 ms: an unmap of 512 pages, class host-mm (observed, evidence unmap-hva)."`,
    );
  });

  test('kinds of events', () => {
    const kinds = ['map', 'unmap', 'write-protect', 'access-clear', 'unknown'];
    expect(kinds.map((kind) => /: (.*) of 512 pages/.exec(cause({ event: event({ kind }) }))?.[1])).toEqual([
      ...['a read-only mapping', 'an unmap', 'a write protection', 'a clearing of the access flag', 'unknown'],
    ]);
    expect(cause({ event: event({ kind: 'initial-unmapped', evidence: 'first-fault', certainty: 'inferred' }) })).toBe(
      'The page had never been mapped (class host-mm; inferred, evidence first-fault).',
    );
  });

  test('by a scenario has no evidence to be right or wrong', () => {
    const confidence = { origin: 'unmeasured', rows: 0, captures: 0, right: 0, atLeast: NaN, withinNs: NaN } as const;
    expect(cause({ injected: true, event: event({ confidence }) })).toMatchInlineSnapshot(
      `"It had become so 500 µs earlier, at 1.500000 ms by the scenario: an unmap of 512 pages, class host-mm."`,
    );
  });

  test('says how often such evidence is right', () => {
    const measured = {
      origin: 'measured',
      rows: 1200,
      captures: 2,
      right: 1180,
      atLeast: 0.951,
      withinNs: 2500,
    } as const;
    const last = (confidence: PageEvent['confidence']) => cause({ event: event({ confidence }) }).split('\n')[1];
    expect(last(measured)).toMatchInlineSnapshot(
      `"Of 1 200 events on such evidence in 2 reference captures 1 180 were right (at least 95.1 %); 95 % of these were within 2.50 µs of the kernel's own call."`,
    );
    expect(last({ ...measured, captures: 1, withinNs: 0 })).toMatchInlineSnapshot(
      `"Of 1 200 events on such evidence in 1 reference capture 1 180 were right (at least 95.1 %)."`,
    );
    expect(last({ ...measured, withinNs: NaN })).not.toContain('within');
    expect(last({ ...measured, origin: 'exact' })).toBeUndefined();
    expect(last({ ...measured, origin: 'unmeasured' })).toBe('How often such evidence is right was never measured.');
  });

  test('quotes the trace', () => {
    const trace = {
      t: 99n,
      name: 'kvm_unmap_hva_range',
      text: ' start=0x1 ',
      tid: 12,
      comm: 'qemu',
      vcpu: 1,
      call: undefined,
    };
    const call = { t: 90n, name: 'madvise', text: ' advice=4 ', certain: true };
    const last = (over: Partial<NonNullable<StoryCause['trace']>>, of = unmap) =>
      cause({ event: of, trace: { ...trace, ...over } })
        .split('\n')
        .at(-1);
    expect(last({})).toMatchInlineSnapshot(
      `"In the KVM trace that is kvm_unmap_hva_range at 99 ns (start=0x1), by thread 12 (qemu, which runs vCPU 1)."`,
    );
    expect(last({ vcpu: undefined, call })).toMatchInlineSnapshot(
      `"In the KVM trace that is kvm_unmap_hva_range at 99 ns (start=0x1), by thread 12 (qemu), inside its system call madvise (advice=4)."`,
    );
    expect(last({ vcpu: 0, call: { ...call, text: ' ', certain: false } })).toMatchInlineSnapshot(
      `"In the KVM trace that is kvm_unmap_hva_range at 99 ns (start=0x1), by thread 12 (qemu, which runs vCPU 0); the latest system call that it began was madvise."`,
    );
    expect(last({}, event({ kind: 'initial-unmapped' }))).toMatch(/^The evidence is kvm_unmap_hva_range at 99 ns/);
  });
});

describe('the history', () => {
  const none: Partial<PageEvent> = { cause: undefined };

  test('of a page', () => {
    expect(part('history', {})).toBe(
      'Nothing else is known of the page; a record was last written to it at 1.000000 ms.',
    );
    expect(part('history', { trigger: { lastWrite: -Infinity } })).toBe(
      'Nothing else is known of the page; no record had been written to it before.',
    );
    const history: readonly PageEvent[] = [
      { ...unmap, kind: 'initial-unmapped', evidence: 'first-fault' },
      { ...unmap, kind: 'map', t: 1_000_000, evidence: 'fault', ...none },
      { ...unmap, by: 'policy', kind: 'map', t: 1_250_000 },
      { ...unmap, by: 'policy', kind: 'pin', t: 1_300_000 },
      unmap,
    ];
    expect(part('history', { history })).toMatchInlineSnapshot(
      `"The page's history: unmapped to begin with (first-fault); map at 1.000000 ms (fault); the policy mapped it at 1.250000 ms; the policy pinned the buffer at 1.300000 ms; unmap by host-mm at 1.500000 ms (unmap-hva); a record was last written to it at 1.000000 ms."`,
    );
    expect(part('history', { history: [unmap], earlierEvents: 12 })).toMatch(
      /^The page's history: 12 earlier events, then unmap by host-mm at /,
    );
  });

  test('is left out where no page faulted', () => {
    for (const what of ['service-point', 'private-full', 'refused'] as const)
      expect(part('history', { trigger: { what }, history: [unmap] })).toBe('');
  });
});

describe('the answer', () => {
  test('of each kind', () => {
    const answers = ['map', 'repin', 'exit-to-userspace', 'serror', 'impdef-event'];
    const words = answers.map((answer) => [answer, part('answer', { answer: { answer, pages: 1024 } })]);
    expect(Object.fromEntries(words)).toMatchInlineSnapshot(`
      {
        "exit-to-userspace": "map-on-fault answers host-mm with exit-to-userspace. The guest ran on unprofiled until the PMBIRQ took it out: 8.00 µs (irqNs, assumed). KVM then exited to the VMM, which settled it, and the vCPU ran on with the page valid. The host worked 2.10 µs on it (walkNsPerPage 100 ns, assumed; mapNs 2.00 µs, assumed): stall, no instruction went unprofiled.",
        "impdef-event": "map-on-fault answers host-mm with impdef-event. The guest ran on unprofiled while KVM took the interrupt, injected the event and the guest's driver handled it: 8.00 µs (irqNs, assumed). The host worked 2.10 µs on it (walkNsPerPage 100 ns, assumed; mapNs 2.00 µs, assumed): stall, no instruction went unprofiled.",
        "map": "map-on-fault answers host-mm with map. The guest ran on unprofiled until the PMBIRQ took it out: 8.00 µs (irqNs, assumed). KVM then mapped the page. The host worked 2.10 µs on it (walkNsPerPage 100 ns, assumed; mapNs 2.00 µs, assumed): stall, no instruction went unprofiled.",
        "repin": "map-on-fault answers host-mm with repin. The guest ran on unprofiled until the PMBIRQ took it out: 8.00 µs (irqNs, assumed). KVM then pinned the buffer's 1024 pages. The host worked 2.10 µs on it (walkNsPerPage 100 ns, assumed; mapNs 2.00 µs, assumed): stall, no instruction went unprofiled.",
        "serror": "map-on-fault answers host-mm with serror. An SError went to vCPU 1.",
      }
    `);
  });

  test('that left profiling off, that became another, that costs no stall', () => {
    expect(part('answer', { answer: { answer: 'exit-to-userspace', stopped: true } })).toContain(
      ', which left profiling off to the end of the session (afterExit stop). The host worked 2.10 µs on it (',
    );
    expect(part('answer', { answer: { answer: 'impdef-event', declared: 'external-abort' } })).toMatch(
      /^map-on-fault answers host-mm with external-abort, but from SPEv1p3 on the SPU may not report external aborts: it became impdef-event\. /,
    );
    expect(part('answer', { answer: { stallNs: 0 } })).toMatch(/KVM then mapped the page\.$/);
  });

  test('where there was no fault', () => {
    const whats = ['wiped', 'copy-failed', 'refused'] as const;
    expect(whats.map((what) => part('answer', { trigger: { what } }))).toMatchInlineSnapshot(`
      [
        "No fault, and no answer: the SPU was never stopped. What was in the page went with it before perf had it.",
        "No fault, and no answer: KVM had nowhere to copy them to until the VMM maps something there again.",
        "KVM exited to the VMM (KVM_EXIT_RLIMIT), 2.10 µs of stall; profiling stays off until the session ends.",
      ]
    `);
    const blackout = [assumed('irqNs', 1000), { name: 'serviceNs', ns: 7000, origin: 'measured' } as const];
    const answer = { answer: undefined, blackout, stallNs: 0 };
    expect(part('answer', { answer })).toMatchInlineSnapshot(
      `"That costs 8.00 µs (irqNs 1.00 µs, assumed; serviceNs 7.00 µs, measured) of blackout."`,
    );
    expect(part('answer', { answer: { ...answer, stallNs: 3000 } })).toMatchInlineSnapshot(
      `"That costs 8.00 µs (irqNs 1.00 µs, assumed; serviceNs 7.00 µs, measured) of blackout; the copy kept the vCPU out for 3.00 µs (stall, no instruction went unprofiled)."`,
    );
  });
});

describe('the reaction', () => {
  const takes = [assumed('guestHandlerNs', 5000)];

  test('of each kind', () => {
    const whats = ['none', 'panic', 'reenabled', 'next-session', 'never', 'discards'] as const;
    const words = whats.map((what) => [what, part('reaction', { reaction: { what, takes, dl: 1 } })]);
    expect(Object.fromEntries(words)).toMatchInlineSnapshot(`
      {
        "discards": "The guest threw the whole session away (PMBSR_EL1.DL=1). Profiling was on again at 2.008000 ms, 8.00 µs after the fault.",
        "never": "Linux's arm_spe_pmu stopped the session (PMBSR_EL1.DL=1); nothing in a per-CPU capture enables it again. Profiling was on again at 2.008000 ms, 8.00 µs after the fault.",
        "next-session": "Linux's arm_spe_pmu stopped the session (PMBSR_EL1.DL=1); it began again when the profiled task was switched in. Profiling was on again at 2.008000 ms, 8.00 µs after the fault.",
        "none": "The guest noticed nothing. Profiling was on again at 2.008000 ms, 8.00 µs after the fault.",
        "panic": "Linux panics on an SError: the VM is dead, and all its lanes are dark to the end.",
        "reenabled": "Linux's arm_spe_pmu stopped the session (PMBSR_EL1.DL=1); perf read the buffer and enabled the event again after 5.00 µs (guestHandlerNs, assumed). Profiling was on again at 2.008000 ms, 8.00 µs after the fault.",
      }
    `);
    const unsaid = whats.map((what) => part('reaction', { reaction: { what, takes, resumedAt: undefined } }));
    expect(unsaid).toMatchInlineSnapshot(`
      [
        "The guest noticed nothing. Profiling did not come back.",
        "Linux panics on an SError: the VM is dead, and all its lanes are dark to the end.",
        "Linux's arm_spe_pmu stopped the session; perf read the buffer and enabled the event again after 5.00 µs (guestHandlerNs, assumed). Profiling did not come back.",
        "Linux's arm_spe_pmu stopped the session; it began again when the profiled task was switched in. Profiling did not come back.",
        "Linux's arm_spe_pmu stopped the session; nothing in a per-CPU capture enables it again. Profiling did not come back.",
        "The guest threw the whole session away. Profiling did not come back.",
      ]
    `);
  });

  test('is none without an answer', () => {
    expect(part('reaction', { answer: { answer: undefined } })).toBe('');
    expect(part('reaction', { trigger: { what: 'refused' } })).toBe('');
  });
});

describe('what was lost', () => {
  test('of the lane’s samples and time', () => {
    expect(part('lost', {})).toMatchInlineSnapshot(
      `"Lost in this window: 2 samples (0.2 % of lane 1's) and 8.00 µs (10 % of its session time); replayed."`,
    );
    expect(part('lost', { lost: { samples: 1, laneSamples: 0, laneNs: 0 } })).toMatchInlineSnapshot(
      `"Lost in this window: 1 sample (0 % of lane 1's) and 8.00 µs (0 % of its session time); replayed."`,
    );
  });

  test('by key', () => {
    expect(part('dark', {})).toMatchInlineSnapshot(
      `"In the dark ran, by function of the lost samples: memcpy (2, 100 %; usually 25 %); from the reference capture, measured."`,
    );
    const rows = [...base.dark.rows, { name: 'memset', lost: 1, share: 0.5, usual: 0.125 }];
    expect(part('dark', { dark: { keys: 5, rows } })).toMatchInlineSnapshot(
      `"In the dark ran, by function of the lost samples: memcpy (2, 100 %; usually 25 %), memset (1, 50 %; usually 12.5 %), and 3 more; from the reference capture, measured."`,
    );
    expect(part('dark', { lost: { samples: 0 } })).toBe(
      'No sample of the reference falls into it: what ran in the dark is unknown.',
    );
  });
});
