import { constants, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isPerfData, midrOf } from '../../core/formats/perf-data/perf-data.ts';
import { requireSpe } from '../../core/formats/perf-data/no-spe.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import {
  aux,
  auxtrace,
  identityTime,
  kernelRecord,
  perfFile,
  record,
  speFile,
  speInfo,
  words,
} from './perf-data.builder.ts';
import { fixture, open } from './spe.rows.ts';

const comm = (tid: number, name: string): Uint8Array => kernelRecord(3, 0, words(tid, tid, name));
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function kinds(bytes: Uint8Array): Record<string, number> {
  const warnings = new Warnings();
  open(bytes, warnings);
  return Object.fromEntries(warnings.list().map((w) => [w.kind, w.count]));
}

describe('what is no perf.data of ours', () => {
  it.each([
    ['big-endian', words(ascii('2ELIFREP'), new Uint8Array(96)), /big-endian machine/],
    ['old', words(ascii('PERFFILE'), new Uint8Array(96)), /older than Linux 3.0/],
    ['cut header', speFile(new Uint8Array(8)).subarray(0, 50), /byte 50: ends within its header/],
    ['header size', words(ascii('PERFILE2'), 17n, new Uint8Array(100)), /byte 8: header of 17 bytes/],
    [
      'attr size',
      words(ascii('PERFILE2'), 104n, 3n, new Uint8Array(16), 104n, new Uint8Array(56)),
      /byte 24: event attributes of 3 bytes/,
    ],
    [
      'data outside',
      words(ascii('PERFILE2'), 104n, 144n, 104n, 0n, 999n, 8n, new Uint8Array(48)),
      /byte 40: records should start at byte 999/,
    ],
    ['other', words(ascii('tracing!'), new Uint8Array(96)), /not a perf.data file/],
  ])('%s', (_, bytes, message) => {
    expect(() => open(bytes)).toThrow(InputError);
    expect(() => open(bytes)).toThrow(message);
  });

  it('is recognised as perf.data all the same when perf wrote it', () => {
    expect(isPerfData(ascii('2ELIFREP'))).toBe(true);
    expect(isPerfData(ascii('PERFILE2 and more'))).toBe(true);
    expect(isPerfData(ascii('PERFILE'))).toBe(false);
  });

  it('without SPE opens, and says what there is when SPE is asked for', () => {
    const samples = [record(9, 0, words(1n, 2n)), record(9, 0, words(1n, 2n))];
    const update = record(78, 0, words(2n, 1n, 'kvm:kvm_exit'));
    const perf = open(perfFile([comm(1, 'init'), update, ...samples]));
    expect(perf.samples).toBe(2);
    expect(() => requireSpe(perf)).toThrow(/no SPE data in it; its 2 samples are of kvm:kvm_exit. Record with/);
    const intel = open(perfFile([record(70, 0, words(1, 0, new Uint8Array(64)))]));
    expect(() => requireSpe(intel)).toThrow(/but Intel PT/);
    expect(() => requireSpe(open(perfFile([speInfo])))).toThrow(/not one AUXTRACE record/);
  });
});

describe('damage', () => {
  const file = perfFile([
    identityTime,
    speInfo,
    comm(7, 'seven'),
    auxtrace(0, 0, -1, 0n, new Uint8Array(64)),
    comm(8, 'eight'),
  ]);

  it('a cut file keeps what is there, and says how much is missing', () => {
    const warnings = new Warnings();
    const perf = open(file.subarray(0, file.length - 20), warnings);
    expect([...perf.comms]).toEqual([[7, 'seven']]);
    expect(perf.queues[0].buffers.n).toBe(1);
    expect(warnings.list().map((w) => [w.kind, w.bytes])).toEqual([
      ['perf-short-file', 20],
      ['perf-cut-record', expect.any(Number)],
    ]);
  });

  it('AUX data cut by the end of the file is clipped to it', () => {
    const cut = file.subarray(0, file.length - 48 - 40);
    expect(open(cut).queues[0].buffers.size[0]).toBeLessThan(64);
    expect(open(cut).queues[0].buffers.size[0]).toBeGreaterThan(0);
  });

  it('a data size of 0 (perf record was killed) reads on to the end', () => {
    const bytes = Uint8Array.from(file);
    new DataView(bytes.buffer).setBigUint64(48, 0n, true);
    expect(open(bytes).comms.get(8)).toBe('eight');
    expect(kinds(bytes)).toEqual({ 'perf-unfinished': 1 });
  });

  it('bytes that are no record are skipped up to the next ones', () => {
    const names = ['eight', 'nine', 'ten'].map((name, i) => comm(8 + i, name));
    const bytes = perfFile([comm(7, 'seven'), new Uint8Array(50).fill(0xff), ...names]);
    const warnings = new Warnings();
    expect([...open(bytes, warnings).comms.keys()]).toEqual([7, 8, 9, 10]);
    expect(warnings.list()).toMatchObject([{ kind: 'perf-bad-record', bytes: 50, severity: 'data-loss' }]);
  });

  it.each([1, 2])('%i headers in a row within damage that make sense by chance are no records', (n) => {
    const byChance = Array.from({ length: n }, (_, i) => comm(90 + i, 'chance'));
    const names = ['eight', 'nine', 'ten'].map((name, i) => comm(8 + i, name));
    const damage = words(new Uint8Array(20).fill(0xff), ...byChance, new Uint8Array(30).fill(0xff));
    const bytes = perfFile([comm(7, 'seven'), damage, ...names]);
    const warnings = new Warnings();
    expect([...open(bytes, warnings).comms.keys()]).toEqual([7, 8, 9, 10]);
    expect(warnings.list()).toMatchObject([{ kind: 'perf-bad-record', count: 1, bytes: damage.length }]);
  });

  it('fewer than three records between damage and the end of the file are read', () => {
    const bytes = perfFile([comm(7, 'seven'), new Uint8Array(50).fill(0xff), comm(8, 'eight'), comm(9, 'nine')]);
    expect([...open(bytes).comms.keys()]).toEqual([7, 8, 9]);
  });

  it('a record of size 0 with nothing behind it ends the walk', () => {
    const bytes = perfFile([comm(7, 'seven'), new Uint8Array(64)]);
    expect([...open(bytes).comms.keys()]).toEqual([7]);
    expect(kinds(bytes)).toEqual({ 'perf-bad-record': 1 });
  });

  it('records of unknown types are stepped over and counted', () => {
    const perf = open(
      perfFile([record(63, 0, new Uint8Array(24)), record(200, 0, new Uint8Array(8)), comm(8, 'eight')]),
    );
    expect(perf.comms.get(8)).toBe('eight');
    expect(perf.facts.records).toEqual({ TOTAL: 3, COMM: 1, 'type 63': 1, 'type 200': 1 });
  });

  it('records shorter than their fields are not read', () => {
    expect(kinds(perfFile([record(11, 0, new Uint8Array(8)), record(71, 0, new Uint8Array(8))]))).toEqual({
      'perf-short-record': 2,
    });
  });

  it('feature sections that are cut or lie outside the file are reported', () => {
    const bytes = perfFile([identityTime], { 3: words(400, ascii('short')), 6: words(8, ascii('aarch64\0')) });
    expect(kinds(bytes)).toEqual({ 'perf-feature': 1 });
    expect(open(bytes).facts.arch).toBe('aarch64');
  });
});

describe('facts', () => {
  it('of a version 2 capture', () => {
    const perf = open(fixture('v2meta.perf.data'));
    expect(perf.facts).toMatchObject({
      mode: 'file',
      hostname: 'spe-host',
      release: '6.1.0-generic',
      perfVersion: '6.17.0',
      arch: 'aarch64',
      cpuDesc: 'Neoverse-V2',
      cpusOnline: 4,
      totalMemory: 16777216 * 1024,
      spe: {
        metadata: 2,
        pmus: [{ type: 9, name: 'arm_spe_0' }],
        cores: [{ midr: '0x410fd4f0', name: 'Neoverse-V2', cpus: [0, 1, 2, 3] }],
        config: {
          ts_enable: true,
          pa_enable: true,
          pct_enable: false,
          load_filter: true,
          min_latency: 0,
          period: '1024',
        },
        mode: 'per-cpu',
        queues: 4,
        auxBytes: 25600,
      },
      sampleTime: { first: expect.stringMatching(/^17897705/), last: expect.stringMatching(/^17897705/) },
      timeConv: { shift: '24', mult: '16777216', zero: '510299412', cycles: '1788760216090', mask: '0xffffffffffffff' },
    });
    expect(perf.facts.events.map((e) => e.name)).toEqual([expect.stringMatching(/^arm_spe_0\//), 'dummy:u']);
    expect(midrOf(perf, 3)).toBe(0x410fd4f0n);
    expect(midrOf(perf, -1)).toBe(0x410fd4f0n);
  });

  it('record counts equal `perf report --stats` (7.2) of a compressed and a pipe-mode file', () => {
    const common = { COMM: 8, FORK: 3, MMAP: 2, MMAP2: 4, AUX: 4, ITRACE_START: 2, SWITCH_CPU_WIDE: 2, KSYMBOL: 1 };
    const tool = { ID_INDEX: 1, AUXTRACE_INFO: 1, THREAD_MAP: 1, CPU_MAP: 1, TIME_CONV: 1, FINISHED_INIT: 1 };
    expect(open(fixture('variant-zstd.perf.data')).facts.records).toEqual({
      ...common,
      ...tool,
      TOTAL: 45,
      AUXTRACE: 4,
      FINISHED_ROUND: 4,
      COMPRESSED: 5,
    });
    expect(open(fixture('variant-pipe.perf.data')).facts.records).toEqual({
      ...common,
      ...tool,
      TOTAL: 57,
      AUXTRACE: 2,
      FINISHED_ROUND: 2,
      ATTR: 2,
      EVENT_UPDATE: 2,
      FEATURE: 17,
    });
  });

  it('the pipe-mode twin tells as much as a file', () => {
    const { facts } = open(fixture('variant-pipe.perf.data'));
    expect(facts).toMatchObject({
      mode: 'pipe',
      hostname: 'spe-host',
      spe: { config: { ts_enable: true }, cores: [{ name: 'Neoverse-N1' }] },
    });
    expect(facts.events.map((e) => e.name)).toEqual([expect.stringMatching(/^arm_spe_0\//), 'dummy:u']);
  });

  it.each([
    [['-m', ',16M'], 16 << 20],
    [['-m,64'], 64 * 4096],
    [['--mmap-pages=8,512K'], 512 << 10],
    [['-m', '8'], undefined],
    [[], undefined],
  ])('AUX buffer size from the command line %j', (args, bytes) => {
    const list = ['perf', 'record', ...args];
    const text = list.map((a) => words(a.length + 1 + (-(a.length + 1) & 7), a));
    const perf = open(perfFile([speInfo], { 11: words(list.length, ...text) }));
    expect(perf.facts.commandLine).toEqual(list);
    expect(perf.facts.spe?.auxBufferBytes).toBe(bytes);
  });

  it('keeps of strings and lists what real ones have', () => {
    const string = (bytes: number): Uint8Array => words(bytes, new Uint8Array(bytes).fill(0x61));
    const perf = open(
      perfFile([comm(1, 'init')], {
        3: string(1 << 20),
        11: words(0xffffffff, ...Array.from({ length: 5000 }, () => string(4))),
        16: words(0xffffffff, ...Array.from({ length: 70_000 }, (_, type) => words(type, string(4)))),
      }),
    );
    expect(perf.facts.hostname).toBe(`${'a'.repeat(4096)}…`);
    expect([perf.facts.commandLine?.length, perf.facts.commandLine?.at(-1)]).toEqual([4097, '…']);
  });
});

describe('side band', () => {
  it('reads who, when and where from the sample_id trailer', () => {
    const trailer = { pid: 5, tid: 6, time: 2n ** 60n + 1n, cpu: 3 };
    const perf = open(
      perfFile([
        aux(2n ** 40n, 64n, 5n, trailer),
        kernelRecord(15, 1 << 13, words(8, 9), trailer),
        kernelRecord(14, 0, new Uint8Array(0), trailer),
        kernelRecord(2, 0, words(1n, 77n), trailer),
        kernelRecord(13, 0, words(78n), trailer),
        kernelRecord(12, 0, words(5, 6), trailer),
      ]),
    );
    const { auxRecords: a, switches: s, lost } = perf;
    expect([a.n, a.t[0], a.cpu[0], a.tid[0], a.offset[0], a.size[0], a.flags[0]]).toEqual([
      1,
      trailer.time,
      3,
      6,
      2 ** 40,
      64,
      5,
    ]);
    expect([s.n, ...s.out.subarray(0, 2), s.otherTid[0], s.otherTid[1], s.tid[0], s.cpu[1]]).toEqual([
      2, 1, 0, 9, -1, 6, 3,
    ]);
    expect([lost.count[0], lost.samples[0], lost.count[1], lost.samples[1]]).toEqual([77, 0, 78, 1]);
    expect(perf.starts).toEqual([{ t: trailer.time, cpu: 3, pid: 5, tid: 6 }]);
    expect([...perf.pids].sort()).toEqual([
      [6, 5],
      [9, 8],
    ]);
  });

  it('AUX data outside what a double can count is refused', () => {
    expect(kinds(perfFile([aux(2n ** 53n, 1n, 0n), aux(2n ** 63n, 2n ** 63n, 0n)]))).toEqual({ 'perf-bad-aux': 2 });
  });

  it('grows its columns', () => {
    const many = Array.from({ length: 1000 }, (_, i) => aux(BigInt(i * 64), 64n, 0n, { time: BigInt(i) }));
    const { auxRecords } = open(perfFile(many));
    expect(auxRecords.n).toBe(1000);
    expect([auxRecords.t[999], auxRecords.offset[999]]).toEqual([999n, 999 * 64]);
  });

  it('tells where tracing data lies, in file and in pipe mode', () => {
    const perf = open(perfFile([identityTime], { 1: ascii('tracing data here') }));
    const at = perf.tracingData;
    expect(at && Buffer.from(perf.source.read(at.offset, at.size)).toString()).toBe('tracing data here');
    const pipe = words(ascii('PERFILE2'), 16n, record(66, 0, words(16)), ascii('0123456789abcdef'), comm(3, 'after'));
    const piped = open(pipe);
    expect(piped.tracingData).toEqual({ offset: 28, size: 16 });
    expect(piped.facts.records['COMM']).toBe(1);
  });
});

describe('compressed records', () => {
  const inner = words(...Array.from({ length: 300 }, (_, i) => comm(i + 1, `thread-${i}`)));
  const frame = new Uint8Array(zstdCompressSync(inner));

  /** Cuts the zstd stream into COMPRESSED records of `size` bytes, which cut frames and the records inside anywhere. */
  const file = (size: number, padded: boolean): Uint8Array => {
    const records: Uint8Array[] = [];
    for (let at = 0; at < frame.length; at += size) {
      const part = frame.subarray(at, at + size);
      const padding = new Uint8Array(-part.length & 7).fill(0xee);
      records.push(padded ? record(83, 0, words(BigInt(part.length), part, padding)) : record(81, 0, part));
    }
    return perfFile(records);
  };

  it.each([
    [1, false],
    [7, false],
    [64, true],
    [61, true],
    [60000, true],
  ])('of %i bytes (COMPRESSED2: %s) give the records inside', (size, padded) => {
    const perf = open(file(size, padded));
    expect(perf.comms.size).toBe(300);
    expect(perf.comms.get(300)).toBe('thread-299');
    expect(perf.facts.records['COMM']).toBe(300);
  });

  it.each([1, 3, 19])('of many blocks and several frames, at level %i', (level) => {
    const names = Array.from({ length: 20_000 }, (_, i) => comm(i + 1, `t${Math.imul(i, 2654435761) >>> 0}`));
    const params = { [constants.ZSTD_c_compressionLevel]: level };
    const frames = [names.slice(0, 15_000), names.slice(15_000)].map((part) =>
      zstdCompressSync(words(...part), { params }),
    );
    const skippable = words(0x184d2a53, 3, Uint8Array.of(1, 2, 3));
    const stream = words(frames[0], skippable, frames[1]);
    const records: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += 5000) records.push(record(81, 0, stream.subarray(at, at + 5000)));
    const perf = open(perfFile(records));
    expect(perf.facts.records['COMM']).toBe(20_000);
    expect(perf.comms.get(20_000)).toBe(`t${Math.imul(19_999, 2654435761) >>> 0}`);
  });

  it('a record cut by the end is reported', () => {
    const cut = new Uint8Array(zstdCompressSync(inner.subarray(0, inner.length - 5)));
    expect(kinds(perfFile([record(81, 0, cut)]))).toEqual({ 'perf-bad-compression': 1 });
  });

  it('damaged ones end the stream, not the file', () => {
    const bytes = perfFile([comm(1, 'before'), record(81, 0, ascii('this is no zstd frame')), comm(2, 'after')]);
    expect([...open(bytes).comms.values()]).toEqual(['before', 'after']);
    expect(kinds(bytes)).toEqual({ 'perf-bad-compression': 1 });
  });

  it('a window beyond all measure is refused before memory is taken', () => {
    const huge = words(0xfd2fb528, Uint8Array.of(0x00, 0xa8), new Uint8Array(40));
    const warnings = new Warnings();
    open(perfFile([record(81, 0, huge)]), warnings);
    expect(warnings.list()[0].message).toMatch(/zstd window of 2147483648 bytes/);
  });

  it('a bomb is stopped', () => {
    const block = Uint8Array.of(0x02 | ((0x20000 << 3) & 0xff), (0x20000 >> 5) & 0xff, (0x20000 >> 13) & 0xff, 0);
    const bomb = words(0xfd2fb528, Uint8Array.of(0x00, 0x58), ...Array.from({ length: 4000 }, () => block));
    const warnings = new Warnings();
    open(perfFile([record(81, 0, bomb)]), warnings);
    expect(warnings.list()[0].kind).toBe('perf-bad-compression');
  });
});
