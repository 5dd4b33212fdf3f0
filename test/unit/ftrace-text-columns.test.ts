/** Trace text into columns: losses, names and systems, order, cut-off events, broken and quoted lines. */
import { describe, expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import type { TextOrder } from '../../core/formats/ftrace-text/text-columns.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';

function read(lines: readonly string[], order: TextOrder = 'file', capacity = 3) {
  const warnings = new Warnings();
  const source = memorySource(new Uint8Array(Buffer.from(`${lines.join('\n')}\n`)), 'x.txt');
  const file = openFtraceText(source, warnings, order);
  const events: string[] = [];
  const lost: number[] = [];
  file.read(new TraceColumns(capacity), (c) => {
    for (let i = 0; i < c.n; i++) {
      const { system, name } = file.dictionary.formats[c.event[i]];
      const text = Buffer.from(c.payload.subarray(c.start[i], c.start[i + 1])).toString();
      events.push(`${c.t[i]} ${c.cpu[i]} ${file.dictionary.comms[c.comm[i]]}-${c.tid[i]} ${system}:${name} ${text}`);
      lost.push(c.lostBefore[i]);
    }
  });
  const told = warnings.list().map(({ kind, count, message }) => ({ kind, count, message }));
  return { events, lost, warnings: told, kinds: told.map(({ kind, count }) => `${kind} ${count}`), facts: file.facts };
}
const at = (us: number, cpu = 0, rest = 'x: y') => `a-1 [00${cpu}] ..... 1.${String(us).padStart(6, '0')}: ${rest}`;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const UNKNOWN = 0xffffffff;

describe('losses', () => {
  test('of a CPU add up until its next event, and concern no other', () => {
    const lines = [
      at(1),
      'CPU:1 [LOST 5 EVENTS]',
      'CPU:1 [7 EVENTS DROPPED]',
      'CPU:2 [LOST 3 EVENTS]',
      at(2),
      at(3, 1),
      at(4, 1),
      at(5, 2),
    ];
    const { lost, kinds } = read(lines);
    expect(lost).toEqual([0, 0, 12, 0, 3]);
    expect(kinds).toEqual(['trace-lost-events 15']);
  });

  test('of unknown number make the sum unknown, whatever the order', () => {
    for (const marks of [
      ['CPU:0 [LOST EVENTS]', 'CPU:0 [LOST 2 EVENTS]'],
      ['CPU:0 [2 EVENTS DROPPED]', 'CPU:0 [EVENTS DROPPED]'],
    ]) {
      const { lost, kinds } = read([at(1), ...marks, at(2)]);
      expect([lost, kinds]).toEqual([[0, UNKNOWN], ['trace-lost-uncounted 1']]);
    }
    expect(read([at(1), 'CPU:0 [LOST 99999999999 EVENTS]', at(2)]).lost).toEqual([0, UNKNOWN - 1]);
  });

  test('before the ring buffer was read are told by its header', () => {
    const header = (counts: string) => `# entries-in-buffer/entries-written: ${counts}   #P:4`;
    const { kinds, facts } = read(['# tracer: nop', header('5/12'), at(1)]);
    expect([kinds, facts.cpus, facts.format]).toEqual([['trace-overwritten 7'], 4, 'ftrace']);
    expect(read(['# tracer: nop', header('5/5'), at(1)]).kinds).toEqual([]);
  });
});

test('events belong to the systems that the model asks for', () => {
  const names = {
    ...{
      kvm_exit: 'kvm',
      trap_reg: 'kvm',
      vgic_update_irq_pending: 'kvm',
      sys_enter_ioctl: 'syscalls',
      sys_exit_ioctl: 'syscalls',
    },
    ...{
      sys_enter: 'raw_syscalls',
      sys_exit: 'raw_syscalls',
      print: 'ftrace',
      bprint: 'ftrace',
      sched_switch: 'text',
      mykvm_x: 'text',
    },
  };
  const { events } = read(
    Object.keys(names).map((name, i) => at(i % 10, 0, `${name}: HSR_EC: 0x1 (A), PC: 0x2, cmd: 1,`)),
  );
  expect(events.map((e) => e.split(' ')[3])).toEqual(
    Object.entries(names).map(([name, system]) => `${system}:${name}`),
  );
});

describe('lines that belong to an event', () => {
  test('are frames, of the event above and of no other', () => {
    const { events, kinds } = read([
      ' => zero_is_longer_than_any_of_these_lines',
      at(1),
      ' => one',
      '=> two',
      '# remark',
      ' => three',
      '',
      at(2),
      'what',
      ' => four',
    ]);
    expect(events).toEqual([
      '1000001000 0 a-1 text:x y\n => one\n=> two\n => three',
      '1000002000 0 a-1 text:x y\n => four',
    ]);
    expect(kinds).toEqual(['text-unread-line 2']);
  });

  test('may make it a megabyte long, no longer', () => {
    const frame = ` => ${'f'.repeat(200_000)}`;
    const { events, kinds } = read([at(1), ...Array<string>(8).fill(frame), at(2)]);
    expect([Math.floor(events[0].length / 200_000), kinds]).toEqual([6, ['text-unread-line 2']]);
  });

  test('are none for an event that was left out', () => {
    const { events, kinds } = read([at(1), at(2, 0, 'kvm_guest_fault: ipa 0x1'), ' => frame']);
    expect(events).toHaveLength(1);
    expect(kinds).toContain('text-unread-line 1');
  });
});

test('events cut off before their arguments are counted by name', () => {
  const whole = 'kvm_guest_fault: ipa 0x1, hsr 0x2, hxfar 0x3, pc 0x4';
  const { events, warnings } = read([
    at(1, 0, whole),
    at(2, 0, 'kvm_guest_fault: ipa 0x1'),
    at(3, 0, 'foo: a'),
    at(4, 0, 'foo: '),
  ]);
  expect(events.map((e) => e.split(' ')[0])).toContain('1000001000');
  expect(warnings.map(({ kind, count }) => `${kind} ${count}`)).toEqual([
    'text-cut-off-kvm_guest_fault 1',
    'text-cut-off-foo 1',
  ]);
  // Events that never have a text are whole.
  expect(read([at(1, 0, 'foo: '), at(2, 0, 'foo: ')]).warnings).toEqual([]);
});

describe('a number that a line ends with', () => {
  const kept = (...texts: string[]) => {
    const { events, kinds } = read(texts.map((text, i) => at(i, 0, text)));
    return { events: events.length, kinds };
  };

  test('was cut off if it has fewer digits than the kernel prints: left out, counted', () => {
    expect(
      kept(
        'kvm_unmap_hva_range: mmu notifier unmap range: 0x00ffff845de000 -- 0x00ffff845df000',
        'kvm_unmap_hva_range: mmu notifier unmap range: 0x00ffff845de000 -- 0x00ffff845df00',
        'kvm_unmap_hva_range: mmu notifier unmap range: 0x00ffff845de000 -- 0x',
        'kvm_unmap_hva_range: mmu notifier unmap range: 0x00ffff845de000 -- ',
        'sys_enter_ioctl:      fd: 0x00000007, cmd: 0x4020ae46, arg: 0xffffe7',
        'sys_enter_ioctl:      fd: 0x00000007, cmd: 0x4020ae4',
        'sys_ioctl(fd: 5, cmd: ae80, arg: 0)',
        'sys_ioctl(fd: 5, cmd: ae8',
        'sys_munmap(addr: ffff9651d000, len: 1000)',
        'sys_munmap(addr: ffff9651d000, len: 100',
        'sys_enter_munmap: addr: 0xffff9651d000, len: 0x00001000',
        'sys_enter_munmap: addr: 0xffff9651d000',
      ),
    ).toEqual({
      events: 5,
      kinds: [
        'text-cut-off-kvm_unmap_hva_range 3',
        'text-cut-off-sys_enter_ioctl 2',
        'text-cut-off-sys_enter_munmap 2',
      ],
    });
  });

  test('may have any of them where none is padded, or where something follows', () => {
    expect(
      kept(
        'kvm_access_fault: IPA: 4',
        'kvm_unmap_hva_range: mmu notifier unmap range: 0x1000 -- 0x2000',
        'sys_enter_munmap: addr: 0x1000, len: 0x1000',
        'kvm_age_hva: mmu notifier age hva: 0x0000000000 -- 0x1 young: 0',
        'kvm_guest_fault: ipa 0x1, hsr 0x2, hxfar 0x3, pc 0x4',
      ),
    ).toEqual({ events: 5, kinds: [] });
  });
});

describe('order', () => {
  const micros = (events: readonly string[]) => events.map((e) => (Number(e.split(' ')[0]) - 1e9) / 1000);
  // Files of two CPUs, one behind the other.
  const jumbled = [at(3), at(4), at(1, 1), at(2, 1)];

  test('as they come, checked, or sorted', () => {
    const times = (order: TextOrder) => micros(read(jumbled, order).events);
    expect(times('file')).toEqual([3, 4, 1, 2]);
    expect(() => times('checked')).toThrow('the time goes back');
    expect(times('sorted')).toEqual([1, 2, 3, 4]);
    expect(read([at(1), at(1), at(2)], 'checked').events).toHaveLength(3);
  });

  test('sorted: what two pieces hold is taken once, what one piece holds twice is kept', () => {
    const pieces = [...range(1, 30), 30, ...range(28, 40)];
    const { events, kinds } = read(
      pieces.map((us) => at(us)),
      'sorted',
    );
    expect(micros(events)).toEqual([...range(1, 30), 30, ...range(31, 40)]);
    expect(kinds).toEqual(['text-out-of-order 1', 'text-double-events 3']);
  });

  test('sorted: frames and losses go with their event', () => {
    const { events, lost } = read(
      [at(3), ' => three', at(1, 1), ' => one', 'CPU:1 [LOST 4 EVENTS]', at(2, 1)],
      'sorted',
    );
    expect(events.map((e) => e.slice(e.indexOf('y')))).toEqual(['y\n => one', 'y', 'y\n => three']);
    expect(lost).toEqual([0, 4, 0]);
  });

  test('times that go back all along are distances: refused', () => {
    expect(() => read([at(3), at(1), at(4), at(2), at(5), at(1)], 'sorted')).toThrow(
      'x.txt: line 2: the time goes back, as it does all along: they are distances, not times: print them without --deltatime',
    );
  });
});

test('batches: every event once, however few fit', () => {
  const lines = Array.from({ length: 9 }, (_, i) => at(i));
  for (const capacity of [1, 2, 9, 20]) expect(read(lines, 'file', capacity).events).toHaveLength(9);
});

describe('what mail programs do to lines', () => {
  const long = (us: number) => `            vmm-5001  [002]  1789.25131${us}: kvm_entry:            PC: 0x000000${us}`;

  test('quote marks are taken off', () => {
    for (const mark of ['> ', '>> ', '> > ', ' > ', '| ', '>']) {
      const { events } = read([at(1), at(2)].map((line) => mark + line));
      expect(events, mark).toEqual(read([at(1), at(2)]).events);
    }
  });

  test('lines broken at blanks, or at exactly a width, are joined', () => {
    const whole = Array.from({ length: 8 }, (_, i) => long(i));
    const hard = whole.flatMap((line) => [line.slice(0, 48), line.slice(48)]);
    expect(read(hard).events).toEqual(read(whole).events);
    expect(read(hard).kinds).toEqual(['text-wrapped-lines 8']);
    const soft = whole.flatMap((line) => {
      const cut = line.lastIndexOf(' ');
      return [line.slice(0, cut), line.slice(cut + 1)];
    });
    expect(read(soft).events).toHaveLength(8);
  });

  test('colours and blanks of other kinds', () => {
    const line = at(1, 0, 'kvm_entry: PC: 0x1');
    const nbsp = line.replaceAll(' ', '\u00a0');
    expect(read([nbsp, `\u001b[01;31m\u001b[K${line}\u001b[m\u001b[K`, `\u200b${line}`]).events).toEqual(
      Array(3).fill(read([line]).events[0]),
    );
  });
});

test('times are ns if the first event’s has a fraction or is in µs, else the clock’s own unit', () => {
  const ns = (front: string) => read([`a-1 ${front}: x: y`]).facts.nanoseconds;
  expect([
    ns('[000] ..... 1.5'),
    ns('[000] .....   123'),
    ns('  0d..1. 68641475us '),
    ns('  0d..1. 68641475us!'),
  ]).toEqual([...[true, false, true, true]]);
});

test('an event that is empty now and then was cut off; whole ones count, too', () => {
  const { warnings } = read([at(1, 0, 'foo: a'), at(2, 0, 'foo: '), at(3, 0, 'foo: '), at(4, 0, 'bar: b')]);
  expect(warnings).toEqual([{ kind: 'text-cut-off-foo', count: 2, message: 'foo cut off before its arguments end' }]);
});
