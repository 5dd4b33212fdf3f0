import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faulting, pair, umbra, umbraJson } from './umbra.ts';

interface Window {
  lane: number;
  start: number;
  end: number;
  kind: string;
  cause: string | null;
  ipa: string | null;
  action: string | null;
  lost: number;
}
interface Explained {
  story: {
    window: {
      number: number;
      start: number;
      end: number;
      startClock: number;
      endClock: number;
      kind: string;
      cause: string | null;
      ipa: string | null;
    };
    trigger: { what: string; lane: number; sample: number; t: number; slot: number; otherWindow?: number };
    cause?: {
      class: string;
      event?: { t: number; kind: string; evidence: string };
      trace?: { t: number; name: string; comm: string; call?: { name: string } };
    };
    answer: {
      answer?: string;
      declared?: string;
      blackout: { name: string; ns: number; origin: string }[];
      stallNs: number;
    };
    reaction: { what: string; dl?: number; resumedAt?: number };
    lost: { samples: number; ns: number };
    dark: { by: string; rows: { name: string; lost: number }[] };
  };
  sentences: { part: string; text: string }[];
}

describe('umbra explain', () => {
  let folder: string;
  let db: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-test-'));
    db = join(folder, 'lab.umbra');
    umbraJson('import', pair.spe, pair.kvm, '--db', db);
    umbraJson('replay', '--db', db, '--spe', '1', '--kvm', '2', '--set', 'irqNs=1500', ...faulting);
    umbraJson(
      'replay',
      '--db',
      db,
      '--spe',
      '1',
      '--kvm',
      '2',
      '--policy',
      'external-abort',
      '--set',
      'speVersion=SPEv1p3',
      ...faulting,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const windows = (policy: string, ...more: string[]) =>
    umbraJson<Window[]>('windows', '--db', db, '--run', '1', '--policy', policy, ...more);
  const explain = (policy: string, window: number, ...more: string[]) =>
    umbraJson<Explained>('explain', '--db', db, '--run', '1', '--policy', policy, '--window', String(window), ...more);

  it('tells of a window of demand mapping what the trace and the replay have of it', () => {
    const list = windows('map-on-fault');
    const at = list.findIndex((w) => w.cause === 'userspace' && w.lost > 0);
    const { story, sentences } = explain('map-on-fault', at);
    const w = list[at];
    expect(story.window).toMatchObject({
      number: at,
      startClock: w.start,
      endClock: w.end,
      kind: w.kind,
      cause: w.cause,
      ipa: w.ipa,
    });
    expect(story.trigger).toMatchObject({ what: 'fault', lane: w.lane, t: story.window.start });
    expect(story.cause).toMatchObject({ class: 'userspace', event: { kind: 'unmap', evidence: 'unmap-hva' } });
    expect(story.cause!.event!.t).toBeLessThanOrEqual(story.trigger.t);
    // The VMM's own thread, in its madvise.
    expect(story.cause!.trace).toMatchObject({ name: 'kvm_unmap_hva_range', comm: 'vmm', call: { name: 'madvise' } });
    expect(story.answer).toMatchObject({ answer: 'map', blackout: [{ name: 'irqNs', ns: 1500, origin: 'user' }] });
    expect(story.answer.stallNs).toBeGreaterThan(0);
    expect(story.reaction).toMatchObject({ what: 'none', resumedAt: story.window.end });
    expect(story.lost).toMatchObject({ samples: w.lost, ns: w.end - w.start });
    expect(story.dark.rows.reduce((n, r) => n + r.lost, 0)).toBe(w.lost);
    expect(sentences.map((s) => s.part)).toEqual([
      'window',
      'trigger',
      'cause',
      'cause',
      // How often such evidence was right in the reference captures.
      'cause',
      'cause',
      'history',
      'answer',
      'reaction',
      'lost',
      'dark',
      'given',
    ]);
    for (const { text } of sentences) expect(text).toMatch(/^\S.*[^ ]\.$/s);
  });

  it('tells how a killed session came back', () => {
    const killed = windows('impdef-event').findIndex((w) => w.kind === 'session-killed');
    const { story } = explain('impdef-event', killed);
    expect(story.answer.blackout.map((p) => [p.name, p.origin])).toEqual([
      ['irqNs', 'user'],
      ['injectNs', 'assumed'],
      ['guestHandlerNs', 'assumed'],
    ]);
    expect(story.reaction).toMatchObject({ what: 'reenabled', dl: 1 });
    expect(story.reaction.resumedAt! - story.trigger.t).toBe(1500 + 2000 + 5000 + 1_000_000);
  });

  it('finds the fault of another lane behind a dead VM, and where no fault is', () => {
    const list = windows('serror');
    const dead = list.findIndex((w) => w.kind === 'vm-dead' && w.lane === 1);
    const { story } = explain('serror', dead);
    expect(story.trigger.lane).toBe(0);
    expect(story.reaction).toEqual({ what: 'panic', takes: [] });
    const full = explain(
      'bounce-buffer',
      windows('bounce-buffer').findIndex((w) => w.kind === 'buffer-full'),
    );
    expect(full.story.trigger.what).toBe('service-point');
    expect(full.story.cause).toBeUndefined();
  });

  describe('of what was lost without a fault of its own', () => {
    const words = (run: string, policy: string, window: number) =>
      umbra('explain', '--db', db, '--run', run, '--policy', policy, '--window', String(window)).stdout;
    let plain: Window[];
    beforeAll(() => {
      const policyFile = join(folder, 'exits.json');
      const answers = ['first-touch', 'userspace', 'host-mm', 'kvm', 'dirty-log', 'guest-allowed', 'guest-forbidden'];
      writeFileSync(
        policyFile,
        JSON.stringify({
          id: 'exits',
          pin: 'never',
          onFault: Object.fromEntries(answers.map((cause) => [cause, 'exit-to-userspace'])),
        }),
      );
      const base = ['replay', '--db', db, '--spe', '1', '--kvm', '2', '--policy'];
      umbraJson(...base, 'map-on-fault', '--policy-file', policyFile); // 3
      umbraJson(...base, 'pin-at-enable', '--set', 'rlimitBytes=4096'); // 4
      umbraJson(...base, 'exits', '--policy-file', policyFile, '--set', 'afterExit=stop'); // 5
      plain = umbraJson<Window[]>('windows', '--db', db, '--run', '3', '--policy', 'map-on-fault');
    });

    it('wiped: written, and unmapped before perf had read it; no answer, no cost', () => {
      const at = plain.findIndex((w) => w.kind === 'wiped');
      const { story } = umbraJson<Explained>(
        ...['explain', '--db', db, '--run', '3', '--policy', 'map-on-fault', '--window', String(at)],
      );
      expect(story.trigger.what).toBe('wiped');
      expect(story.trigger.t).toBe(story.window.end);
      expect(story.cause).toMatchObject({ class: 'userspace', event: { kind: 'unmap' } });
      // The unmap comes after what it lost.
      expect(story.cause!.event!.t).toBeGreaterThan(story.window.end);
      expect(story.cause!.trace).toMatchObject({ comm: 'vmm', call: { name: 'madvise' } });
      expect(story.answer).toMatchObject({ blackout: [], stallNs: 0 });
      const text = words('3', 'map-on-fault', at);
      expect(text).toMatch(/lane 0 lost what it had recorded over [\d.]+ ms/);
      expect(text).toMatch(/was valid then\. Perf reads at service points/);
      expect(text).toMatch(/^They were lost [\d.]+ ms later, at .*: an unmap of \d+ pages, class userspace/m);
      expect(text).toMatch(/contents were dropped/);
      expect(text).toContain('No fault, and no answer');
      expect(text).not.toMatch(/a stage 2 fault|of blackout/);
    });

    it('torn: after a fault that the guest isn’t told of', () => {
      const at = plain.findIndex((w) => w.kind === 'torn');
      const text = words('3', 'map-on-fault', at);
      expect(text).toMatch(
        new RegExp(
          `This record follows the fault of window ${at - 1}, .*With DL=1 .*misreads 1 record behind it \\(tornRecords, assumed\\)`,
        ),
      );
      expect(text).toContain('map-on-fault answers userspace with map.');
    });

    it('exit to userspace: taken by the VMM, and not an injected event; refused enables', () => {
      const exits = umbraJson<Window[]>('windows', '--db', db, '--run', '3', '--policy', 'exits');
      const at = exits.findIndex((w) => w.kind === 'irq-latency');
      const resumed = words('3', 'exits', at);
      expect(resumed).toMatch(/KVM then exited to the VMM, which settled it, and the vCPU ran on/);
      expect(resumed).toMatch(/The host worked 50\.\d µs on it \(exitNs 50\.0 µs, assumed\)/);
      expect(resumed).not.toContain('injected');
      const stopped = umbraJson<Window[]>('windows', '--db', db, '--run', '5', '--policy', 'exits');
      const off = words(
        '5',
        'exits',
        stopped.findIndex((w) => w.kind === 'session-killed'),
      );
      expect(off).toMatch(/which left profiling off to the end of the session \(afterExit stop\)/);
      expect(off).toContain('Profiling did not come back.');
      const refused = words('4', 'pin-at-enable', 0);
      expect(refused).toMatch(
        /enabled profiling, and KVM refused: pinning its 512 KiB buffer would exceed RLIMIT_MEMLOCK/,
      );
      expect(refused).toContain('KVM_EXIT_RLIMIT');
    });
  });

  it('says when SPEv1p3 makes an SError of an external abort', () => {
    const list = umbraJson<Window[]>('windows', '--db', db, '--run', '2', '--policy', 'external-abort');
    const dead = list.findIndex((w) => w.kind === 'vm-dead');
    const ran = umbra('explain', '--db', db, '--run', '2', '--policy', 'external-abort', '--window', String(dead));
    expect(ran.stdout).toContain('from SPEv1p3 on the SPU may not report external aborts: it became serror');
  });

  it('refuses a window that is not there', () => {
    const ran = umbra('explain', '--db', db, '--run', '1', '--policy', 'map-on-fault', '--window', '9999');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('there is no window 9999');
  });
});
