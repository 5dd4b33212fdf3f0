/** trace.dat: facts, losses, and files that must fail, with the message they must fail with. */
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { InputError, Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { synthesised } from '../golden/trace-fixtures.ts';
import { Bytes, format, page, record, traceDat, type Entry } from './trace-dat-writer.ts';

const files = synthesised();
const ticks = format('tick', 500, ['field:u64 n;\toffset:8;\tsize:8;\tsigned:0;'], '"%llu", REC->n');
const tick = (delta: number, n: number): Entry => ({
  kind: 'event',
  delta,
  payload: record(500, 9, new Bytes().u64(n).done()),
});

interface Result {
  rows: [t: bigint, cpu: number, lost: number, text: string][];
  warnings: Warnings;
}

function read(bytes: Uint8Array): Result {
  const warnings = new Warnings();
  const file = openTraceDat(memorySource(bytes, 'x.dat'), warnings);
  const printer = new EventPrinter(file);
  const rows: Result['rows'] = [];
  file.read(new TraceColumns(2), (c) => {
    for (let i = 0; i < c.n; i++) rows.push([c.t[i], c.cpu[i], c.lostBefore[i], printer.text(c, i)]);
  });
  return { rows, warnings };
}

const simple = (cpus: Uint8Array[][]): Uint8Array => traceDat({ systems: { test: [ticks] }, cpus });

test('facts', () => {
  const file = openTraceDat(memorySource(files['instances.v7.dat']), new Warnings());
  expect(file.facts).toMatchObject({
    format: 'trace.dat',
    version: 7,
    compression: 'zstd',
    clock: 'mono',
    nanoseconds: true,
    cpus: 4,
    pageSize: 4096,
    eventFormats: 1,
  });
  expect(file.facts.buffers.map((b) => b.name)).toEqual(['', 'stage2', 'a/b']);
  expect(file.facts.options.map((o) => o.name)).toContain('TRACECLOCK');
  const guest = new Bytes().cString('vm1').u64(0x1234).u32(2).u32(0).u32(100).u32(1).u32(101).done();
  const options: [number, Uint8Array][] = [
    [5, Buffer.from('Linux host 6.1.0 aarch64\0')],
    [9, Buffer.from('3.1.6 x\0')],
    [11, new Bytes().u64(0xabcdn).done()],
    [13, guest],
    [2, Buffer.from('CPU: 0\nentries: 3\n')],
  ];
  for (const version of [6, 7] as const) {
    const { facts } = openTraceDat(memorySource(traceDat({ version, cpus: [[]], options })), new Warnings());
    expect(facts).toMatchObject({
      version,
      uname: 'Linux host 6.1.0 aarch64',
      recorder: 'trace-cmd 3.1.6 x',
      traceId: '0xabcd',
    });
    expect(facts.guests).toEqual([
      {
        name: 'vm1',
        traceId: '0x1234',
        vcpus: [
          { vcpu: 0, tid: 100 },
          { vcpu: 1, tid: 101 },
        ],
      },
    ]);
    expect(facts.cpuStats).toEqual(['CPU: 0\nentries: 3']);
  }
});

test('times past 2^53 and 2^63 are exact', () => {
  const { rows } = read(
    simple([
      [
        page({
          time: (1n << 63n) + 1n,
          entries: [tick(0, 1), tick(2, 2), { kind: 'extend', delta: (1n << 59n) - 1n }, tick(0, 3)],
        }),
      ],
    ]),
  );
  expect(rows.map(([t]) => t)).toEqual([(1n << 63n) + 1n, (1n << 63n) + 3n, (1n << 63n) + 2n + (1n << 59n)]);
});

test('ties go to the lower CPU; a CPU that goes back in time keeps its order', () => {
  const { rows } = read(
    simple([
      [page({ time: 10n, entries: [tick(0, 1), tick(5, 2)] }), page({ time: 3n, entries: [tick(0, 3)] })],
      [page({ time: 10n, entries: [tick(0, 11), tick(5, 12), tick(0, 13)] })],
    ]),
  );
  expect(rows.map(([t, cpu, , text]) => `${t}/${cpu}/${text}`)).toEqual([
    '10/0/1',
    '10/1/11',
    '15/0/2',
    '3/0/3',
    '15/1/12',
    '15/1/13',
  ]);
});

test('losses: counted, uncounted, and in pages that hold nothing else', () => {
  const { rows, warnings } = read(
    simple([
      [
        page({ time: 10n, entries: [tick(0, 1)] }),
        page({ time: 20n, entries: [], lost: 5 }),
        page({ time: 30n, entries: [{ kind: 'extend', delta: 1n }, tick(0, 2), tick(0, 3)], lost: 6 }),
        page({ time: 40n, entries: [tick(0, 4)], lost: 'some' }),
      ],
    ]),
  );
  expect(rows.map(([, , lost]) => lost)).toEqual([0, 11, 0, 0xffffffff]);
  expect(warnings.list()).toMatchObject([
    { severity: 'data-loss', kind: 'trace-lost-events', count: 11, t0: '10', t1: '31' },
    { severity: 'data-loss', kind: 'trace-lost-uncounted', count: 1, t0: '31', t1: '40' },
  ]);
});

test('a damaged page is skipped and its loss marked', () => {
  const { rows, warnings } = read(
    simple([
      [
        page({ time: 10n, entries: [tick(0, 1)] }),
        page({ time: 20n, entries: [tick(0, 2)], commit: 5000 }),
        page({ time: 30n, entries: [tick(0, 3), { kind: 'padding', delta: 0, bytes: 4000 }] }),
        page({ time: 40n, entries: [tick(0, 4)], commit: 12 }),
        page({ time: 50n, entries: [tick(0, 5)] }),
      ],
    ]),
  );
  expect(rows.map(([, , lost, text]) => [lost, text])).toEqual([
    [0, '1'],
    [0xffffffff, '3'],
    [0xffffffff, '5'],
  ]);
  expect(warnings.list()[0]).toMatchObject({ kind: 'trace-bad-page', severity: 'data-loss', count: 2, offset: 8192 });
});

test('a damaged chunk costs its own events only', () => {
  const pages = [1, 2, 3].map((n) => page({ time: BigInt(n), entries: [tick(0, n)] }));
  const bytes = traceDat({
    version: 7,
    compression: 'zstd',
    systems: { test: [ticks] },
    cpus: [pages],
    pagesPerChunk: 1,
  });
  const magic = Buffer.from(bytes).lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), bytes.lastIndexOf(0xfd) - 1);
  bytes[magic] ^= 1;
  const { rows, warnings } = read(bytes);
  expect(rows).toHaveLength(2);
  expect(warnings.list().some((w) => w.kind === 'trace-bad-chunk' && w.severity === 'data-loss')).toBe(true);
});

test('a file cut short gives the events before the cut', () => {
  const pages = [1, 2, 3].map((n) => page({ time: BigInt(n), entries: [tick(0, n)] }));
  const bytes = simple([pages]);
  const { rows, warnings } = read(bytes.subarray(0, bytes.length - 4096 - 100));
  expect(rows.map(([, , , text]) => text)).toEqual(['1', '2']);
  expect(warnings.list()).toMatchObject([{ kind: 'trace-truncated', severity: 'data-loss', bytes: 4196 }]);
});

test('32-bit kernels', () => {
  const bytes = traceDat({
    longSize: 4,
    systems: { test: [ticks] },
    cpus: [[page({ time: 5n, longSize: 4, entries: [tick(1, 7)], lost: 2 })]],
  });
  expect(read(bytes).rows).toEqual([[6n, 0, 2, '7']]);
});

describe('files that can’t be read', () => {
  const v7 = (): Uint8Array => files['ring.v7-zstd.dat'].slice();
  /** Where the options start is the last number of the head. */
  const optionsAt = (bytes: Uint8Array): number => Buffer.from(bytes).indexOf('1.0\0') + 4;

  function withOptions(options: Uint8Array): Uint8Array {
    const bytes = v7();
    const at = optionsAt(bytes);
    new DataView(bytes.buffer).setBigUint64(at, BigInt(bytes.length), true);
    return Uint8Array.of(...bytes, ...options);
  }

  const section = (body: Bytes, flags = 0): Uint8Array =>
    new Bytes().u16(0).u16(flags).u32(0).u64(body.length).raw(body.done()).done();

  test.each<[string, () => Uint8Array, RegExp]>([
    ['nothing', () => new Uint8Array(0), /x\.dat: byte 0: not a trace\.dat/],
    ['another file', () => Buffer.from('PERFILE2 and more'), /not a trace\.dat/],
    [
      'a later version',
      () => Uint8Array.of(0x17, 8, 0x44, ...Buffer.from('tracing8\0\0\b')),
      /version 8 is not known \(6 and 7 are\)/,
    ],
    ['big endian', () => Uint8Array.of(0x17, 8, 0x44, ...Buffer.from('tracing6\0'), 1, 8), /big-endian/],
    ['only a head', () => v7().subarray(0, 30), /cut off|incomplete/],
    ['options past the end', () => v7().subarray(0, 500), /the file has 500 bytes: it is incomplete/],
    [
      'options that lead to themselves',
      () => withOptions(section(new Bytes().u16(0).u32(8).u64(files['ring.v7-zstd.dat'].length))),
      /lead back to themselves/,
    ],
    [
      'endless sizes',
      () => withOptions(section(new Bytes().u16(5).u32(0xffffffff))),
      /UNAME \(4294967295 bytes\) is cut off/,
    ],
    ['too many CPUs', () => withOptions(section(new Bytes().u16(8).u32(4).u32(0x7fffffff))), /2147483647 CPUs/],
    [
      'a bomb for options',
      () => {
        const packed = zstdCompressSync(new Uint8Array(64 << 20));
        const body = new Bytes().u32(packed.length).u32(4096).raw(packed);
        return withOptions(section(body, 1));
      },
      /can't be decompressed/,
    ],
    [
      'a section of 4 GB',
      () => withOptions(section(new Bytes().u32(10).u32(0xfffffff0).raw(new Uint8Array(10)), 1)),
      /claims 4294967280 bytes/,
    ],
    ['a latency tracer', () => latency(), /latency tracer/],
    ['lz4', () => Buffer.from(v7()).fill('lz4\0', 18, 22), /compressed with lz4/],
  ])('%s', (_, make, message) => {
    const open = (): unknown => read(new Uint8Array(make()));
    expect(open).toThrow(InputError);
    expect(open).toThrow(message);
  });

  function latency(): Uint8Array {
    const bytes = Buffer.from(files['ring.v6.dat']);
    bytes.write('latency  \0', bytes.indexOf('flyrecord\0'), 'latin1');
    return bytes;
  }

  test('CPUs that share their data', () => {
    const pages = [page({ time: 1n, entries: [tick(0, 1)] })];
    const one = simple([pages]);
    const bytes = Buffer.from(simple(Array.from({ length: 40 }, () => [])));
    const table = bytes.indexOf('flyrecord\0') + 10;
    for (let cpu = 0; cpu < 40; cpu++) {
      bytes.writeBigUInt64LE(0n, table + 16 * cpu);
      bytes.writeBigUInt64LE(BigInt(one.length), table + 16 * cpu + 8);
    }
    expect(() => read(new Uint8Array(bytes))).toThrow(/CPUs share the same data/);
  });

  test('a chunk that is a bomb gives no more than it announced', () => {
    const body = zstdCompressSync(new Uint8Array(80 << 20));
    const bytes = Buffer.from(v7());
    const chunk = new Bytes().u32(1).u32(body.length).u32(4096).raw(body).done();
    const at = bytes.length;
    const place = Buffer.alloc(12);
    place.writeUInt32LE(0, 0);
    const cpu0 = bytes.indexOf(new Bytes().cString('mono').u32(4096).u32(4).u32(0).done());
    bytes.writeBigUInt64LE(BigInt(at), cpu0 + 5 + 12);
    const { rows, warnings } = read(Uint8Array.of(...bytes, ...chunk));
    expect(rows.every(([, cpu]) => cpu !== 0)).toBe(true);
    expect(warnings.list().some((w) => w.kind === 'trace-bad-chunk')).toBe(true);
  });
});
