/** CSV of spe-parser: each column's meaning; and the words that perf has for events and operations. */
import { describe, expect, test } from 'vitest';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { Has, SpeColumns } from '../../core/formats/spe/columns.ts';
import { eventNames, opName } from '../../core/formats/spe/names.ts';
import { OpClass } from '../../core/formats/spe/packets.ts';
import { sourceName } from '../../core/formats/spe/sources.ts';
import { isSpeCsv, openSpeCsv } from '../../core/formats/spe-csv/spe-csv.ts';
import { eventBits, operation, sourceNumber } from '../../core/formats/spe-csv/words.ts';

const names = (
  'cpu op pc el event ts atomic excl ar subclass condition indirect sve_evl sve_pred sve_fp issue_lat total_lat xlat_lat ' +
  'vaddr paddr br_tgt br_tgt_lvl pbt pbt_lvl data_source context'
).split(' ');
type Row = Readonly<Record<string, string>>;
const empty: Row = Object.fromEntries(names.map((name) => [name, '']));
const plain: Row = {
  ...empty,
  cpu: '3',
  op: 'LD',
  pc: '0x400000',
  el: '0',
  event: 'RETIRED',
  ts: '1000',
  subclass: 'GP-REG',
};
const line = (row: Row) => names.map((name) => row[name]).join(',');
const bytes = (text: string) => new TextEncoder().encode(text);
/** ns = ticks · 10 + 7. */
const timeConv = { shift: 0n, mult: 10n, zero: 7n } as Parameters<typeof openSpeCsv>[1];

function read(text: string, conv: typeof timeConv = undefined, capacity = 4) {
  const warnings = new Warnings();
  const columns = new SpeColumns(capacity);
  const samples: Record<string, unknown>[] = [];
  openSpeCsv(memorySource(bytes(text), 'x.csv'), conv, warnings).read(columns, (c, map) => {
    for (let i = 0; i < c.n; i++) {
      const has = Object.entries(Has).flatMap(([name, bit]) => (c.present[i] & bit ? [name] : []));
      const hex = (column: BigUint64Array) => column[i].toString(16);
      samples.push({
        ...{ has: has.join(' '), cpu: c.cpu[i], el: c.el[i], op: c.op[i], size: c.size[i], map: map[i] },
        ...{ pc: hex(c.pc), va: hex(c.va), pa: hex(c.pa), to: hex(c.to), pbt: hex(c.pbt), events: hex(c.events) },
        ...{ t: c.t[i], counter: c.counter[i], total: c.totalLat[i], issue: c.issueLat[i], xlat: c.xlatLat[i] },
        ...{ source: c.source[i], context: c.context[i], tid: c.tid[i] },
      });
    }
  });
  return { samples, warnings: warnings.list() };
}
const sample = (row: Row, conv?: typeof timeConv) =>
  read(`${names.join(',')}\n${line({ ...plain, ...row })}\n`, conv).samples[0];

test('is known by the columns that all of its files have, quoted or not', () => {
  const is = (header: string) => isSpeCsv(bytes(header));
  expect([
    is('cpu,op,pc,el,event,ts'),
    is('"ts","event","el","pc","op","cpu","x"\r\n1,2'),
    is('x,cpu,op,pc,el,event,ts'),
  ]).toEqual([...[true, true, true]]);
  for (const missing of names.slice(0, 6))
    expect(
      is(
        names
          .slice(0, 6)
          .filter((n) => n !== missing)
          .join(','),
      ),
      missing,
    ).toBe(false);
  expect(() => read('cpu,op,pc,el,event\n')).toThrow("x.csv: byte 0: no column 'ts': is this a CSV of spe-parser?");
});

describe('a record', () => {
  test('has what its cells hold; 0 and nothing are the same', () => {
    expect(sample({})).toEqual({
      ...{
        has: 'PC EVENTS OP COUNTER',
        cpu: 3,
        el: 0,
        op: 0x100,
        size: 64,
        map: -1,
        pc: '400000',
        va: '0',
        pa: '0',
        to: '0',
        pbt: '0',
      },
      ...{ events: '2', t: 0n, counter: 1000n, total: 0, issue: 0, xlat: 0, source: 0, context: 0, tid: 0 },
    });
    const full = { vaddr: '0x1234', paddr: '0x80001234', issue_lat: '1', total_lat: '65536', xlat_lat: '65535' };
    expect(sample({ ...full, data_source: 'DRAM', context: '0x1f' })).toMatchObject({
      ...{ has: 'PC VA PA EVENTS OP TOTAL ISSUE XLAT SOURCE CONTEXT COUNTER TID', va: '1234', pa: '80001234' },
      ...{ total: 65535, issue: 1, xlat: 65535, source: 0xe, context: 31, tid: 31 },
    });
    const none = {
      total_lat: '0',
      issue_lat: '-1',
      xlat_lat: 'x',
      pc: '400000',
      vaddr: '0x',
      paddr: '0x12345678901234567',
      event: '',
    };
    expect(sample({ ...none, context: '0x123456789', data_source: 'NOWHERE', ts: '0' })).toMatchObject({ has: 'OP' });
  });

  test('its time is converted if the conversion is known', () => {
    expect(sample({}, timeConv)).toMatchObject({ has: 'PC EVENTS OP COUNTER TIME', t: 10_007n, counter: 1000n });
    expect(sample({ ts: '18446744073709551615' })).toMatchObject({ counter: 2n ** 64n - 1n });
    for (const ts of ['', '1.5', '-1', 'x1', '123456789012345678901'])
      expect(sample({ ts })['has'], ts).toBe('PC EVENTS OP');
  });

  test('code at EL1 and EL2 lies in the upper half, data where bits 55:52 say so', () => {
    const pc = (el: string) => sample({ pc: '0xff800008001000', el })['pc'];
    expect(['0', '1', '2', '3'].map(pc)).toEqual([
      'ff800008001000',
      'ffff800008001000',
      'ffff800008001000',
      'ff800008001000',
    ]);
    const branch = { op: 'B', br_tgt: '0x80001000', pbt: '0x80002000' };
    expect(sample({ ...branch, br_tgt_lvl: '1', pbt_lvl: '0' })).toMatchObject({
      to: 'ff00000080001000',
      pbt: '80002000',
    });
    expect(sample({ ...branch, br_tgt_lvl: '0', pbt_lvl: '2' })).toMatchObject({
      to: '80001000',
      pbt: 'ff00000080002000',
      has: 'PC TO PBT EVENTS OP COUNTER',
    });
    const va = (vaddr: string, el = '0') => sample({ vaddr, el })['va'];
    expect(va('0xaaff800008001000')).toBe('ffff800008001000');
    expect(va('0xaa0f800008001000')).toBe('f800008001000');
    expect(va('0xffff800008001000', '2')).toBe('ffff800008001000');
    // `ff` comes from spe-parser at EL2.
    expect(va('0xff0000aaaa0000', '2')).toBe('aaaa0000');
    expect(va('0xff0000aaaa0000', '1')).toBe('ffff0000aaaa0000');
  });

  test('lines that don’t fit the header are counted, empty ones aren’t; quotes hold commas', () => {
    const bad = [{ cpu: '' }, { cpu: '-1' }, { cpu: '1.5' }, { cpu: '32768' }, { cpu: 'x' }].map((row) =>
      line({ ...plain, ...row }),
    );
    const quoted = line({ ...plain, subclass: '"a,b"', cpu: '"7"' });
    const text = [
      names.map((n) => `"${n}"`).join(','),
      ...bad,
      '',
      `${line(plain)},`,
      'x',
      quoted,
      line({ ...plain, cpu: '32767' }),
    ];
    const { samples, warnings } = read(`${text.join('\n')}\n`);
    expect(samples.map(({ cpu }) => cpu)).toEqual([7, 32767]);
    expect(warnings.find((w) => w.kind === 'csv-line')).toMatchObject({ severity: 'undecoded', count: 7 });
  });

  test('batches are handed out when full; one class of records alone has its siblings named', () => {
    const text = (...rows: Row[]) =>
      `${names.join(',')}\n${rows.map((row) => line({ ...plain, ...row })).join('\n')}\n`;
    const numbered = Array.from({ length: 9 }, (_, k) => ({ cpu: String(k) }));
    expect(read(text(...numbered)).samples.map(({ cpu }) => cpu)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const told = (...rows: Row[]) =>
      read(text(...rows)).warnings.map(({ kind, message, count }) => `${kind} ${count} ${message}`);
    const size = 'spe-assumed-size 1 CSV has no record sizes: 64 bytes each are assumed';
    const one = (files: string) =>
      `csv-one-class 1 this is one of the three files of spe-parser: the other records are in ${files}`;
    expect(told({})).toEqual([size, one('-other.csv and -br.csv')]);
    expect(told({ op: 'B' })).toEqual([size, one('-other.csv and -ldst.csv')]);
    expect(told({ op: 'OTHER' })).toEqual([size, one('-ldst.csv and -br.csv')]);
    expect(told({}, { op: 'B' })).toEqual([size]);
    expect(told({ event: 'RETIRED:WHAT:WHY' }, { op: 'B', event: 'WHAT' })).toEqual([
      size,
      'csv-unknown-event 3 names of events that spe-parser does not know: left out',
    ]);
    expect(read(`${names.join(',')}\n`).warnings).toEqual([]);
  });
});

describe('words', () => {
  test('events by name, bits 25 to 0', () => {
    expect(eventBits('RETIRED')).toEqual({ bits: 2, unknown: 0 });
    expect(eventBits('EXCEPTION-GEN:L1D-ACCESS:SMCU')).toEqual({ bits: 1 | 4 | (1 << 25), unknown: 0 });
    expect(eventBits('RETIRED:NONE')).toEqual({ bits: 2, unknown: 1 });
  });

  test('data sources of Neoverse', () => {
    const all = ['L1D', 'L2D', 'PEER-CPU', 'LOCAL-CLUSTER', 'LL-CACHE', 'PEER-CLUSTER', 'REMOTE', 'DRAM', ''];
    expect(all.map(sourceNumber)).toEqual([0, 8, 9, 10, 11, 12, 13, 14, undefined]);
  });

  const words = {
    ...{ op: 'LD', subclass: '', evl: 0, atomic: false, exclusive: false, ordered: false },
    ...{ conditional: false, indirect: false, predicated: false, float: false },
  };
  const name = (more: Partial<typeof words>) => {
    const op = operation({ ...words, ...more });
    return opName(op >> 8, op & 0xff);
  };

  test('operations: perf’s words for what spe-parser says', () => {
    expect(name({ op: 'B' })).toBe('B');
    expect(name({ op: 'B', conditional: true })).toBe('B COND');
    expect(name({ op: 'B', indirect: true })).toBe('B IND');
    expect(name({ op: 'OTHER' })).toBe('OTHER INSN-OTHER');
    expect(name({ op: 'OTHER', conditional: true })).toBe('OTHER COND-SELECT');
    expect(name({ op: 'OTHER', evl: 128, predicated: true })).toBe('SVE-OTHER EVLEN 128 PRED');
    expect(name({ op: 'OTHER', evl: 32, float: true })).toBe('SVE-OTHER EVLEN 32 FP');
    for (const [subclass, register] of [
      ['GP-REG', 'GP-REG'],
      ['SIMD-FP', 'SIMD-FP'],
      ['NV-SYSREG', 'NV-SYSREG'],
      ['MTE-TAG', 'MTE-TAG'],
      ['MEMCPY', 'MEMCPY'],
      ['', 'UNSPEC-REG'],
      ['WHAT', 'UNSPEC-REG'],
    ] as const) {
      expect(name({ subclass })).toBe(`LD ${register}`);
      expect(name({ op: 'ST', subclass })).toBe(`ST ${register}`);
    }
    expect(name({ op: 'ST', subclass: 'MEMSET' })).toBe('ST MEMSET');
    expect(name({ atomic: true })).toBe('LD AT');
    expect(name({ op: 'ST', exclusive: true })).toBe('ST EXCL');
    expect(name({ ordered: true, exclusive: true, atomic: true })).toBe('LD AT EXCL AR');
    expect(name({ evl: 31 })).toBe('LD UNSPEC-REG');
    expect(name({ evl: 256, predicated: true })).toBe('LD SVE-SME-REG EVLEN 256 PRED');
    expect(name({ evl: 2048 })).toBe('LD SVE-SME-REG EVLEN 2048');
    expect(name({ evl: 65536 })).toBe('LD SVE-SME-REG EVLEN 4096');
    expect(name({ op: 'ST', evl: 128, atomic: true })).toBe('ST AT');
  });

  test('operations without a word of spe-parser’s', () => {
    const of = (opClass: number, ...payloads: number[]) => payloads.map((p) => opName(opClass, p));
    expect(of(OpClass.OTHER, 2, 4, 7, 0x10, 0x80, 0x0a)).toEqual([
      ...[
        'OTHER FP INSN-OTHER',
        'OTHER ASE INSN-OTHER',
        'OTHER ASE FP COND-SELECT',
        undefined,
        undefined,
        'SVE-OTHER EVLEN 32 FP',
      ],
    ]);
    expect(of(OpClass.OTHER, 0x88, 0x8c, 0x98, 0x9e, 0x09)).toEqual([
      ...['SME-OTHER ETS 128', 'SME-OTHER ETS 256', 'SME-OTHER ETS 512', 'SME-OTHER ETS 1024 FP', undefined],
    ]);
    expect(of(OpClass.LOAD_STORE, 0x88, 0x40, 0x45, 0x24, 0x25, 0x06, 0xe2, 0x50)).toEqual([
      ...['LD SVE-SME-REG EVLEN 32 SG', 'LD GCS', 'ST GCS COMM', 'LD', 'ST MEMSET', 'LD AT', 'LD', 'LD'],
    ]);
    expect(of(OpClass.BRANCH, 0x08, 0x10, 0x18, 0x1f)).toEqual([
      'B CR-BL',
      'B CR-RET',
      'B CR-NON-BL-RET',
      'B COND IND GCS CR-NON-BL-RET',
    ]);
    expect(opName(3, 0)).toBeUndefined();
  });

  test('events: those of all cores, then a core’s own, then numbers', () => {
    expect(eventNames(0b11, 0)).toEqual(['EXCEPTION-GEN', 'RETIRED']);
    expect(eventNames(0x80001000, 0x80000001)).toEqual(['IMPDEF:12,31,32,63']);
    // MIDR_EL1 of a Neoverse N1.
    expect(eventNames(0x1002, 1, 0x413fd0c1n)).toEqual(['RETIRED', 'LATE-PREFETCH', 'IMPDEF:32']);
    expect(eventNames(0x1000, 0, 0x410fd490n)).toEqual(['IMPDEF:12']);
    const all = Array.from({ length: 26 }, (_, bit) => eventNames(2 ** bit, 0)[0]);
    expect(all.join(' ')).toBe(
      'EXCEPTION-GEN RETIRED L1D-ACCESS L1D-REFILL TLB-ACCESS TLB-REFILL NOT-TAKEN MISPRED LLC-ACCESS LLC-REFILL REMOTE-ACCESS ' +
        'ALIGNMENT IMPDEF:12 IMPDEF:13 IMPDEF:14 IMPDEF:15 TXN SVE-PARTIAL-PRED SVE-EMPTY-PRED L2D-ACCESS L2D-MISS HITM LFB SNOOPED ' +
        'STREAMING-SVE SMCU',
    );
  });

  test('data sources by core, as perf has them; else a number', () => {
    const midr = (implementer: number, part: number) => BigInt(implementer * 2 ** 24 + 0xf0000 + part * 16 + 1);
    const names = (own: bigint | undefined, n: number) =>
      Array.from({ length: n }, (_, source) => sourceName(source, own)).join(' ');
    const common = 'L1D 0x1 0x2 0x3 0x4 0x5 0x6 0x7 L2 PEER_CORE LOCAL_CLUSTER SYS_CACHE PEER_CLUSTER REMOTE DRAM 0xf';
    for (const part of [
      0xd4d, 0xd81, 0xd89, 0xd87, 0xd4b, 0xd44, 0xd4c, 0xd4e, 0xd82, 0xd85, 0xd0c, 0xd49, 0xd40, 0xd4f, 0xd84,
    ])
      expect(names(midr(0x41, part), 16), part.toString(16)).toBe(common);
    expect(names(midr(0x4e, 0x010), 16)).toBe(common);
    expect(names(midr(0xc0, 0xac4), 10)).toBe(
      'LOCAL_CHIP_CACHE_OR_DEVICE 0x1 0x2 SLC 0x4 REMOTE_CHIP_CACHE 0x6 DDR L1D L2D',
    );
    expect(names(midr(0x48, 0xd06), 20)).toBe(
      'PEER_CPU PEER_CPU_HITM L3 L3_HITM PEER_CLUSTER PEER_CLUSTER_HITM REMOTE_SOCKET REMOTE_SOCKET_HITM LOCAL_MEM REMOTE_MEM ' +
        '0xa 0xb 0xc NC_DEV 0xe 0xf L2 L2_HITM L1 0x13',
    );
    expect([names(midr(0x41, 0xd03), 2), names(undefined, 2)]).toEqual(['0x0 0x1', '0x0 0x1']);
  });
});
