import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { targetOption } from '../../core/formats/perf-data/binding.ts';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { laneSessions } from '../../core/lab/import/spe-sessions.ts';
import { auxtrace, kernelRecord, perfFile, record, speAttr, speInfo, words } from './perf-data.builder.ts';

const OUT = 1 << 13;
type At = { tid: number; time: number; cpu?: number };
const trailer = ({ tid, time, cpu = 0 }: At) => ({ pid: 5, tid, time: BigInt(time), cpu });
const switchRecord = (out: boolean, at: At) => kernelRecord(14, out ? OUT : 0, words(), trailer(at));
const into = (at: At) => switchRecord(false, at);
const out = (at: At) => switchRecord(true, at);
const wide = (isOut: boolean, other: number, at: At) => kernelRecord(15, isOut ? OUT : 0, words(5, other), trailer(at));
const start = (at: At) => kernelRecord(12, 0, words(5, at.tid), trailer(at));
const fork = (tid: number, at: At) => kernelRecord(7, 0, words(5, 5, tid, at.tid, BigInt(at.time)), trailer(at));
const exit = (at: At) => kernelRecord(4, 0, words(5, 5, at.tid, at.tid, BigInt(at.time)), trailer(at));
const area = (cpu: number, tid: number) => auxtrace(Math.max(cpu, 0), cpu, tid, 0n, new Uint8Array(8));

function attr(flags: bigint): Uint8Array {
  const bytes = speAttr();
  const view = new DataView(bytes.buffer);
  view.setBigUint64(40, view.getBigUint64(40, true) | flags, true);
  return bytes;
}

/** Opens a file; its lanes' samples lie from 100 to 1000 ns. */
function open(records: readonly Uint8Array[], flags = 0n) {
  const warnings = new Warnings();
  const bytes = perfFile([speInfo, ...records], {}, [{ attr: attr(flags), ids: [1n] }]);
  const perf = openPerfData(memorySource(bytes), warnings);
  const { binding } = perf.facts.spe!;
  const spans = perf.queues.map((queue) => ({ queue, t0: 100n, t1: 1000n }));
  const lanes = laneSessions(perf, binding.bound, spans, warnings);
  const sessions = lanes.map((l) => [...l.sessions].map((t) => t + 100));
  return { binding, lanes, sessions, codes: warnings.list().map((w) => w.kind) };
}

test('perf record -- cmd: per-CPU areas, sessions by the switches of its threads on each CPU', () => {
  const { binding, lanes, sessions, codes } = open(
    [
      ...[start({ tid: 5, time: 100 }), into({ tid: 5, time: 101 }), fork(6, { tid: 5, time: 150 })],
      ...[out({ tid: 5, time: 200 }), into({ tid: 6, time: 300, cpu: 1 }), into({ tid: 5, time: 400 })],
      ...[out({ tid: 6, time: 500, cpu: 1 }), into({ tid: 6, time: 700, cpu: 1 })],
      ...[exit({ tid: 5, time: 600 }), area(0, 5), area(1, 5)],
    ],
    (1n << 1n) | (1n << 12n),
  );
  expect(binding.bound).toBe('task-bound');
  expect(binding.evidence).toEqual([
    'AUXTRACE records name thread 5',
    'the SPE event has inherit',
    'the SPE event has enable_on_exec',
    'it holds SWITCH records, which only events of tasks get',
  ]);
  expect(binding.against).toBeUndefined();
  expect(lanes.map((l) => l.mode)).toEqual(['task-bound', 'task-bound']);
  expect(sessions).toEqual([
    [100, 200, 400, 600],
    [300, 500, 700, 1000],
  ]);
  expect(codes).toEqual([]);
});

test('SWITCH_CPU_WIDE: only the switches of profiled threads and their children count', () => {
  const { sessions } = open([
    ...[wide(false, 0, { tid: 5, time: 100 }), fork(6, { tid: 5, time: 150 })],
    ...[wide(true, 9, { tid: 5, time: 200 }), wide(false, 5, { tid: 9, time: 201 })],
    ...[wide(true, 6, { tid: 9, time: 300 }), wide(false, 9, { tid: 6, time: 301 })],
    ...[wide(true, 0, { tid: 6, time: 500 }), area(0, 5)],
  ]);
  expect(sessions).toEqual([[100, 200, 301, 500]]);
});

test('a record of each kind for one switch counts once', () => {
  const both = (isOut: boolean, time: number) => [
    switchRecord(isOut, { tid: 5, time }),
    wide(isOut, 0, { tid: 5, time: time + 1 }),
  ];
  const { sessions, codes } = open([...both(false, 100), ...both(true, 200), ...both(false, 300), area(0, 5)]);
  expect(sessions).toEqual([[100, 200, 300, 1000]]);
  expect(codes).toEqual([]);
});

test('without switch records: one session, task-bound, and a warning', () => {
  const { sessions, lanes, codes } = open([start({ tid: 5, time: 100 }), exit({ tid: 5, time: 900 }), area(0, 5)]);
  expect([sessions, lanes[0].mode]).toEqual([[[100, 1000]], 'task-bound']);
  expect(codes).toEqual(['perf-no-switches']);
});

test('system-wide: one session a lane, whatever switches', () => {
  const { binding, sessions, codes } = open([
    ...[wide(true, 0, { tid: 5, time: 200 }), wide(false, 0, { tid: 5, time: 300 }), area(0, -1)],
  ]);
  expect(binding.bound).toBe('cpu-bound');
  expect(binding.evidence[0]).toBe('AUXTRACE records name no thread (tid -1)');
  expect([sessions, codes]).toEqual([[[100, 1000]], []]);
});

test('ID_INDEX is read, and evidence against is named', () => {
  const index = record(69, 0, words(1n, 1n, 0n, 0n, 5n));
  const { binding } = open([index, area(0, -1)]);
  expect(binding).toEqual({
    bound: 'cpu-bound',
    evidence: ['AUXTRACE records name no thread (tid -1)'],
    against: ['ID_INDEX names thread 5'],
  });
});

test.each([
  ['perf record -e arm_spe// -- ls -a', 'task-bound', 'a command, without -a or -C'],
  ['perf record -e arm_spe// -a -- sleep 1', 'cpu-bound', '-a'],
  ['perf record -ga -o x sleep 1', 'cpu-bound', '-ga'],
  ['perf record -C 0-3 -m ,4M', 'cpu-bound', '-C'],
  ['perf record -a -p 12', 'task-bound', '-p'],
  ['perf record --tid=12 sleep 1', 'task-bound', '--tid'],
] as const)('%s', (line, bound, said) => {
  expect(targetOption(line.split(' '))).toEqual({ bound, words: said });
});

test('a real per-thread layout whose switch records have no times: one session a thread, and a warning', () => {
  const warnings = new Warnings();
  const file = readFileSync(new URL('../fixtures/spe/perthread.perf.data', import.meta.url));
  const perf = openPerfData(memorySource(file), warnings);
  const { binding } = perf.facts.spe!;
  // Later than every EXIT record of the file: those must not cut a session whose switches are unknown.
  const end = 1n << 50n;
  const found = laneSessions(
    perf,
    binding.bound,
    perf.queues.map((queue) => ({ queue, t0: 1n, t1: end })),
    warnings,
  );
  expect(found).toEqual(
    perf.queues.map(() => ({ sessions: Float64Array.of(0, Number(end) - 1), mode: 'task-bound', unpaired: 0 })),
  );
  expect(warnings.list().find((w) => w.kind === 'perf-no-switches')?.count).toBe(4);
});
