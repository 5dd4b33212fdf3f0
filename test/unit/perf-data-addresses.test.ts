import { describe, expect, it } from 'vitest';
import { AddressMap } from '../../core/formats/perf-data/address-map.ts';
import { coreName } from '../../core/formats/perf-data/cores.ts';
import { readTimeConv, ticksToNs } from '../../core/formats/perf-data/time-conv.ts';
import { kernelRecord, perfFile, timeConv, words } from './perf-data.builder.ts';
import { open } from './spe.rows.ts';

const USER = 2;
const KERNEL = 1;
const COMM_EXEC = 1 << 13;

function mmap2(pid: number, start: bigint, length: bigint, name: string, time = 0n, pgoff = 0n): Uint8Array {
  return kernelRecord(10, USER, words(pid, pid, start, length, pgoff, 0, 0, 0n, 0n, 5, 2, name), { time });
}
const kernelMap = (start: bigint, length: bigint, pgoff: bigint, name: string): Uint8Array =>
  kernelRecord(1, KERNEL, words(-1, 0, start, length, pgoff, name));
const fork = (pid: number, parent: number, time: bigint, misc = 0): Uint8Array =>
  kernelRecord(7, misc, words(pid, parent, pid, parent, time), { time });
const exec = (pid: number, time: bigint): Uint8Array => kernelRecord(3, COMM_EXEC, words(pid, pid, 'new'), { time });

function finder(...records: Uint8Array[]): (pid: number, pc: bigint, t?: bigint, el?: number) => string | undefined {
  const map = new AddressMap(open(perfFile(records)));
  return (pid, pc, t, el = 0) => map.maps[map.find(pid, pc, el, t)]?.filename;
}

describe('address map', () => {
  it('finds by process, and at the edges', () => {
    const find = finder(
      mmap2(1, 0x1000n, 0x1000n, 'a'),
      mmap2(1, 0x2000n, 0x1000n, 'b'),
      mmap2(2, 0x1000n, 0x1000n, 'c'),
    );
    expect([0xfffn, 0x1000n, 0x1fffn, 0x2000n, 0x2fffn, 0x3000n].map((pc) => find(1, pc))).toEqual([
      undefined,
      'a',
      'a',
      'b',
      'b',
      undefined,
    ]);
    expect(find(2, 0x1800n)).toBe('c');
    expect(find(3, 0x1800n)).toBeUndefined();
  });

  it('keeps addresses exact where doubles round', () => {
    const find = finder(mmap2(1, 0x7fff_ffff_ffff_f001n, 1n, 'one byte'));
    expect(find(1, 0x7fff_ffff_ffff_f001n)).toBe('one byte');
    expect(find(1, 0x7fff_ffff_ffff_f002n)).toBeUndefined();
    expect(find(1, 0x7fff_ffff_ffff_f000n)).toBeUndefined();
  });

  it('high addresses and exception levels above 0 are the kernel, whoever runs', () => {
    const base = 0xffff_8000_8000_0000n;
    const find = finder(kernelMap(base, 0x1000n, base, '[kernel.kallsyms]_text'), mmap2(1, 0x1000n, 0x1000n, 'a'));
    expect(find(1, base + 4n)).toBe('[kernel.kallsyms]_text');
    expect(find(99, base + 4n, 5n, 2)).toBe('[kernel.kallsyms]_text');
    expect(find(1, 0x1000n, 5n, 1)).toBeUndefined();
  });

  it('a later mapping covers an earlier one from its time on', () => {
    const find = finder(mmap2(1, 0x1000n, 0x3000n, 'old', 10n), mmap2(1, 0x2000n, 0x1000n, 'new', 20n));
    expect([find(1, 0x2000n, 15n), find(1, 0x2000n, 20n), find(1, 0x1000n, 30n), find(1, 0x3000n, 30n)]).toEqual([
      'old',
      'new',
      'old',
      'old',
    ]);
  });

  it('a fork inherits what was mapped before it, an exec clears it', () => {
    const find = finder(
      mmap2(1, 0x1000n, 0x1000n, 'parent', 5n),
      fork(2, 1, 10n),
      mmap2(1, 0x5000n, 0x1000n, 'parent later', 12n),
      exec(2, 20n),
      mmap2(2, 0x9000n, 0x1000n, 'child', 21n),
      fork(3, 1, 30n, 1 << 13),
    );
    expect(find(2, 0x1000n, 15n)).toBe('parent');
    expect(find(2, 0x5000n, 15n)).toBeUndefined();
    expect(find(2, 0x1000n, 25n)).toBeUndefined();
    expect(find(2, 0x9000n, 25n)).toBe('child');
    expect(find(3, 0x1000n, 35n)).toBeUndefined();
  });

  it('survives forks in a circle, and mappings nested a thousand deep', () => {
    const circle = finder(fork(1, 2, 5n), fork(2, 1, 5n));
    expect(circle(1, 0x1000n, 9n)).toBeUndefined();
    const nested = Array.from({ length: 1000 }, (_, i) =>
      mmap2(1, BigInt(i), BigInt(4000 - 2 * i), `m${i}`, BigInt(i)),
    );
    const find = finder(...nested);
    expect(find(1, 1500n)).toBe('m999');
    expect(find(1, 0n)).toBe('m0');
  });

  it('gives the offset in the file', () => {
    const map = new AddressMap(open(perfFile([mmap2(1, 0xaaaa_0000n, 0x1000n, 'a', 0n, 0x3000n)])));
    expect(map.fileOffset(map.find(1, 0xaaaa_0123n, 0), 0xaaaa_0123n)).toBe(0x3123n);
  });
});

describe('TIME_CONV', () => {
  const read = (bytes: Uint8Array): ReturnType<typeof readTimeConv> =>
    readTimeConv(new DataView(bytes.buffer), 0, bytes.length);

  it('reads both kinds, and refuses one that can not convert', () => {
    expect(read(timeConv(24n, 671088640n, 7n))).toEqual({ shift: 24n, mult: 671088640n, zero: 7n, short: undefined });
    expect(read(timeConv(24n, 1n, 7n, 100n, 0xffn))?.short).toEqual({ cycles: 100n, mask: 0xffn });
    expect(read(timeConv(24n, 0n, 7n))).toBeUndefined();
    expect(read(timeConv(64n, 1n, 7n))).toBeUndefined();
  });

  it('converts as the kernel documents, past 2^53 ns too', () => {
    const conv = {
      shift: 24n,
      mult: 671088640n,
      zero: 248528673n,
      short: { cycles: 44734686451n, mask: (1n << 56n) - 1n },
    };
    expect(ticksToNs(conv, 44742772466n)).toBe(
      248528673n + (44742772466n >> 24n) * 671088640n + (((44742772466n & 0xffffffn) * 671088640n) >> 24n),
    );
  });
});

it('names cores whatever their revision', () => {
  expect(coreName(0x413fd0c1n)).toBe('Neoverse-N1');
  expect(coreName(0x410fd4f0n)).toBe('Neoverse-V2');
  expect(coreName(0x00000000n)).toBeUndefined();
});
