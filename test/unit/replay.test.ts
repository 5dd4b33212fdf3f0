import { describe, expect, test } from 'vitest';
import type { Lane, PolicyOutcome } from '../../core/model/outcome.ts';
import { KEPT, NONE, OUTSIDE } from '../../core/model/outcome.ts';
import { defaultParams } from '../../core/model/params.ts';
import type { RunParams } from '../../core/model/params.ts';
import { pinGuards } from '../../core/model/policy.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import type { Policy } from '../../core/model/policy.ts';
import { prepare, withBuffers } from '../../core/model/prepare.ts';
import { replay, replayPrepared } from '../../core/model/replay.ts';
import { answers, causeClasses, code, notifies, stage2Kinds, stallKinds, windowKinds } from '../../core/model/terms.ts';
import type { CauseClass, Stage2Kind } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

const PAGE = 4096;

/** A sample of a page every 100 ns, from 0 on: sample i writes page i of a buffer of four. */
function lane(number = 0, { samples = 12, sessions = [0, 1100], mode = 'cpu-bound' as Lane['mode'] } = {}): Lane {
  return {
    lane: number,
    t: Float64Array.from({ length: samples }, (_, i) => i * 100),
    size: new Uint32Array(samples).fill(PAGE),
    sessions: Float64Array.from(sessions),
    mode,
    pages: Float64Array.from([0, 1, 2, 3], (p) => number * 16 + p),
  };
}

type Row = [t: number, kind: Stage2Kind, page: number, cause?: CauseClass, pages?: number, writable?: number];

function timeline(...rows: Row[]): Stage2Timeline {
  return {
    n: rows.length,
    t: Float64Array.from(rows, (r) => r[0]),
    kind: Uint8Array.from(rows, (r) => code(stage2Kinds, r[1])),
    page: Float64Array.from(rows, (r) => r[2]),
    cause: Uint8Array.from(rows, (r) => (r[3] ? code(causeClasses, r[3]) : NONE)),
    pages: Float64Array.from(rows, (r) => r[4] ?? 1),
    writable: Uint8Array.from(rows, (r) => r[5] ?? 1),
    evidence: new Uint8Array(rows.length),
    notify: Uint8Array.from(rows, (r) => code(notifies, r[3] === 'host-mm' ? 'clear' : 'unmap')),
    contents: new Uint8Array(rows.length),
    contentsOrigin: new Uint8Array(rows.length),
    origin: 0n,
    span: 1000,
    exact: true,
    evidences: [''],
  };
}

const params: RunParams = {
  ...defaultParams().params,
  irqNs: 150,
  injectNs: 100,
  guestHandlerNs: 50,
  reenableNs: 300,
  fullExtraNs: 0,
  // One rule at a time: what these do has its own tests, and is in the vectors.
  ...{ tornRecords: 0, guestZeroes: false, trapsPerEnable: 0, injectDl: 'hardware', contentsKept: true },
};

/** Fates as text, a letter a sample: `.` kept, `_` outside, else the first letter of the window's kind. */
function fates({ fates }: PolicyOutcome): string[] {
  const letter = (f: number): string => (f === KEPT ? '.' : f === OUTSIDE ? '_' : windowKinds[f - 1][0]);
  return fates.map((lane) => Array.from(lane, letter).join(''));
}

function windows({ windows: w }: PolicyOutcome): string[] {
  return Array.from({ length: w.n }, (_, i) => {
    const cause = w.cause[i] === NONE ? '' : ` ${causeClasses[w.cause[i]]} page ${w.page[i]} ${answers[w.action[i]]}`;
    return `${w.lane[i]}: ${w.start[i]}-${w.end[i]} ${windowKinds[w.kind[i]]}${cause} lost ${w.lost[i]}`;
  });
}

function stalls({ stalls: s }: PolicyOutcome): string[] {
  return Array.from({ length: s.n }, (_, i) => `${s.lane[i]}: ${s.t[i]} ${stallKinds[s.kind[i]]} ${s.ns[i]}`);
}

const run = (
  id: string | Policy,
  rows: Stage2Timeline,
  change: Partial<RunParams> = {},
  lanes = [lane()],
): PolicyOutcome =>
  replay(lanes, rows, typeof id === 'string' ? pinned(builtinPolicy(id)!) : id, { ...params, ...change });

/** Answers of a policy that pins on the first fault once it has pinned; the first touch isn't under test. */
function pinned(policy: Policy): Policy {
  const { userspace } = policy.onFault;
  return { ...policy, onUnpinned: typeof userspace === 'string' ? userspace : 'repin' };
}

describe('answers', () => {
  // Sample 5 writes page 1, which userspace has taken away at 450.
  const unmapped = timeline([450, 'unmap', 1, 'userspace']);

  test('map-on-fault maps the page after irqNs and goes on', () => {
    const out = run('map-on-fault', unmapped);
    expect(fates(out)).toEqual(['.....ii.....']);
    expect(windows(out)).toEqual(['0: 500-650 irq-latency userspace page 1 map lost 2']);
    expect(stalls(out)).toEqual(['0: 650 map 1700']);
    expect([...out.faults]).toEqual([0, 1, 0, 0, 0, 0, 0]);
  });

  test('nondestructive-repin pins the whole buffer', () => {
    const out = run('nondestructive-repin', unmapped);
    expect(fates(out)).toEqual(['.....ii.....']);
    expect(stalls(out)).toEqual(['0: 650 pin 1400']);
    expect(out.pinnedBytesPeak).toBe(4 * PAGE);
    expect(out.pinnedByteSeconds).toBeCloseTo((4 * PAGE * (1100 - 650)) / 1e9, 12);
  });

  test.each(['pin-vm', 'pin-at-enable', 'impdef-event'])('%s kills the session and restarts after reenableNs', (id) => {
    const out = run(id, unmapped);
    // 500 + 150 + 100 + 50 + 300
    expect(fates(out)).toEqual(['.....ssssss.']);
    expect(windows(out)).toEqual(['0: 500-1100 session-killed userspace page 1 impdef-event lost 6']);
    // Up front, and at the restart; pin-at-enable pins head to limit at each service point, too.
    const first = { 'pin-vm': ['0: 0 pin 1400'], 'pin-at-enable': ['0: 0 pin 700'], 'impdef-event': [] }[id]!;
    const last = { 'pin-vm': ['0: 1100 pin 1400', '0: 1100 unpin 240'], 'impdef-event': ['0: 1100 pin 1400'] }[id];
    expect(stalls(out).slice(0, first.length)).toEqual(first);
    expect(stalls(out)).toContain('0: 650 inject 100');
    if (last) expect(stalls(out).slice(-last.length)).toEqual(last);
  });

  test('bare metal and the bounce buffer take no stage 2 faults', () => {
    expect(fates(run('bare-metal', unmapped))).toEqual(['............']);
    const out = run('bounce-buffer', unmapped, { privateBytes: 5 * PAGE });
    expect(fates(out)).toEqual(['.....c.....c']);
    expect(windows(out)).toEqual(['0: 400-550 copy-out lost 1', '0: 1000-1100 copy-out lost 1']);
    expect(stalls(out)).toEqual(['0: 400 copy 4096', '0: 1000 copy 4096']);
  });

  test('an SError kills every lane; under SPEv1p3 so does an external abort', () => {
    const lanes = [lane(0), lane(1)];
    const touched = timeline([450, 'unmap', 1, 'userspace']);
    for (const [id, speVersion] of [
      ['serror', 'SPEv1p2'],
      ['external-abort', 'SPEv1p3'],
    ] as const) {
      const out = run(id, touched, { speVersion }, lanes);
      expect(fates(out)).toEqual(['.....vvvvvvv', '.......vvvvv']);
      expect(windows(out)).toEqual([
        '0: 500-1100 vm-dead userspace page 1 serror lost 7',
        '1: 650-1100 vm-dead userspace page 1 serror lost 5',
      ]);
    }
    // At the very moment of the death, too.
    expect(fates(run('serror', touched, { speVersion: 'SPEv1p2', irqNs: 100 }, lanes))).toEqual([
      '.....vvvvvvv',
      '......vvvvvv',
    ]);
    expect(fates(run('external-abort', touched, { speVersion: 'SPEv1p2' }, lanes))).toEqual([
      '.....ssssss.',
      '............',
    ]);
  });
});

describe('restarts', () => {
  const unmapped = timeline([250, 'unmap', 3, 'userspace']);
  const perThread = lane(0, { mode: 'task-bound', sessions: [0, 500, 550, 850, 900, 1100] });

  test('DL=1: when the tool enables the event again', () => {
    const out = run('impdef-event', unmapped, { reenableNs: 300 }, [perThread]);
    // 300 + 150 + 100 + 50 + 300 = 900, a session's start
    expect(fates(out)).toEqual(['...ssssss...']);
    expect(windows(out)).toEqual([
      '0: 300-500 session-killed userspace page 3 impdef-event lost 3',
      '0: 550-850 session-killed userspace page 3 impdef-event lost 3',
    ]);
  });
  test('DL=0, per-thread: the next switch-in after the handler', () => {
    expect(fates(run('impdef-event', unmapped, { dlProbability: 0, guestHandlerNs: 0 }, [perThread]))).toEqual([
      '...sss......',
    ]);
    expect(fates(run('impdef-event', unmapped, { dlProbability: 0, guestHandlerNs: 1 }, [perThread]))).toEqual([
      '...ssssss...',
    ]);
  });
  test('DL=0, per-CPU: never', () => {
    expect(fates(run('impdef-event', unmapped, { dlProbability: 0 }))).toEqual(['...sssssssss']);
  });
  test('discard-session throws the session away, back to its start', () => {
    const out = run('impdef-event', unmapped, { guestReaction: 'discard-session' }, [perThread]);
    expect(fates(out)).toEqual(['dddssssss...']);
    expect(windows(out)[0]).toBe('0: 0-300 discarded userspace page 3 impdef-event lost 3');
  });
});

describe('pins and their guards', () => {
  const hostUnmap = timeline([450, 'unmap', 1, 'host-mm']);
  test('the notifier filter keeps host-mm away, gup alone does not', () => {
    expect(fates(run('pin-vm', hostUnmap))).toEqual(['............']);
    expect(fates(run('pin-vm', hostUnmap, { unpinnedBy: pinGuards.gup }))).toEqual(['.....ssssss.']);
  });
  test('dirty logging faults only without pins', () => {
    const protect = timeline([450, 'write-protect', 1, 'dirty-log']);
    expect(fates(run('pin-vm', protect))).toEqual(['............']);
    expect(fates(run('map-on-fault', protect))).toEqual(['.....ii.....']);
  });
  test('cached pins are paid once, until a page loses its pin', () => {
    const sessions = [0, 150, 200, 450, 500, 1100];
    const threads = [lane(0, { mode: 'task-bound', sessions })];
    const enables = (id: string, rows: Stage2Timeline): string[] =>
      stalls(run(id, rows, {}, threads)).filter((s) => / pin /.test(s));
    // Head to limit is two pages, or what is left of them where a session starts between: at its start, and at each service point.
    expect(enables('pin-at-enable', timeline()).slice(0, 3)).toEqual([
      '0: 0 pin 700',
      '0: 100 pin 700',
      '0: 200 pin 700',
    ]);
    expect(enables('pin-at-enable-cached', timeline())).toEqual(['0: 0 pin 700', '0: 100 pin 700']);
    const touched = timeline([470, 'unmap', 1, 'userspace'], [480, 'map', 1]);
    expect(enables('pin-at-enable-cached', touched)).toEqual(['0: 0 pin 700', '0: 100 pin 700', '0: 500 pin 350']);
  });
  test('pin-vm pins the VM, the others their buffers', () => {
    expect(run('pin-vm', timeline(), { vmBytes: 2 ** 30 }).pinnedBytesPeak).toBe(2 ** 30);
    expect(run('pin-at-enable', timeline(), {}, [lane(0), lane(1)]).pinnedBytesPeak).toBe(4 * PAGE);
    expect(run('pin-at-enable-cached', timeline(), {}, [lane(0), lane(1)]).pinnedBytesPeak).toBe(8 * PAGE);
    expect(run('map-on-fault', timeline()).pinnedBytesPeak).toBe(0);
  });
});

describe('pages', () => {
  const cause = (rows: Stage2Timeline, change: Partial<RunParams> = {}): string[] =>
    windows(run('map-on-fault', rows, change)).map((w) => w.split(' ')[3]);

  test('classes of the next fault', () => {
    expect(cause(timeline([0, 'initial-unmapped', 1]))).toEqual(['first-touch']);
    expect(cause(timeline([0, 'initial-unmapped', 1], [50, 'unmap', 1, 'userspace']))).toEqual(['first-touch']);
    expect(cause(timeline([0, 'initial-unmapped', 1], [50, 'map', 1], [60, 'unmap', 1, 'userspace']))).toEqual([
      'userspace',
    ]);
    expect(cause(timeline([50, 'unmap', 1, 'userspace'], [60, 'unmap', 1, 'host-mm']))).toEqual(['host-mm']);
    expect(cause(timeline([50, 'unmap', 1]))).toEqual(['kvm']);
    expect(cause(timeline([50, 'map', 1, undefined, 1, 0]))).toEqual(['host-mm']);
    expect(cause(timeline([50, 'write-protect', 1, 'host-mm']))).toEqual(['host-mm']);
    expect(cause(timeline([50, 'unmap', 1, 'userspace'], [60, 'map', 1]))).toEqual([]);
    expect(cause(timeline([50, 'unknown', 1]))).toEqual([]);
  });
  test('an aged page faults only without the hardware access flag', () => {
    expect(cause(timeline([50, 'access-clear', 1]))).toEqual([]);
    expect(cause(timeline([50, 'access-clear', 1]), { spuFlagUpdates: false })).toEqual(['host-mm']);
  });
  test('rows cover ranges, also those that begin before the buffer', () => {
    expect(fates(run('map-on-fault', timeline([450, 'unmap', 0, 'userspace', 2 ** 30]), { irqNs: 0 }))).toEqual([
      '.....i.i.i.i',
    ]);
  });
  test("an event at a sample's own ns comes before the sample", () => {
    expect(fates(run('map-on-fault', timeline([500, 'unmap', 1, 'userspace']), { irqNs: 0 }))).toEqual([
      '.....i......',
    ]);
    expect(fates(run('map-on-fault', timeline([501, 'unmap', 1, 'userspace']), { irqNs: 0 }))).toEqual([
      '.........i..',
    ]);
  });
});

describe('service points', () => {
  test('the lane loses (t, t + fullExtraNs] at each', () => {
    const out = run('map-on-fault', timeline(), { fullExtraNs: 100 });
    // Half of the buffer is two pages.
    expect(fates(out)).toEqual(['..b..b..b..b']);
    expect(windows(out)[0]).toBe('0: 100-200 buffer-full lost 1');
    expect(fates(run('map-on-fault', timeline(), { fullExtraNs: 99 }))).toEqual(['............']);
    expect(fates(run('bare-metal', timeline(), { fullExtraNs: 100 }))).toEqual(['............']);
  });
  test('dlDiscard: buffer reaches back to the last one', () => {
    const rows = timeline([550, 'unmap', 3, 'userspace']);
    const out = run('impdef-event', rows, { dlDiscard: 'buffer', watermarkBytes: 3 * PAGE });
    // The writer served at samples 2, 3 (the wrap) and 6; sample 7 faults on page 3.
    expect(fates(out)).toEqual(['.......sssss']);
    const half = run('impdef-event', rows, { dlDiscard: 'buffer' });
    expect(fates(half)).toEqual(['......dsssss']);
    expect(windows(half)).toEqual([
      '0: 600-700 discarded userspace page 3 impdef-event lost 1',
      '0: 700-1100 session-killed userspace page 3 impdef-event lost 5',
    ]);
    expect(fates(run('map-on-fault', rows, { dlDiscard: 'buffer', dlProbability: 0 }))).toEqual(['.......ii...']);
  });
});

describe('runs', () => {
  test('preparing once for all policies and placements changes nothing', () => {
    const rows = timeline([450, 'unmap', 1, 'userspace'], [600, 'unmap', 40, 'host-mm', 8]);
    const prepared = prepare([lane()], rows);
    const elsewhere = withBuffers(prepared, [Float64Array.of(40, 1, 42, 47)]);
    for (const policy of builtinPolicies) {
      expect(replayPrepared(prepared, policy, params)).toEqual(replay([lane()], rows, policy, params));
      const moved = { ...lane(), pages: Float64Array.of(40, 1, 42, 47) };
      expect(replayPrepared(elsewhere, policy, params)).toEqual(replay([moved], rows, policy, params));
    }
  });
  test('seeds: the same rows for the same one, others for others', () => {
    const rows = timeline([150, 'unmap', 0, 'userspace', 4]);
    const distributions = { irqNs: Float64Array.from({ length: 900 }, (_, i) => i) };
    const end = (seed: number): number => {
      const sampled = { ...params, latency: 'sampled' as const, seed };
      return replay([lane()], rows, builtinPolicy('map-on-fault')!, sampled, distributions).windows.end[0];
    };
    expect(end(1)).toBe(end(1));
    // Fixed for good: stored runs are replayed to identical rows.
    expect([1, 2, 3, 2 ** 53 - 1].map(end)).toMatchInlineSnapshot(`
      [
        501,
        388,
        1082,
        612,
      ]
    `);
  });
  test('a policy may have latencies of its own', () => {
    const own = { ...builtinPolicy('map-on-fault')!, times: { irqNs: 0, mapNs: 7 } };
    const out = run(own, timeline([450, 'unmap', 1, 'userspace']));
    expect([fates(out), stalls(out)]).toEqual([['.....i......'], ['0: 500 map 207']]);
  });
  test('lanes that make no sense are refused', () => {
    const fails = (lanes: Lane[], message: string): void => expect(() => prepare(lanes, timeline())).toThrow(message);
    fails([lane(1), lane(0)], 'lane 0 comes after 1');
    fails([{ ...lane(), t: lane().t.reverse() }], 'lane 0: sample 1 (1000 ns) is earlier than the one before');
    fails([{ ...lane(), sessions: Float64Array.of(0, 500, 500, 900) }], 'lane 0: session 1 (from 500 ns) overlaps');
    fails([{ ...lane(), pages: new Float64Array(0) }], 'lane 0 has no buffer');
    fails(
      [lane(0), { ...lane(1), pages: Float64Array.of(7, 3) }],
      'the page at IPA 0x3000 is in the buffer of lane 0 and of 1',
    );
  });
});
