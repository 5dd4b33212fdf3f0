/** What the model's files take and refuse, at the bounds. */
import { expect, test } from 'vitest';
import { MAX_JSON_DEPTH, parseJson } from '../../core/model/json-text.ts';
import { builtinPolicy } from '../../core/model/policies.ts';
import { parsePolicyFile, storedPolicy } from '../../core/model/policy-file.ts';
import { parseScenario } from '../../core/model/scenario.ts';
import { BoardFacts, CaptureFacts, eventCounts, HostFileFacts } from '../../core/model/terms/capture-facts.ts';

test('JSON: 64 levels, brackets in strings aside', () => {
  const nested = (levels: number, inside = '') => '['.repeat(levels) + inside + ']'.repeat(levels);
  expect(MAX_JSON_DEPTH).toBe(64);
  expect(parseJson(nested(64, String.raw`"[[\"{\\"`))).toBeDefined();
  expect(() => parseJson(nested(65))).toThrow('nested more than 64 levels deep, at character 64');
  expect(() => parseJson(`${'{"a":'.repeat(65)}1`)).toThrow('at character 320');
  // Levels that were left again don't count.
  expect(parseJson(`[${Array(100).fill('[{}]').join(',')}]`)).toHaveLength(100);
  expect(() => parseJson('[1,')).toThrow(/^not JSON: \S/);
  expect(() => parseJson(`"${'['.repeat(70)}`)).toThrow(/levels|not JSON/);
});

const answers = { ...builtinPolicy('map-on-fault')!.onFault };
const good = { id: 'mine', pin: 'enable', onFault: answers };
const policyError = (more: object) => {
  try {
    return parsePolicyFile(JSON.stringify({ ...good, ...more }), 'p.json')[0].id;
  } catch (error) {
    return (error as Error).message.replace(/^p\.json: ([\w.]+): .*/s, '$1');
  }
};

test('policies: lengths and bounds', () => {
  expect(['a', 'a'.repeat(64), '0-a', '-a', 'a'.repeat(65), 'a_b', 'Aa'].map((id) => policyError({ id }))).toEqual([
    ...['a', 'a'.repeat(64), '0-a', 'id', 'id', 'id', 'id'],
  ]);
  const of = (name: string, ...values: unknown[]) => values.map((value) => policyError({ [name]: value }));
  expect(of('title', 'x', 'x'.repeat(80), '', 'x'.repeat(81))).toEqual(['mine', 'mine', 'title', 'title']);
  expect(of('summary', '', 'x'.repeat(400), 'x'.repeat(401))).toEqual(['mine', 'mine', 'summary']);
  expect(of('source', 'x'.repeat(600), 'x'.repeat(601))).toEqual(['mine', 'source']);
  expect(of('trapsPerEnable', 0, 1000, 1001, 0.5)).toEqual(['mine', 'mine', 'trapsPerEnable', 'trapsPerEnable']);
  expect(of('injectDl', 0, 1, 'hardware', '1')).toEqual(['mine', 'mine', 'mine', 'injectDl']);
  expect(of('onUnresolved', 'serror', 'exit-to-userspace', 'repin')).toEqual(['mine', 'mine', 'onUnresolved']);
  const [plain] = parsePolicyFile(JSON.stringify(good), 'p.json');
  expect(plain).toMatchObject({ summary: '', source: "the user's own", onUnpinned: 'repin', injectDl: 1 });
  expect(parsePolicyFile(JSON.stringify({ ...good, injectDl: 1 }), 'p.json')[0].settled).toEqual(['injectDl']);
  expect(storedPolicy({ ...good, injectDl: 0 })).toMatchObject({ injectDl: 0, unpinnedBy: ['unmap', 'memslot'] });
});

test('scenarios: times of ten days, sizes and counts', () => {
  const unmap = { t: 0, kind: 'unmap', cause: 'kvm', ipa: '0x5000' };
  const taken = (more: object) => {
    try {
      return parseScenario(JSON.stringify({ events: [{ ...unmap, ...more }] }), 's').events.length;
    } catch {
      return 0;
    }
  };
  const all = (...more: object[]) => more.map(taken);
  expect(all({ t: 864e12 }, { t: -864e12 }, { t: 864e12 + 1 }, { t: -864e12 - 1 })).toEqual([1, 1, 0, 0]);
  expect(all({ size: 4096 }, { size: 2 ** 52 }, { size: 2 ** 52 + 4096 }, { size: 4097 })).toEqual([1, 1, 0, 0]);
  expect(all({ every: 1, times: 1_000_000 }, { every: 0, times: 2 }, { every: 1, times: 1.5 })).toEqual([1, 0, 0]);
  const byLane = { ipa: undefined, lane: 0 };
  expect(all(byLane, { ...byLane, offset: 0 }, { ...byLane, offset: 4096 }, { ...byLane, lane: -1 })).toEqual([
    1, 1, 1, 0,
  ]);
  expect(all({ ...byLane, offset: -4096 }, { ...byLane, offset: 100 }, { ipa: undefined })).toEqual([0, 0, 0]);
  expect(all({ ipa: '0xFFFFFFFFFF000' }, { ipa: '0x' }, { ipa: 'x0x5000' }, { ipa: '0x5000 ' })).toEqual([1, 0, 0, 0]);
  const many = (n: number) => () => parseScenario(JSON.stringify({ events: Array(n).fill(unmap) }), 's').events.length;
  expect([many(0)(), many(1000)()]).toEqual([0, 1000]);
});

test('what a capture’s file says about the recording: every field may be missing, none may be of another type', () => {
  const facts = {
    ...{ format: 'perf.data', cpuList: [0, 1], notes: ['emulated'], packedIn: ['gzip'], vmFile: 'x.vm.json' },
    host: { kernel: '6.1', pageSize: 16384, protW: 4, probes: ['p'] },
    events: [{ name: 'e', type: 1, config: '0x1', period: '1', sampleType: '0x1', ids: 2 }],
    ...{ features: ['a'], commandLine: ['perf'], sampleTime: { first: '1', last: '2' } },
    timeConv: { shift: '1', mult: '2', zero: '3', cycles: '4', mask: '5' },
    ...{
      records: { TOTAL: 5 },
      auxFlags: { none: 1 },
      lost: { records: 1, samples: 2 },
      compression: { level: 1, ratio: 2 },
    },
    told: { latency: true, thread: false, binary: true },
    guests: [{ name: 'g', traceId: '1', vcpus: [{ vcpu: 0, tid: 5 }] }],
    buffers: [{ name: 'b', clock: 'local', cpus: [{ cpu: 0, bytes: 5 }] }],
    options: [{ name: 'o', bytes: 1 }],
    spe: {
      ...{ metadata: 1, mode: 'per-cpu', queues: 2, auxBytes: 3, auxBufferBytes: 4 },
      pmus: [{ type: 8, name: 'arm_spe_0' }, { type: 9 }],
      cores: [{ midr: '0x1', name: 'n', cpus: [0] }],
      config: {
        ts_enable: true,
        load_filter_mask: false,
        simd_filter_mask: true,
        event_filter: '0x1',
        min_latency: 5,
      },
      binding: { bound: 'cpu-bound', evidence: ['-a'], against: ['x'] },
    },
  };
  expect(CaptureFacts.parse(facts)).toEqual(facts);
  expect(CaptureFacts.parse({})).toEqual({});
  const bad: object[] = [
    ...[
      { cpuList: ['0'] },
      { host: { pageSize: 8192 } },
      { host: { protW: 0 } },
      { host: { protW: 129 } },
      { mode: 'tape' },
    ],
    ...[
      { events: [{ name: 'e' }] },
      { timeConv: { shift: '1' } },
      { told: {} },
      { spe: { mode: 'x' } },
      { notes: [1] },
    ],
    ...[{ spe: { binding: { bound: 'x', evidence: [] } } }, { spe: { config: { jitter: 1 } } }, { guests: [{}] }],
    ...[
      { buffers: [{ name: 'b', clock: 'c' }] },
      { options: [{ name: 'o' }] },
      { lost: {} },
      { sampleTime: { first: '1' } },
    ],
  ];
  for (const one of bad) expect(CaptureFacts.safeParse(one).success, JSON.stringify(one)).toBe(false);
  expect(eventCounts({ events: { a: 1, b: 3, c: 2 } })).toEqual([
    ['b', 3],
    ['c', 2],
    ['a', 1],
  ]);
  expect([eventCounts({}), eventCounts({ events: [] })]).toEqual([[], []]);
});

test('what a board’s recording says of itself', () => {
  const clocks = {
    ...{ at: '1', offsetNs: '-9223372036854775808', driftPpb: -3.5, uncertaintyNs: 0, driftUncertaintyPpb: 1 },
    ...{ spanNs: 1, readings: [3, 4], strainNs: 0 },
  };
  const board = {
    ...{ format: 1, umbra: '0.2.0', script: 'abc', host: 'h', started: '2026', seconds: 5, pageTables: true, clocks },
  };
  const fits = (more: object) => BoardFacts.safeParse({ ...board, ...more }).success;
  expect(BoardFacts.parse(board)).toEqual(board);
  expect([fits({ format: 2 }), fits({ host: 'x'.repeat(4096) }), fits({ host: 'x'.repeat(4097) })]).toEqual([
    false,
    true,
    false,
  ]);
  expect([fits({ command: Array(1000).fill('x') }), fits({ command: Array(1001).fill('x') })]).toEqual([true, false]);
  const clock = (more: object) => fits({ clocks: { ...clocks, ...more } });
  expect([
    clock({ at: '-1' }),
    clock({ at: '1.5' }),
    clock({ at: 'x1' }),
    clock({ at: '' }),
    clock({ at: '1'.repeat(20) }),
  ]).toEqual([...[true, false, false, false, false]]);
  expect([clock({ uncertaintyNs: -1 }), clock({ readings: [1] }), clock({ readings: [1, 1.5] })]).toEqual([
    false,
    false,
    false,
  ]);
  const host = (more: object) => HostFileFacts.safeParse(more).success;
  expect([
    host({}),
    host({ protW: 1 }),
    host({ protW: 128 }),
    host({ pageSize: 65536 }),
    host({ pageSize: 4096 }),
  ]).toEqual(Array(5).fill(true));
  expect([
    host({ kernel: 'x'.repeat(257) }),
    host({ probes: ['x'.repeat(65)] }),
    host({ probes: Array(101).fill('x') }),
  ]).toEqual([...[false, false, false]]);
  expect([host({ kernel: 'x'.repeat(256) }), host({ probes: Array(100).fill('x'.repeat(64)) })]).toEqual([true, true]);
});
