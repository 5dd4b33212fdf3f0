/** The synthesised trace.dat fixtures, as code: what they hold and why. Real captures are in test/fixtures/trace too. */
import { Bytes, format, page, record, traceDat, type Entry } from '../unit/trace-dat-writer.ts';

const kallsyms = Array.from(
  { length: 20 },
  (_, i) => `ffff8000080${String(i).padStart(2, '0')}000 T function_${i}\t[mod]\n`,
)
  .concat(['ffff800008005000 t alias_of_5\n', 'ffff800009000000 A absolute\n', 'ffff800009000004 t $x\n'])
  .join('');
const printk = '0xffff80000a000000 : "count %d of %s at %ps: 0x%llx\\n"\n0xffff80000a000040 : "constant text"\n';

/** One field of each kind and size, at fixed places; the dynamic ones after them. */
const fields = [
  'field:u8 a;\toffset:8;\tsize:1;\tsigned:0;',
  'field:s8 sa;\toffset:9;\tsize:1;\tsigned:1;',
  'field:u16 b;\toffset:10;\tsize:2;\tsigned:0;',
  'field:int c;\toffset:12;\tsize:4;\tsigned:1;',
  'field:unsigned int uc;\toffset:16;\tsize:4;\tsigned:0;',
  'field:short sb;\toffset:20;\tsize:2;\tsigned:1;',
  'field:u64 d;\toffset:24;\tsize:8;\tsigned:0;',
  'field:long sd;\toffset:32;\tsize:8;\tsigned:1;',
  'field:char comm[16];\toffset:40;\tsize:16;\tsigned:0;',
  'field:u32 list[4];\toffset:56;\tsize:16;\tsigned:0;',
  'field:__data_loc char[] name;\toffset:72;\tsize:4;\tsigned:0;',
  'field:__rel_loc char[] rel;\toffset:76;\tsize:4;\tsigned:0;',
  'field:__data_loc u8[] bytes;\toffset:80;\tsize:4;\tsigned:0;',
  'field:const char * ptr;\toffset:88;\tsize:8;\tsigned:0;',
  'field:u8 mac[6];\toffset:96;\tsize:6;\tsigned:0;',
  'field:u8 ip4[4];\toffset:104;\tsize:4;\tsigned:0;',
  'field:u8 ip6[16];\toffset:108;\tsize:16;\tsigned:0;',
  'field:void * fn;\toffset:128;\tsize:8;\tsigned:0;',
  'field:__data_loc unsigned long[] mask;\toffset:136;\tsize:4;\tsigned:0;',
];

/** Values of those fields; `n` varies them. */
function body(n: number): Uint8Array {
  const wide = [0n, 0xffffffffffffffffn, 0x123456789abcdef0n, 0x80000000n, 7n][n % 5];
  const out = new Bytes()
    .raw([n * 37, 256 - (n + 1)])
    .u16(n * 4099)
    .u32(n % 2 ? -n - 1 : n * 100000);
  out
    .u32(n % 3 ? 0xdeadbeef : n)
    .u16(n % 2 ? 0xfffe : 42)
    .u16(0)
    .u64(wide)
    .u64(n % 2 ? -wide : wide);
  out.text(['', 'kvm', 'a task name lon', 'CPU 0/KVM', 'x'][n % 5].padEnd(16, '\0'));
  for (let i = 0; i < 4; i++) out.u32(n * 1000 + i);
  const name = ['dynamic\0', '\0', 'other text\0'][n % 3];
  const base = 144;
  const bytesAt = base + 16;
  const relAt = base + 32;
  const maskAt = base + 48;
  out
    .u32(base | (name.length << 16))
    .u32((relAt - 8 - 72) | (9 << 16))
    .u32(bytesAt | (5 << 16))
    .u32(0);
  out.u64(n % 2 ? 0xffff80000a000040n : 0xffff80000a000041n);
  out.raw([2, 0, 0x5e, n, 16, 255]).u16(0).raw([192, 168, n, 1]);
  out.raw(
    [
      [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n],
      new Array<number>(10).fill(0).concat([255, 255, 10, 0, 0, n]),
    ][n % 2],
  );
  out
    .u32(0)
    .u64(n % 4 === 3 ? 5n : 0xffff800008005000n + BigInt(n * 16))
    .u32(maskAt | (8 << 16))
    .u32(0);
  out
    .text(name)
    .padTo(bytesAt - 8)
    .raw([1, 2, 254, n, 0])
    .padTo(relAt - 8)
    .text('relative\0')
    .padTo(maskAt - 8);
  return out.u64([0xff00000000000001n, 0n, 0x8000000000000000n, 0x5n, 0xffffffffn][n % 5]).done();
}

/** Print formats, each one rule of libtraceevent's parser or printer; also those that it can't read. */
const prints = [
  '"%d %u %x %X %o %i", REC->c, REC->uc, REC->uc, REC->uc, REC->b, REC->sb',
  '"[%8d] [%-8d] [%08d] [%.5d] [%8.3d] [%-8.3x]", REC->c, REC->c, REC->c, REC->c, REC->c, REC->a',
  '"%#x %#o %#lx %#llx %#016lx %#08x [%#12x] [%-#12x]", REC->a, REC->a, REC->d, REC->d, REC->d, REC->a, REC->a, REC->a',
  '"%lx %llx %016llx %ld %lu %lld %llu %Lx %zu %zx", REC->d, REC->d, REC->d, REC->d, REC->d, REC->sd, REC->sd, REC->d, REC->d, REC->d',
  '"%hd %hu %hx %hhd %hhu %hhx", REC->c, REC->c, REC->c, REC->c, REC->c, REC->c',
  '"%5.2f %e %c %% %", REC->a',
  '"%c", REC->a',
  '"tab\\there\\\\ newline\\n quote\\" percent%%d"',
  '"%s|%20s|%-20s|%.3s|%10.4s|", REC->comm, REC->comm, REC->comm, REC->comm, REC->comm',
  '"%s [%12s] [%-12s]", __get_str(name), __get_str(name), __get_str(name)',
  '"%s", __get_rel_str(rel)',
  '"%s %s", REC->ptr, REC->d',
  '"%*d|%-*d|%.*s|%*s|", 6, REC->a, 6, REC->a, 3, REC->comm, 10, REC->comm',
  '"%p %p %px %pK %pB", REC->ptr, (void *)REC->a, REC->ptr, REC->ptr, (void *)REC->fn',
  '"%ps %pS %pf %pF", REC->fn, REC->fn, (void *)REC->fn, REC->fn',
  '"%pM %pm %pMF %pMR %pmR", REC->mac, REC->mac, REC->mac, REC->mac, REC->mac',
  '"%pI4 %pi4 %pI4h %pI4l %pI4n %pI4b", REC->ip4, REC->ip4, REC->ip4, REC->ip4, REC->ip4, REC->ip4',
  '"%pI6 %pi6 %pI6c", REC->ip6, REC->ip6, REC->ip6',
  '"%pUb %pUB %pUl %pUL %pU", REC->ip6, REC->ip6, REC->ip6, REC->ip6, REC->ip6',
  '"%*ph %*phC %*phD %*phN %ph", 3, __get_dynamic_array(bytes), 9, __get_dynamic_array(bytes), 2, __get_dynamic_array(bytes), 4, __get_dynamic_array(bytes), __get_dynamic_array(bytes)',
  '"%pM %pI4 %pUb", REC->ip4, REC->mac, REC->a',
  '"%s", __print_flags(REC->a, "|", { 1, "ONE" }, { 2, "TWO" }, { 4 | 8, "TWELVE" }, { 0x10, "SIXTEEN" })',
  '"%s", __print_flags(REC->d & 0xff, "", { 0x80, "TOP" }, { -1, "NONE" })',
  '"%-12s|", __print_symbolic(REC->a, { 0, "zero" }, { 37, "one" }, { 0x4a, "two" }, { (1 << 6) + 47, "three" })',
  '"%s", __print_symbolic(REC->c, { -2, "minus two" }, { 200000, "many" })',
  '"%s %s", __print_hex(REC->mac, 6), __print_hex_str(REC->mac, 3)',
  '"%s", __print_hex(__get_dynamic_array(bytes), __get_dynamic_array_len(bytes))',
  '"%s %s %s", __print_array(REC->list, 4, 4), __print_array(REC->list, 2, 2), __print_array(__get_dynamic_array(bytes), 5, 1)',
  '"%s %s", __get_bitmask(mask), __get_cpumask(mask)',
  '"%d %d %d", REC->a - REC->b - REC->c, REC->b / 2 * 3, 100 - 10 - 1',
  '"%d %d %d", REC->a * (REC->b + 1), (REC->a + 1) * REC->b, REC->a << (2 + 1)',
  '"%d %d %d %d", REC->a & 0xf, REC->a | 0x100, REC->a >> 2, (REC->a & 0xf0) >> 4',
  '"%d %d %d %d %d %d", REC->a < REC->b, REC->a <= 37, REC->a == 37, REC->a != 37, REC->a > 37, REC->a >= 37',
  '"%d %d %d", REC->a && REC->b, REC->a || REC->b, !REC->a',
  '"%d %lld %x", -REC->c, ~REC->d, ~REC->a',
  '"%s", REC->a ? "yes" : "no"',
  '"%s", REC->c == -4 ? "restart" : REC->c < 0 ? "error" : __print_symbolic(REC->a, { 37, "x" })',
  '"%d", REC->a > 1 ? REC->b + 1 : REC->c',
  '"%d %d %d", (u8)REC->uc, (s16)REC->uc, (unsigned short)REC->uc',
  '"%lx %x %lld", (unsigned long)(REC->d), (int)REC->d, (long long)(REC->c)',
  '"%d %d", REC->list[1], REC->list[REC->list[0] - REC->list[0] + 2]',
  '"%u %u", REC->list[3], REC->mac[2]',
  '"%u %d", ((u8 *)__get_dynamic_array(bytes))[2], __get_dynamic_array_len(name)',
  '"%d %d %d %d", sizeof(int), sizeof(unsigned long), sizeof(long long), sizeof(REC->d)',
  '"%u", (REC)->uc',
  '"%lu", ((((REC->d) >> 12) & ((1UL << 40) - 1)) << 12)',
  '"%lu", (unsigned long)REC->d % 1000',
  '"major %d minor %d", ((unsigned int) ((REC->uc) >> 20)), ((unsigned int) ((REC->uc) & ((1U << 20) - 1)))',
  '"%s" " and " "%d", REC->comm, REC->a',
  '"%d", __builtin_expect(REC->a, 0)',
  '"%s", unknown_function(REC->a)',
  '"%d %d", REC->a',
  '"%d", REC->nothing',
  '"%s", &REC->comm',
  '"%d", REC->a ^ REC->b',
  '"%d", 3 ^ 5',
  '"%lld %llu", -1, 0xffffffffffffffff',
  '"%s", REC->a.b',
  '"%x", ++REC->a',
  '"%d", function_5',
  '"%pISpc", __get_sockaddr(bytes)',
  '"", REC->a',
  '"no arguments"',
];

const bprint = format(
  'bprint',
  6,
  [
    'field:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;',
    'field:const char * fmt;\toffset:16;\tsize:8;\tsigned:0;',
    'field:u32 buf[];\toffset:24;\tsize:0;\tsigned:0;',
  ],
  '"%ps: %s", (void *)REC->ip, REC->fmt',
);
const print = format(
  'print',
  5,
  ['field:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;', 'field:char buf[];\toffset:16;\tsize:0;\tsigned:0;'],
  '"%ps: %s", (void *)REC->ip, REC->buf',
);
const oldFunction = format(
  'function',
  1,
  [
    'field:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;',
    'field:unsigned long parent_ip;\toffset:16;\tsize:8;\tsigned:0;',
  ],
  '" %ps <-- %ps"',
);

function bprintRecord(n: number): Uint8Array {
  const out = new Bytes().u64(0xffff800008003010n).u64(n === 2 ? 0x1234 : 0xffff80000a000000n);
  out
    .u32(n - 1)
    .text('guest\0')
    .padTo(16 + 12)
    .u64(0xffff800008007004n)
    .u64(0xdeadn);
  return record(6, 0, out.done());
}

/** All print formats, five records of each, and the ftrace events that have rules of their own. */
function everyFormat(): Uint8Array {
  const systems = { rules: prints.map((p, i) => format(`rule_${i}`, 100 + i, fields, p)) };
  const payloads = prints.flatMap((_, i) => [0, 1, 2, 3, 4].map((n) => record(100 + i, 77 + (n % 2), body(n))));
  payloads.push(record(5, 0, new Bytes().u64(0xffff800008002000n).cString('a mark').done()));
  payloads.push(...[0, 1, 2].map(bprintRecord));
  payloads.push(record(1, 78, new Bytes().u64(0xffff800008001000n).u64(0xffff800008019fffn).done()));
  payloads.push(record(999, 78, new Uint8Array(8)));
  const pages: Uint8Array[] = [];
  for (let at = 0; at < payloads.length; at += 16) {
    const entries = payloads.slice(at, at + 16).map((payload): Entry => ({ kind: 'event', delta: 7, payload }));
    pages.push(page({ time: 1000000n + BigInt(at) * 100n, entries }));
  }
  const comms = '77 seventy seven\n78 kvm-nx-lpage-re\n';
  return traceDat({
    version: 6,
    ftrace: [oldFunction, print, bprint],
    systems,
    kallsyms,
    printk,
    comms,
    cpus: [pages],
  });
}

const tick = (n: number): Uint8Array => record(5, n, new Bytes().u64(0xffff800008002000n).cString(`tick ${n}`).done());
const event = (delta: number, n: number): Entry => ({ kind: 'event', delta, payload: tick(n) });

/** Time extends and stamps, padding, long records, ties between CPUs, losses, an empty CPU and an empty page. */
function ringBuffer(): Uint8Array[][] {
  return [
    [
      page({ time: 1000n, entries: [event(0, 1), event(5, 2), { kind: 'extend', delta: 1n << 33n }, event(3, 3)] }),
      page({ time: (1n << 33n) + 3000n, entries: [], lost: undefined }),
      page({ time: (1n << 33n) + 5000n, entries: [event(0, 4), event(0, 5)], lost: 'some' }),
    ],
    [
      page({
        time: 1000n,
        entries: [
          event(0, 11),
          { kind: 'padding', delta: 5, bytes: 24 },
          event(0, 12),
          { kind: 'stamp', time: (1n << 40n) + 17n },
        ],
      }),
      page({
        time: (1n << 40n) + 100n,
        entries: [event(2, 13), { kind: 'event', delta: 1, payload: tick(14), long: true }],
        lost: 1234,
      }),
    ],
    [],
    [page({ time: 0xfffffff0n, entries: [event(1, 31), event(20, 32), event(0x7ffffff, 33)], lost: 7 })],
  ];
}

/** A TIME_SHIFT option: `[time, offset, scaling, fraction]` samples a CPU. */
function timeShift(flags: number, cpus: [bigint, bigint, bigint, bigint][][]): Uint8Array {
  const out = new Bytes().u64(0x1234).u32(flags).u32(cpus.length);
  for (const samples of cpus) {
    out.u32(samples.length);
    for (const column of [0, 1, 2]) for (const sample of samples) out.u64(sample[column]);
  }
  for (const samples of cpus) for (const sample of samples) out.u64(sample[3]);
  return out.done();
}

/** One sample, two, several (out of order, one time twice), none; events before, between and behind them. */
const shifts: [bigint, bigint, bigint, bigint][][] = [
  [[0n, 5000n, 1n, 0n]],
  [
    [900n, -300n, 1n, 0n],
    [1200n, 600n, 1n, 0n],
  ],
  [],
  [
    [0x100000010n, 70n, 1n, 0n],
    [0xfffffff1n, 10n, 3n, 1n],
    [0xfffffff1n, 99n, 1n, 0n],
    [0x100000005n, 40n, 5n, 2n],
  ],
];

const tsc = new Bytes().u32(0x5fffffff).u32(31).u64(77n).done();

const common = { ftrace: [print], kallsyms, comms: '1 init\n11 with spaces in it\n', clock: 'mono' };

export function synthesised(): Record<string, Uint8Array> {
  const cpus = ringBuffer();
  const second = [[page({ time: 1002n, entries: [event(0, 41), event(1 << 20, 42)], lost: 3 })], []];
  return {
    'formats.v6.dat': everyFormat(),
    'ring.v6.dat': traceDat({ ...common, version: 6, cpus }),
    'ring.v7.dat': traceDat({ ...common, version: 7, cpus }),
    'ring.v7-zstd.dat': traceDat({ ...common, version: 7, compression: 'zstd', cpus }),
    'ring.v7-zlib.dat': traceDat({ ...common, version: 7, compression: 'zlib', cpus }),
    'instances.v7.dat': traceDat({
      ...common,
      version: 7,
      compression: 'zstd',
      cpus,
      instances: { stage2: second, 'a/b': cpus },
    }),
    'counter.v7.dat': traceDat({ ...common, version: 7, cpus, clock: 'counter' }),
    'offset.v6.dat': traceDat({
      ...common,
      version: 6,
      cpus,
      options: [
        [7, Buffer.from('-900\0')],
        [1, Buffer.from('0x10\0')],
      ],
    }),
    'guest.v7.dat': traceDat({ ...common, version: 7, cpus, options: [[12, timeShift(1, shifts)]] }),
    'guest-steps.v6.dat': traceDat({ ...common, version: 6, cpus, options: [[12, timeShift(0, shifts)]] }),
    'tsc.v7.dat': traceDat({ ...common, version: 7, cpus, clock: 'x86-tsc', options: [[14, tsc]] }),
    'long4.v6.dat': traceDat({ ...common, version: 6, longSize: 4, cpus: pages32() }),
  };
}

/** The pages of a 32-bit kernel. */
function pages32(): Uint8Array[][] {
  const longSize = 4;
  return [
    [
      page({ time: 1000n, longSize, entries: [event(0, 1), event(5, 2)] }),
      page({ time: 3000n, longSize, entries: [event(0, 4)], lost: 9 }),
    ],
    [page({ time: 1001n, longSize, entries: [event(0, 11)], lost: 'some' })],
  ];
}
