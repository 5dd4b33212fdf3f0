/** Binaries and functions as text of perf script names them, with mappings or without; and perf's names for events. */
import { describe, expect, test } from 'vitest';
import { eventName } from '../../core/formats/perf-data/event-name.ts';
import { isSideBand, SideBandText } from '../../core/formats/perf-script/side-band.ts';
import { KnownPlace, TextCode } from '../../core/formats/perf-script/text-code.ts';
import type { TextBinary, TextSymbol } from '../../core/formats/spe/text-samples.ts';

const mmap = (pid: number, tid: number, range: string, file: string) =>
  `x 1 [000] 1.0: PERF_RECORD_MMAP2 ${pid}/${tid}: [${range} @ 0x2000 08:01 1234 0]: r-xp ${file}`;

describe('side-band lines', () => {
  const band = (...lines: string[]) => {
    const all = new SideBandText();
    for (const line of lines) all.take(line, 7n);
    return all;
  };

  test('are known by the record’s name', () => {
    expect([
      isSideBand('PERF_RECORD_MMAP2 1/1'),
      isSideBand('PERF_RECORD_'),
      isSideBand('aPERF_RECORD_X'),
      isSideBand('x'),
    ]).toEqual([...[true, false, false, false]]);
  });

  test('say what was mapped where: by process, from the first byte to the last', () => {
    const all = band(mmap(10, 11, '0xaaaa0000(0x1000)', '/bin/a b'));
    expect(all.maps).toBe(1);
    const at = (pc: bigint, tid = 10, pid = -1) => all.find(pc, tid, pid, undefined)?.file;
    expect([0xaaa9ffffn, 0xaaaa0000n, 0xaaaa0fffn, 0xaaaa1000n].map((pc) => at(pc))).toEqual([
      undefined,
      '/bin/a b',
      '/bin/a b',
      undefined,
    ]);
    // The thread that mapped it is one of the process's; others are processes of their own.
    expect([at(0xaaaa0000n, 11), at(0xaaaa0000n, 12), at(0xaaaa0000n, 12, 10), at(0xaaaa0000n, 11, 12)]).toEqual([
      ...['/bin/a b', undefined, '/bin/a b', undefined],
    ]);
    expect(all.find(0xaaaa0000n, 10, -1, undefined)?.binary).toEqual({
      ...{
        file: '/bin/a b',
        kernel: false,
        at: { t: 7n, pid: 10, start: 0xaaaa0000n, length: 0x1000n, pgoff: 0x2000n },
      },
    });
  });

  test('the newest mapping counts, unless the sample names another binary', () => {
    const all = band(mmap(10, 10, 'aaaa0000(2000)', '/bin/old'), mmap(10, 10, 'aaaa1000(1000)', '/bin/new'));
    const at = (pc: bigint, file?: string) => all.find(pc, 10, 10, file)?.file;
    expect([at(0xaaaa0fffn), at(0xaaaa1000n), at(0xaaaa1000n, '/bin/old'), at(0xaaaa1000n, '/bin/x')]).toEqual([
      ...['/bin/old', '/bin/new', '/bin/old', undefined],
    ]);
  });

  test('the kernel’s are everybody’s, and lose what follows their brackets', () => {
    const all = band(mmap(-1, 0, '0xffff800080000000(0x1000)', '[kernel.kallsyms]_text'));
    expect(all.find(0xffff800080000fffn, 5, 77, undefined)).toMatchObject({
      file: '[kernel.kallsyms]',
      binary: { kernel: true },
    });
    expect(
      band(mmap(5, 5, '0xffff800080000000(0x1000)', '/lib/x.ko')).find(0xffff800080000000n, 9, 9, undefined)?.binary.at
        ?.pid,
    ).toBe(-1);
  });

  test('threads belong to processes by COMM and FORK', () => {
    const all = band(
      mmap(10, 10, 'aaaa0000(1000)', '/bin/a'),
      'PERF_RECORD_COMM exec: x:y:10/21',
      'PERF_RECORD_COMM: x:10/22',
      'PERF_RECORD_FORK(10:23):(1:1)',
    );
    expect([21, 22, 23, 24].map((tid) => all.find(0xaaaa0000n, tid, -1, undefined)?.file)).toEqual([
      '/bin/a',
      '/bin/a',
      '/bin/a',
      undefined,
    ]);
    expect([band('PERF_RECORD_EXIT(10:20)').maps, band('nothing').find(1n, 1, 1, undefined)]).toEqual([0, undefined]);
  });
});

describe('code', () => {
  const thread = { tid: 10, pid: 10 };
  const code = (...lines: string[]) => {
    const band = new SideBandText();
    for (const line of lines) band.take(line, 0n);
    const [binaries, symbols]: [TextBinary[], TextSymbol[]] = [[], []];
    const all = new TextCode(binaries, symbols, band);
    const place = (pc: bigint, file: string | undefined, symbol = '') =>
      all.place(pc, Number(pc >> 32n), thread, file, symbol);
    return { all, binaries, symbols, place };
  };

  test('binaries are numbered as they come, those of the kernel apart; unknown ones are none', () => {
    const { place, binaries } = code();
    expect([place(1n, '/a'), place(2n, '/b'), place(3n, '/a'), place(0xffff800000000000n, '/a')]).toEqual([0, 1, 0, 2]);
    expect([place(1n, undefined), place(1n, ''), place(1n, '[unknown]')]).toEqual([-1, -1, -1]);
    expect(binaries).toEqual([
      { file: '/a', kernel: false },
      { file: '/b', kernel: false },
      { file: '/a', kernel: true },
    ]);
  });

  test('with mappings a sample lies in the one that holds it, and else in what it names', () => {
    const { place, binaries } = code(mmap(10, 10, '1000(1000)', '/a'));
    expect([place(0x1500n, undefined), place(0x1600n, '/a'), place(0x9000n, undefined), place(0x9000n, '/b')]).toEqual([
      0, 0, -1, 1,
    ]);
    expect(binaries.map(({ file }) => file)).toEqual(['/a', '/b']);
  });

  test('functions reach over what was seen of them; an offset says where they start', () => {
    const { place, symbols } = code();
    place(0x1010n, '/a', 'f');
    place(0x1000n, '/a', 'f');
    place(0x1020n, '/a', 'f');
    place(0x2008n, '/a', 'g+0x8');
    place(0x2010n, '/a', 'g+0x10');
    place(0x3000n, '/a', 'g+0x0');
    place(0x4000n, '/a', 'h+0xzz');
    place(0x4n, '/a', 'i+0x10');
    for (const none of ['', '[unknown]']) place(0x5000n, '/a', none);
    place(0x6000n, undefined, 'nowhere');
    expect(
      symbols.map(({ binary, name, start, end }) => `${binary} ${name} ${start.toString(16)}-${end.toString(16)}`),
    ).toEqual([...['0 f 1000-1024', '0 g 2000-2014', '0 g 3000-3004', '0 h+0xzz 4000-4004', '0 i 4-8']]);
  });

  test('an ending that occurred before: the same, within the addresses that were seen', () => {
    for (const symbol of ['f', 'f+0x4']) {
      const [plain, quick] = [code(), code()];
      const known = new KnownPlace();
      const wide = new BigUint64Array(1);
      const words = new Uint32Array(wide.buffer);
      for (const pc of [0x1004n, 0x1008n, 0x1006n, 0x1000n, 0x1010n, 0xffff000000001006n, 0x1006n, 0x100cn]) {
        wide[0] = pc;
        const binary = quick.all.placeKnown(known, { wide, words }, 0, thread, '/a', symbol);
        expect(binary).toBe(plain.place(pc, '/a', symbol));
      }
      expect([quick.symbols, quick.binaries]).toEqual([plain.symbols, plain.binaries]);
    }
  });
});

test('events that a file names by numbers alone have perf list’s names', () => {
  const named = (type: number, n: number) =>
    Array.from({ length: n }, (_, i) => eventName({ name: '', attr: { type, config: BigInt(i) } }));
  expect(named(0, 11).join(' ')).toBe(
    'cycles instructions cache-references cache-misses branches branch-misses bus-cycles stalled-cycles-frontend ' +
      'stalled-cycles-backend ref-cycles type 0, config 0xa',
  );
  expect(named(1, 13).join(' ')).toBe(
    'cpu-clock task-clock page-faults context-switches cpu-migrations minor-faults major-faults alignment-faults emulation-faults dummy ' +
      'bpf-output cgroup-switches type 1, config 0xc',
  );
  expect(eventName({ name: '', attr: { type: 0, config: 64n } })).toBe('type 0, config 0x40');
});
