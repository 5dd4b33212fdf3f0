/** A lab with two captures, a broken one and a run, written through the store: used to test the pages. */
import { addCapture, finishCapture } from '../../core/store/captures.ts';
import type { CaptureRow } from '../../core/store/captures.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import type { Db } from '../../core/store/lab-file.ts';
import { addResult, addRun, addSkew } from '../../core/store/run-store.ts';
import { builtinPolicy } from '../../core/model/policies.ts';
import type { Policy } from '../../core/model/policy.ts';
import type { StoredSummary } from '../../core/model/terms/results.ts';
import { causeClasses, stallKinds, windowKinds } from '../../core/model/terms.ts';

const each = <T extends string>(names: readonly T[]) =>
  Object.fromEntries(names.map((n) => [n, 0])) as Record<T, number>;

type Sample = Pick<CaptureRow, 'kind' | 'name' | 'file' | 'format' | 'bytes'> & Parameters<typeof finishCapture>[2];

export function addSample(db: Db, c: Sample): number {
  const id = addCapture(db, c);
  finishCapture(db, id, c);
  return id;
}

export const speSample: Sample = {
  kind: 'spe',
  name: 'kvbench',
  file: '/captures/kvbench.perf.data',
  format: 'perf.data',
  bytes: 1_561_344,
  sha256: '9f2c7a1be0d94f6fb6a4c1f5a7f2f1f3d1d2d7a50c4f4d5a6a7b8c9d0e1f2a3b',
  records: 24_000,
  t0: 1_790_790_210_043n,
  t1: 1_792_613_000_703n,
  clock: 'perf (sched_clock)',
  facts: {
    mode: 'file',
    cpuList: [0, 1],
    hostname: 'altra-07',
    release: '6.1.0-26-arm64',
    perfVersion: '6.1.115',
    arch: 'aarch64',
    cpusOnline: 80,
    totalMemory: 270_188_675_072,
    commandLine: [
      'perf',
      'record',
      '-e',
      'arm_spe_0/ts_enable=1,pa_enable=1,period=640000/',
      '-C',
      '0,1',
      '--',
      './kvbench',
      '--keys',
      '4 M',
    ],
    spe: {
      metadata: 1,
      mode: 'per-cpu',
      cores: [{ midr: '0x413fd0c1', name: 'Neoverse-N1', cpus: [0, 1] }],
      config: {
        period: '640000',
        jitter: true,
        load_filter: true,
        store_filter: true,
        branch_filter: false,
        event_filter: '0x2',
        min_latency: 0,
      },
      auxBufferBytes: 4_194_304,
      auxBytes: 1_536_000,
    },
    timeConv: { shift: '24', mult: '671088640', zero: '942647383' },
    auxFlags: { none: 96, TRUNCATED: 3, COLLISION: 12 },
    lost: { records: 0, samples: 0 },
  },
  warnings: [
    {
      severity: 'data-loss',
      kind: 'aux-truncated',
      message:
        'The AUX buffer had no room: the hardware stopped, and what ran until the next AUX record was not profiled.',
      count: 3,
      offset: 602_304,
      t0: '1791310279583',
      t1: '1791346652623',
    },
    {
      severity: 'undecoded',
      kind: 'spe-bad-packet',
      message: 'Bytes that are no SPE packet were skipped, one at a time, up to the next packet.',
      count: 17,
      offset: 107_544,
      bytes: 61,
    },
  ],
};

export const kvmSample: Sample = {
  kind: 'kvm',
  name: 'b-madvise',
  file: '/captures/b-madvise.trace.dat',
  format: 'trace.dat',
  bytes: 8_912_896,
  sha256: '0d4e1c6a77c3a8a1b2f1e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9b8',
  records: 118_402,
  t0: 40_102_345_678n,
  t1: 48_915_000_123n,
  clock: 'mono',
  vm: { vms: [{ pid: 4021, slots: [], vcpus: [] }] },
  facts: {
    version: 7,
    cpuList: [0, 1, 2, 3],
    uname: 'Linux altra-07 6.1.0-26-arm64 aarch64',
    recorder: 'trace-cmd 3.1.6',
    events: { 'kvm:kvm_exit': 50_100, 'kvm:kvm_entry': 50_099, 'kvm:kvm_guest_fault': 18_203 },
  },
  warnings: [
    {
      severity: 'info',
      kind: 'trace-foreign-events',
      message: 'Events of other systems than kvm and syscalls are kept, but nothing uses them.',
      count: 2_210,
    },
  ],
};

export function writeSampleLab(path: string): void {
  inLabFile(path, 'create', (db) => {
    const spe = addSample(db, speSample);
    const kvm = addSample(db, kvmSample);
    addSample(db, {
      ...speSample,
      name: 'guest, per thread',
      file: '/captures/a directory with a long name/that nobody would call short/guest.perf.data',
      records: 912,
      clock: undefined,
      t0: undefined,
      t1: undefined,
      facts: { commandLine: ['perf', 'record', '-e', 'arm_spe_0//', '-p', '812'] },
      warnings: [],
    });
    addSampleRun(db, spe, kvm);
  });
}

export function addSampleRun(db: Db, speId: number, kvmId: number): void {
  const run = addRun(db, {
    speId,
    kvmId,
    umbra: '0.1.0',
    command: `umbra replay --db altra-07.umbra --spe ${speId} --kvm ${kvmId} --policy all --align fit`,
    params: {
      params: { align: 'fit', seed: 1 },
      origin: { align: 'user', irqNs: 'assumed', mapNs: 'measured', walkNsPerPage: 'assumed', copyBytesPerNs: 'user' },
    },
    facts: {
      origin: '0',
      span: 10_000_000_000,
      buffers: [],
      placementWarnings: [],
      calibration: {},
      alignment: {
        ...{ align: 'fit', offsetNs: 0, shiftNs: 0, copies: 1 },
        scale: 0.2068,
        scaled: true,
        description: 'The trace is stretched by 0.207 to the capture.',
      },
      timeline: {
        ...{ rows: 1, exact: false, losses: 1, unattributed: 0, strangers: 0, rowsByEvidence: {} },
        certainty: { observed: 0.91, inferred: 0.082, unknown: 0.008 },
      },
      notes: ['synthesised capture'],
    },
  });
  const results = [
    ['bare-metal', 1, 1, 0, 0, undefined, 0, 0, undefined],
    ['pin-vm', 0.9979, 0.653, 11, 7_070_000, 1_010_000, 314_000, 8_493_465, 'representative'],
    ['map-on-fault', 0.9992, 0.645, 22, 30_000, 3_000, 30_600, 0, 'usable with care'],
    ['pin-at-enable-cached', 0.9979, 0.653, 11, 7_070_000, 1_010_000, 406_000, 1_048_576, 'misleading'],
    ['serror', 0.147, 0.073, 3, 1_570_000_000, 1_570_000_000, 89_600, 1_048_576, 'dead'],
  ] as const;
  for (const [id, coverage, ifBuffer, windows, blackoutNs, p99, stallNs, pinnedBytesPeak, verdict] of results) {
    // Titled by its id, and none is marked as the reference.
    const policy: Policy = { ...builtinPolicy('map-on-fault')!, id, title: id };
    for (const dlDiscard of ['record', 'buffer'] as const) {
      const kept = Math.round(24_000 * (dlDiscard === 'record' ? coverage : ifBuffer));
      const counts = {
        kept,
        lost: 24_000 - kept,
        coverage: kept / 24_000,
        windows,
        blackoutNs,
        stallNs,
        pinnedBytesPeak,
      };
      const sessionNs = 1.8e9;
      const summary: StoredSummary = {
        summary: {
          ...{ policy: policy.id, reference: 24_000, sessionNs, ...counts, vmDead: verdict === 'dead' },
          ...(p99 && { durations: { p50: p99, p90: p99, p99, max: p99 } }),
          ...{ blackoutShare: blackoutNs / sessionNs, slowdown: stallNs / sessionNs, pinnedByteSeconds: 0 },
          lostByKind: each(windowKinds),
          lostByCause: each([...causeClasses, 'none'] as const),
          ...{ stallByKind: each(stallKinds), faults: 0, faultsByCause: each(causeClasses) },
        },
      };
      addResult(db, run, {
        ...{ policy, dlDiscard, ...counts },
        summary,
      });
    }
    if (!verdict) continue;
    const judged = { word: verdict, few: false, reason: 'no key moved', coverage };
    const skew = { tvd: 0.013, nullMean: 0.009, nullP95: 0.013, pValue: 0.04, excess: 0.004 };
    addSkew(db, run, { policy: id, dlDiscard: 'record', key: 'pc', ...skew, verdict, detail: { verdict: judged } });
  }
}
