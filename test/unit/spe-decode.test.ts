import { describe, expect, it } from 'vitest';
import { Warnings } from '../../core/formats/problems.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { dumpBytes, dumpPackets } from '../../core/formats/spe/dump.ts';
import { eventNames, opName } from '../../core/formats/spe/names.ts';
import { sampleJson } from '../../core/formats/spe/sample-json.ts';
import { sourceName } from '../../core/formats/spe/sources.ts';
import {
  aux,
  auxtrace,
  identityTime,
  kernelRecord,
  perfFile,
  speFile,
  speInfo,
  timeConv,
  words,
} from './perf-data.builder.ts';
import { columnsOf, fixture, open, rows } from './spe.rows.ts';

const pc = (address: number): Uint8Array => words(Uint8Array.of(0xb0), BigInt(address) | (1n << 63n));
const ts = (ticks: number): Uint8Array => words(Uint8Array.of(0x71), BigInt(ticks));
const context = (tid: number): Uint8Array => words(Uint8Array.of(0x64), tid);
const total = (cycles: number): Uint8Array => Uint8Array.of(0x98, cycles, 0);
const END = Uint8Array.of(0x01);
const pad = (n: number): Uint8Array => new Uint8Array(n);

/** Decodes one per-CPU file and picks a few fields. */
function decode(
  bytes: Uint8Array,
  ...fields: string[]
): { rows: string[]; warnings: Record<string, [number, number | undefined]> } {
  const warnings = new Warnings();
  const list = rows(open(bytes, warnings), 4, warnings).map((row) => fields.map((field) => row[field]).join(' '));
  return { rows: list, warnings: Object.fromEntries(warnings.list().map((w) => [w.kind, [w.count, w.bytes]])) };
}

describe('records', () => {
  it('end with TIMESTAMP or END; END gives no time; padding goes with the record before it', () => {
    const stream = words(pad(3), pc(16), ts(5), pc(32), pad(7), END, pad(9), pc(48), ts(7), pad(2));
    expect(decode(speFile(stream), 'pc', 'ts', 'time_ns', 'len').rows).toEqual(['10 5 5 18', '20 - - 26', '30 7 7 20']);
  });

  it('a repeated packet overrides, an unknown index is ignored', () => {
    const stream = words(total(3), total(9), Uint8Array.of(0x9f, 1, 0), Uint8Array.of(0xb7), 5n, pc(16), pc(32), ts(1));
    expect(decode(speFile(stream), 'pc', 'total', 'xlat').rows).toEqual(['20 9 -']);
  });

  describe('packets that few captures have', () => {
    const context2 = (value: number): Uint8Array => words(Uint8Array.of(0x65), value);
    // Packet by packet at first, then by its layout.
    const thrice = (...packets: Uint8Array[]) => speFile(words(...packets, ...packets, ...packets));

    it('alternate issue latency has a column of its own', () => {
      const file = thrice(pc(16), Uint8Array.of(0x99, 3, 0), Uint8Array.of(0x9c, 7, 1), ts(1));
      expect(decode(file, 'issue', 'alt')).toEqual({ rows: Array(3).fill('3 263'), warnings: {} });
      expect(decode(thrice(pc(16), ts(1)), 'issue', 'alt').rows).toEqual(Array(3).fill('- -'));
    });

    it('of two contexts both are kept, and that of EL2 tells the thread, whichever comes first', () => {
      const fields = ['context1', 'context2', 'tid'] as const;
      expect(decode(thrice(context(7), context2(8), ts(1)), ...fields).rows).toEqual(Array(3).fill('7 8 8'));
      expect(decode(thrice(context2(8), context(7), ts(1)), ...fields).rows).toEqual(Array(3).fill('7 8 8'));
      expect(decode(thrice(context2(8), ts(1)), ...fields).rows).toEqual(Array(3).fill('- 8 8'));
      const mixed = words(context(7), ts(1), context2(8), ts(2), context(5), context2(6), ts(3));
      const want = ['7 - 7', '- 8 8', '5 6 6'];
      expect(decode(speFile(words(mixed, mixed)), ...fields).rows).toEqual([...want, ...want]);
      // Other values of bits 1:0 are reserved.
      expect(decode(thrice(context(7), words(Uint8Array.of(0x66), 9), ts(1)), ...fields).rows[2]).toBe('7 - 7');
    });

    it('NS and NSE give the state of each address but a data virtual one', () => {
      const at = (h: number, top: bigint): Uint8Array => words(Uint8Array.of(h), (top << 56n) | 0x10n);
      const tops = { root: 0x10n, realm: 0xb0n, secure: 0x20n, 'non-secure': 0xa0n };
      for (const [word, top] of Object.entries(tops)) {
        const file = thrice(at(0xb0, top), at(0xb2, 0x10n), at(0xb3, 0x80n), ts(1));
        expect(decode(file, 'states', 'pa').rows).toEqual(Array(3).fill(`${word},-,-,non-secure 10`));
        const branch = thrice(at(0xb0, 0x90n), at(0xb1, top), at(0xb4, 0x20n), ts(1));
        expect(decode(branch, 'states').rows).toEqual(Array(3).fill(`realm,${word},secure,-`));
        const pa = thrice(at(0xb3, top), ts(1));
        expect(decode(pa, 'states', 'pa').rows).toEqual(Array(3).fill(`-,-,-,${word} 10`));
      }
    });
  });

  it('PC, targets and data addresses become addresses', () => {
    const address = (h: number, value: bigint): Uint8Array => words(Uint8Array.of(h), value);
    const levels = [0x80n, 0xa0n, 0xc0n, 0xe0n, 0x40n].map((top) =>
      words(address(0xb0, (top << 56n) | 0xff_8000n), END),
    );
    expect(decode(speFile(words(...levels)), 'pc', 'el').rows).toEqual([
      'ff8000 0',
      'ff00000000ff8000 1',
      'ff00000000ff8000 2',
      'ff8000 3',
      'ff8000 2',
    ]);
    const data = words(
      address(0xb2, 0x12_0f_0000_0000_0010n),
      END,
      address(0xb2, 0x7ff0_0000_0000_0010n),
      END,
      address(0xb3, 0xff12_3456_789a_bcden),
      END,
    );
    expect(decode(speFile(data), 'va', 'pa').rows).toEqual([
      'f000000000010 -',
      'fff0000000000010 -',
      '- 123456789abcde',
    ]);
  });

  it('extended headers reach the same fields', () => {
    const stream = words(
      Uint8Array.of(0x20, 0xb0),
      0x77n,
      Uint8Array.of(0x20, 0x98, 5, 0),
      Uint8Array.of(0x21, 0x98, 6, 0),
      END,
    );
    expect(decode(speFile(stream), 'pc', 'total').rows).toEqual(['77 5']);
  });

  it('garbage is skipped a byte at a time and counted by run', () => {
    const stream = words(
      pc(16),
      Uint8Array.of(0xff, 0xfe, 0xfd),
      ts(1),
      Uint8Array.of(0xff),
      pc(32),
      ts(2),
      Uint8Array.of(0x71, 2, 3),
    );
    const { rows: list, warnings } = decode(speFile(stream), 'pc', 'ts');
    expect(list).toEqual(['10 1', '20 2']);
    expect(warnings['spe-bad-packet']).toEqual([3, 7]);
  });
});

describe('buffers and AUX records', () => {
  const whole = words(pc(16), context(3), ts(1), pc(32), context(4), ts(2));
  const file = (...records: Uint8Array[]): Uint8Array => perfFile([identityTime, speInfo, ...records]);

  it('a record goes on in the next buffer of its queue', () => {
    const cut = 9 + 5 + 9 + 9;
    const bytes = file(
      aux(0n, BigInt(whole.length), 0n),
      auxtrace(0, 0, -1, 0n, whole.subarray(0, cut)),
      auxtrace(1, 1, -1, 0n, words(pc(64), ts(9))),
      auxtrace(0, 0, -1, BigInt(cut), whole.subarray(cut)),
    );
    expect(decode(bytes, 'cpu', 'pc', 'tid', 'len').rows).toEqual(['0 10 3 23', '0 20 4 23', '1 40 - 24']);
  });

  it('a record cut by the hardware is dropped, padding after it left out', () => {
    const cut = words(pc(16), ts(1), pc(32), Uint8Array.of(0xb2, 1, 2, 3));
    const after = words(pc(48), ts(3));
    const payload = words(cut, pad(64 - cut.length), after);
    const bytes = file(
      aux(0n, BigInt(cut.length), 5n),
      aux(64n, BigInt(after.length), 0n),
      auxtrace(0, 0, -1, 0n, payload),
    );
    const { rows: list, warnings } = decode(bytes, 'pc', 'ts', 'len');
    expect(list).toEqual(['10 1 18', '30 3 18']);
    expect(warnings).toEqual({ 'spe-truncated': [1, undefined], 'spe-cut-record': [1, 13] });
  });

  it('a bad byte before the cut costs itself alone', () => {
    const cut = words(pc(16), ts(1), Uint8Array.of(0x02, 0x02), pc(32), ts(2), pc(48), Uint8Array.of(0xb2, 1));
    const bytes = file(aux(0n, BigInt(cut.length), 5n), auxtrace(0, 0, -1, 0n, cut));
    const { rows: list, warnings } = decode(bytes, 'pc', 'ts');
    expect(list).toEqual(['10 1', '20 2']);
    expect(warnings).toMatchObject({ 'spe-bad-packet': [1, 2], 'spe-cut-record': [1, 11] });
  });

  it('a hole of more than padding is SPE data whose AUX record is lost', () => {
    const gap = words(...Array.from({ length: 500 }, () => words(pc(64), ts(9))));
    const first = words(pc(16), ts(1));
    const last = words(pc(32), ts(2));
    const at = first.length + gap.length;
    expect(gap.length).toBeGreaterThan(4096);
    const bytes = file(
      aux(0n, BigInt(first.length), 0n),
      aux(BigInt(at), BigInt(last.length), 0n),
      auxtrace(0, 0, -1, 0n, words(first, gap, last)),
    );
    expect(decode(bytes, 'pc').rows).toHaveLength(502);
    // Up to 4 KiB are what the kernel pads with: left out, whatever they hold.
    const short = gap.subarray(0, 18 * 200);
    const padded = file(
      aux(0n, BigInt(first.length), 0n),
      aux(BigInt(first.length + short.length), BigInt(last.length), 0n),
      auxtrace(0, 0, -1, 0n, words(first, short, last)),
    );
    expect(decode(padded, 'pc').rows).toEqual(['10', '20']);
  });

  it('a hole in the stream drops the record before it', () => {
    const bytes = file(
      aux(0n, 1000n, 0n),
      auxtrace(0, 0, -1, 0n, words(pc(16), ts(1), pc(32))),
      auxtrace(0, 0, -1, 512n, words(ts(2), pc(48), ts(3))),
    );
    const { rows: list, warnings } = decode(bytes, 'pc', 'ts');
    expect(list).toEqual(['10 1', '- 2', '30 3']);
    expect(warnings['spe-cut-record']?.[0]).toBe(1);
  });

  it('data without AUX record is decoded: with a note when others have one', () => {
    const half = words(pc(16), ts(1));
    const bare = decode(file(auxtrace(0, 0, -1, 0n, half)), 'pc');
    expect(bare).toEqual({ rows: ['10'], warnings: {} });
    const partly = decode(file(aux(0n, 18n, 0n), auxtrace(0, 0, -1, 0n, words(half, pc(32), ts(2)))), 'pc');
    expect(partly).toEqual({ rows: ['10', '20'], warnings: { 'spe-unclaimed': [1, expect.any(Number)] } });
  });

  it('snapshots that overlap give each record once', () => {
    const bytes = file(
      aux(0n, 18n, 2n),
      auxtrace(0, 0, -1, 0n, words(pc(16), ts(1), pc(32), ts(2), pad(4))),
      auxtrace(0, 0, -1, 18n, words(pc(32), ts(2), pad(4), pc(48), ts(3), pad(6))),
    );
    expect(decode(bytes, 'pc').rows).toEqual(['10', '20', '30']);
  });

  it('rounding of a buffer does not count twice', () => {
    const bytes = file(
      aux(0n, 36n, 0n),
      auxtrace(0, 0, -1, 0n, words(pc(16), ts(1))),
      auxtrace(0, 0, -1, 18n, words(pc(32), ts(2))),
    );
    expect(decode(bytes, 'pc', 'len')).toEqual({ rows: ['10 18', '20 18'], warnings: {} });
  });
});

describe('threads', () => {
  const sw = (time: bigint, tid: number, next: number): Uint8Array =>
    kernelRecord(15, 1 << 13, words(next, next), { time, pid: tid, tid });
  const file = (stream: Uint8Array, ...records: Uint8Array[]): Uint8Array =>
    perfFile([identityTime, speInfo, ...records, auxtrace(0, 0, -1, 0n, stream)]);

  it('by switch records: who left first ran before, then whoever came', () => {
    const stream = words(...[5, 10, 15, 20, 25, 7].map(ts));
    expect(decode(file(stream, sw(10n, 71, 72), sw(20n, 72, 0)), 'ts', 'tid').rows).toEqual([
      '5 71',
      '10 72',
      '15 72',
      '20 0',
      '25 0',
      '7 71',
    ]);
  });

  it('the first switch outranks ITRACE_START', () => {
    const start = kernelRecord(12, 0, words(80, 81), { time: 3n });
    expect(decode(file(words(ts(5), ts(11)), start, sw(10n, 71, 72)), 'tid').rows).toEqual(['71', '72']);
  });

  it('by ITRACE_START when there is no switch', () => {
    const start = kernelRecord(12, 0, words(80, 81), { time: 8n });
    expect(decode(file(words(ts(5), ts(9)), start), 'tid', 'pid').rows).toEqual(['81 80', '81 80']);
  });

  it('a CONTEXT packet holds from then on, and switch records no more', () => {
    const stream = words(ts(5), context(99), ts(11), ts(30), END);
    expect(decode(file(stream, sw(10n, 71, 72), sw(20n, 72, 73)), 'tid').rows).toEqual(['71', '99', '99', '99']);
  });

  it('nothing known: no tid', () => {
    expect(decode(file(words(ts(5))), 'tid', 'pid').rows).toEqual(['- -']);
  });

  it('per thread: the AUXTRACE record tells', () => {
    const bytes = perfFile([
      identityTime,
      speInfo,
      kernelRecord(3, 0, words(40, 41, 'x')),
      auxtrace(0, -1, 41, 0n, words(ts(5))),
    ]);
    expect(decode(bytes, 'cpu', 'tid', 'pid').rows).toEqual(['-1 41 40']);
  });
});

describe('time', () => {
  const at = (...records: Uint8Array[]): string[] =>
    decode(perfFile([...records, speInfo, auxtrace(0, 0, -1, 0n, ts(0x10))]), 'ts', 'time_ns').rows;

  it('by TIME_CONV with and without its short part; without one only ticks', () => {
    expect(at(timeConv(1n, 3n, 1000n))).toEqual(['16 1024']);
    expect(at(timeConv(0n, 1n, 0n, 0x1ff8n, 0xfffn))).toEqual([`16 ${0x2010}`]);
    expect(at()).toEqual(['16 -']);
    expect(at(timeConv(0n, 0n, 0n))).toEqual(['16 -']);
  });

  it('keeps ns beyond 2^53 exact in JSON', () => {
    const perf = open(
      perfFile([timeConv(0n, 1n, (1n << 60n) + 1n), speInfo, auxtrace(0, 0, -1, 0n, words(pc(1), ts(2)))]),
    );
    const lines: string[] = [];
    for (const queue of perf.queues)
      decodeSpe(perf, queue, columnsOf(4), (c) => lines.push(sampleJson(c, 0)), new Warnings());
    expect(lines).toEqual([`{"t":"${(1n << 60n) + 3n}","counter":2,"cpu":0,"pc":"0x1","el":0,"size":24}`]);
  });
});

describe('words', () => {
  it('a sample as JSON', () => {
    const perf = open(fixture('one-record.perf.data'));
    const lines: string[] = [];
    decodeSpe(
      perf,
      perf.queues[0],
      columnsOf(4),
      (c) => lines.push(sampleJson(c, 0, perf.midrs.get(-1))),
      new Warnings(),
    );
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        t: 1790307569094,
        counter: 44735549884,
        cpu: 0,
        pid: 4211,
        tid: 4211,
        pc: '0xaaaac1ba605c',
        el: 0,
        va: '0xffffa47066f0',
        pa: '0x80412da06f0',
        op: 'LD GP-REG',
        events: 'RETIRED L1D-ACCESS L1D-REFILL TLB-ACCESS LLC-ACCESS LLC-REFILL',
        totalLat: 387,
        issueLat: 8,
        xlatLat: 1,
        source: 'DRAM',
        context: 4211,
        size: 64,
      },
    ]);
  });

  it('data sources by core, numbers for cores not known', () => {
    expect([sourceName(0xb, 0x413fd0c1n), sourceName(3, 0xc00fac40n), sourceName(18, 0x480fd060n)]).toEqual([
      'SYS_CACHE',
      'SLC',
      'L1',
    ]);
    expect([sourceName(0xb), sourceName(0x77, 0x413fd0c1n), sourceName(0xb, 0x460f0010n)]).toEqual([
      '0xb',
      '0x77',
      '0xb',
    ]);
  });

  it('IMP DEF events by core', () => {
    expect(eventNames(1 << 12, 0, 0x413fd0c1n)).toEqual(['LATE-PREFETCH']);
    expect(eventNames((1 << 12) | 2, 1 << 31)).toEqual(['RETIRED', 'IMPDEF:12,63']);
  });

  it('an operation that perf has no words for is shown raw', () => {
    expect(opName(0, 0x09)).toBeUndefined();
    expect(dumpBytes(Uint8Array.of(0x48, 0x09))).toBe(
      '.  00000000:  48 09                                           OP-TYPE 0x9 (0)\n',
    );
  });

  it('a buffer of size 0 has its line', () => {
    const perf = open(perfFile([speInfo, auxtrace(0, 0, -1, 0n, pad(0))]));
    expect([...dumpPackets(perf)]).toEqual(['. ... ARM SPE data: size 0 bytes\n']);
  });
});
