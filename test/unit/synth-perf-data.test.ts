import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Warnings } from '../../core/formats/problems.ts';
import { Has, SpeColumns } from '../../core/formats/spe/columns.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { taskSessions } from '../../core/model/sessions.ts';
import type { Slice } from '../../core/synth/capture.ts';
import type { SynthOptions } from '../../core/synth/options.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { functions, functionShares } from '../../core/synth/workload.ts';
import { make, openSpe } from '../property/synth-recover.ts';
import { columnsOf } from './spe.rows.ts';

const small = { samples: 3001, kvmEvents: 0, ramPages: 16, bufferBytes: 4096 };

/** Every column of every record, one line each; absent fields empty. */
function* lines(c: SpeColumns): Generator<string> {
  for (let i = 0; i < c.n; i++) {
    const has = (bit: number, value: bigint | number): string => (c.present[i]! & bit ? String(value) : '');
    const must = [c.cpu[i], c.t[i], c.counter[i], c.pc[i], c.el[i], c.op[i], c.events[i], c.totalLat[i], c.issueLat[i]];
    yield [
      ...must,
      ...[c.context[i], c.tid[i], c.pid[i], c.size[i], has(Has.VA, c.va[i]!), has(Has.PA, c.pa[i]!)],
      ...[has(Has.TO, c.to[i]!), has(Has.XLAT, c.xlatLat[i]!), has(Has.SOURCE, c.source[i]!), c.present[i]],
    ].join(' ');
  }
}

test.each<[string, Partial<SynthOptions>]>([
  ['per CPU', { cpus: 3 }],
  ['per CPU, one of them', { cpus: 1, samples: 20_000 }],
  ['per CPU, with metadata version 2', { auxtraceInfo: 2 }],
  ['per thread', { mode: 'per-thread', cpus: 3 }],
  ['per thread, with times', { mode: 'per-thread', switchEvents: true }],
])('Umbra decodes what was made: %s', (_, given) => {
  const truth: string[][] = [];
  const made = make({ ...small, seed: 3, ...given }, ({ lane, batch }: Slice) =>
    (truth[lane] ??= []).push(...lines(batch.columns)),
  );
  const perf = openSpe(made);
  const warnings = new Warnings();
  const columns = columnsOf(1000);
  expect(perf.queues).toHaveLength(made.options.cpus);
  perf.queues.forEach((queue, lane) => {
    const decoded: string[] = [];
    decodeSpe(perf, queue, columns, (batch) => decoded.push(...lines(batch)), warnings);
    expect(decoded).toEqual(truth[lane]);
  });
  expect(truth.flat()).toHaveLength(made.options.samples);
  expect(warnings.list()).toEqual([]);
  expect(perf.facts.spe?.metadata).toBe(made.options.auxtraceInfo);
});

test('threads of a per-CPU capture are on one CPU at a time, and switches name them', () => {
  const made = make({ ...small, samples: 12_000 });
  const { switches, comms } = openSpe(made);
  expect(switches.n).toBeGreaterThan(20);
  for (let i = 0; i < switches.n; i++) {
    expect(comms.has(switches.tid[i]!)).toBe(true);
    // Three threads a CPU, dealt in turn.
    expect((switches.tid[i]! - 4425) % 2).toBe(switches.cpu[i]);
  }
});

test('sessions of a per-thread capture hold all its records', () => {
  const seen: number[][] = [];
  const made = make(
    { ...small, samples: 6000, mode: 'per-thread', switchEvents: true },
    ({ lane, batch: { columns } }) => {
      for (let i = 0; i < columns.n; i++) (seen[lane] ??= []).push(Number(columns.t[i]));
    },
  );
  const { switches } = openSpe(made);
  const truth = made.pair.truth['sessions'] as number[][];
  seen.forEach((times, lane) => {
    const own = [...switches.t.keys()].slice(0, switches.n).filter((i) => switches.tid[i] === 4425 + lane);
    expect(own.length).toBeGreaterThan(10);
    expect(own.map((i) => Number(switches.t[i]))).toEqual(truth[lane]);
    const columns = {
      n: own.length,
      t: Float64Array.from(own, (i) => Number(switches.t[i])),
      out: Uint8Array.from(own, (i) => switches.out[i]!),
      paired: new Uint8Array(own.length).fill(1),
    };
    const { sessions, unpaired, mode } = taskSessions(columns, times[0]!, times.at(-1)!);
    expect({ unpaired, mode }).toEqual({ unpaired: 0, mode: 'task-bound' });
    let session = 0;
    for (const t of times) {
      while (sessions[session + 1]! < t) session += 2;
      expect(sessions[session]).toBeLessThanOrEqual(t);
    }
  });
});

test('functions have their expected shares in each phase', () => {
  const { truth } = make({ ...small, samples: 60_000, seed: 9 }).pair;
  const phases = truth['phases'] as { name: string; expected: number[]; records: number[] }[];
  expect(phases.map((p) => p.name)).toEqual(['load', 'scan', 'probe', 'compact']);
  for (const { name, expected, records } of phases) {
    expect(expected).toEqual(functionShares(name));
    const total = records.reduce((a, b) => a + b, 0);
    const chi2 = records.reduce((sum, n, i) => sum + (n - total * expected[i]!) ** 2 / (total * expected[i]!), 0);
    // 13 degrees of freedom: 99.9 % lies below.
    expect(chi2).toBeLessThan(34.5);
  }
  expect(functions).toHaveLength(14);
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

test('the same seed gives the same bytes, here and everywhere; another seed others', () => {
  const options = { ...small, seed: 42, unmaps: 500, merges: 500 };
  const one = make(options);
  expect([one.spe, one.kvm].map(sha256)).toEqual(['e99eb299e36ca8a6', '18af8c653d939485']);
  expect([make(options).spe, make(options).kvm].map(sha256)).toEqual([one.spe, one.kvm].map(sha256));
  expect(sha256(make({ ...options, seed: 43 }).spe)).not.toBe(sha256(one.spe));
});

test('the whole pair doesn’t hang on how many samples the truth keeps', () => {
  const bare = make(small);
  const full = make({ ...small, truthRecords: 1e6 });
  expect(sha256(full.spe)).toBe(sha256(bare.spe));
  expect((full.pair.truth['columns'] as Record<string, unknown[]>)['pc']).toHaveLength(small.samples);
  expect(bare.pair.truth['columns']).toBeUndefined();
});

test.each<[Partial<SynthOptions>, string]>([
  [{ samples: 1, cpus: 2 }, 'samples must be a whole number from 2'],
  [{ bufferBytes: 5000 }, 'bufferBytes must be a multiple of 4096'],
  [{ unmaps: -1 }, 'unmaps must be a rate'],
  [{ phases: [] }, 'phases: name at least one'],
  [{ phases: [{ name: 'load', share: 0 }] }, 'phases: load needs a share above 0'],
  [{ burst: { phase: 'lunch', factor: 2 } }, 'burst: there is no phase lunch'],
])('refuses %j', (given, message) => {
  expect(() => synthOptions(given)).toThrow(message);
});

test('refuses phases that the workload doesn’t have', () => {
  expect(() => make({ ...small, phases: [{ name: 'lunch', share: 1 }] })).toThrow('the workload has load, scan');
});
