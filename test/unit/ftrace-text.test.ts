/** Lines of trace text in all their variants, and what stands between them. */
import { describe, expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { parseEventLine } from '../../core/formats/ftrace-text/event-line.ts';
import { isFtraceText, openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function read(text: string): { lines: string[]; lost: number[]; warnings: [string, number][]; buffers: string[] } {
  const warnings = new Warnings();
  const file = openFtraceText(memorySource(bytes(text)), warnings);
  const printer = new EventPrinter(file);
  const lines: string[] = [];
  const lost: number[] = [];
  file.read(new TraceColumns(3), (c) => {
    for (let i = 0; i < c.n; i++) {
      lines.push(printer.line(c, i));
      lost.push(c.lostBefore[i]);
    }
  });
  return {
    lines,
    lost,
    warnings: warnings.list().map((w) => [w.kind, w.count]),
    buffers: file.facts.buffers.map((b) => b.name),
  };
}

describe('one line', () => {
  const usual = { comm: 'vmm', pid: 236, buffer: '', cpu: 0, time: 68641475000n, event: 'kvm_entry' };
  test.each([
    ['             vmm-236     [000] .....    68.641475: kvm_entry: PC: 0x1', usual],
    ['             vmm-236     [000] d..1.    68.641475: kvm_entry: PC: 0x1', usual],
    ['             vmm-236     [000] dNh21    68.641475: kvm_entry: PC: 0x1', usual],
    ['             vmm-236     [000]    68.641475: kvm_entry: PC: 0x1', usual],
    ['             vmm-236     (    236) [000] .....    68.641475: kvm_entry: PC: 0x1', usual],
    ['             vmm-236     (-------) [000] d..1.    68.641475: kvm_entry: PC: 0x1', usual],
    ['     vmm-236     0.....    68.641475: kvm_entry: PC: 0x1', usual],
    ['     vmm-236       0d..1. 68641475us : kvm_entry: PC: 0x1', usual],
    ['     vmm-236       0d..1. 68641475us!: kvm_entry: PC: 0x1', usual],
    ['             vmm-236   [000]    68.641475123: kvm_entry: PC: 0x1', { ...usual, time: 68641475123n }],
    ['             vmm-236   [000]     123456: kvm_entry: PC: 0x1', { ...usual, time: 123456n }],
    [
      '       CPU 0/KVM-237     [011] .....    68.641475: kvm_entry: PC: 0x1',
      { ...usual, comm: 'CPU 0/KVM', pid: 237, cpu: 11 },
    ],
    [
      '    kworker/0:1-events-12 [000] d.s2.    68.641475: kvm_entry: PC: 0x1',
      { ...usual, comm: 'kworker/0:1-events', pid: 12 },
    ],
    ['          <idle>-0       [000] d....    68.641475: kvm_entry: PC: 0x1', { ...usual, comm: '<idle>', pid: 0 }],
    ['a-1 [000] 18446744073.709551615: x: y', { ...usual, comm: 'a', pid: 1, time: 18446744073709551615n, event: 'x' }],
  ])('%s', (line, expected) => {
    expect(parseEventLine(line, false)).toMatchObject(expected);
  });

  test.each([
    [
      'vmm-1 [000] ..... 1.0: sys_ioctl(fd: 5, cmd: ae01, arg: 0)',
      'sys_enter_ioctl',
      'sys_ioctl(fd: 5, cmd: ae01, arg: 0)',
    ],
    ['vmm-1 [000] ..... 1.0: sys_ioctl -> 0x0', 'sys_exit_ioctl', 'sys_ioctl -> 0x0'],
    ['vmm-1 [000] ..... 1.0: tracing_mark_write: hello: you', 'print', 'tracing_mark_write: hello: you'],
    ['vmm-1 [000] ..... 1.0: <stack trace>', 'kernel_stack', '<stack trace>'],
    ['vmm-1 [000] ..... 1.0: do_fault <-handle_mm_fault', 'function', 'do_fault <-handle_mm_fault'],
    ['vmm-1 [000] ..... 1.0: s2_map_ret: (a+0x1/0x2 <- b) ret=0', 's2_map_ret', '(a+0x1/0x2 <- b) ret=0'],
    ['vmm-1 [000] ..... 1.0: sys_enter: NR 29 (5, ae01)', 'sys_enter', 'NR 29 (5, ae01)'],
  ])('%s', (line, event, text) => {
    const parsed = parseEventLine(line, false);
    expect(parsed?.event).toBe(event);
    expect(line.slice(parsed?.textAt)).toBe(text);
  });

  test('trace-cmd pads names; what is blank behind belongs to the text', () => {
    const line = 'vmm-1 [000] 1.0: kvm_timer_save_state:    CTL: 0x1';
    expect(line.slice(parseEventLine(line, true)?.textAt)).toBe('   CTL: 0x1');
    const short = 'vmm-1 [000] 1.0: kvm_exit:             TRAP';
    expect(short.slice(parseEventLine(short, true)?.textAt)).toBe('TRAP');
    expect(short.slice(parseEventLine(short, false)?.textAt)).toBe('TRAP');
  });

  test.each([
    '',
    '# tracer: nop',
    'hello world',
    'a-1 [000] 1.0:',
    'a-1 [000] x: y: z',
    'a-99999999999 [000] 1.0: x: y',
    'a-1 [000] 99999999999999999999.0: x: y',
    'perf   123 [000]  1.5: kvm:kvm_entry: PC: 0x0',
  ])('no event: %s', (line) => {
    expect(parseEventLine(line, false)).toBeUndefined();
  });
});

test('losses, remarks, frames and lines that nobody understands', () => {
  const { lines, lost, warnings } = read(
    [
      '# tracer: nop',
      '#',
      '# entries-in-buffer/entries-written: 5/12   #P:4',
      '##### CPU 1 buffer started ####',
      'a-1 [000] ..... 1.000001: kvm_entry: PC: 0x1',
      'CPU:1 [LOST 12 EVENTS]',
      'a-1 [000] ..... 1.000002: x: <stack>',
      ' => one',
      ' => two',
      'b-2 [001] ..... 1.000003: kvm_entry: PC: 0x2',
      'CPU:0 [LOST EVENTS]',
      'CPU:0 [3 EVENTS DROPPED]',
      'what is this',
      'a-1 [000] ..... 1.000004: kvm_entry: PC: 0x3\r',
    ].join('\n'),
  );
  expect(lost).toEqual([0, 0, 12, 0xffffffff]);
  expect(lines[1]).toContain('<stack>\n => one\n => two');
  expect(lines[2]).toMatch(/^CPU:1 \[12 EVENTS DROPPED\]\n {15}b-2/);
  expect(lines[3]).toMatch(/PC: 0x3$/);
  expect(warnings).toEqual([
    ['trace-overwritten', 7],
    ['trace-lost-events', 12],
    ['text-unread-line', 1],
    ['trace-lost-uncounted', 1],
  ]);
});

test('instances that trace-cmd names', () => {
  const { lines, buffers } = read(
    [
      'cpus=2',
      '                 vmm-1   [000]     1.000001: x: top',
      'stage2:              vmm-1   [000]     1.000002: x: inner',
    ].join('\n'),
  );
  expect(buffers).toEqual(['', 'stage2']);
  expect(lines[1]).toMatch(/^stage2: {14}vmm-1/);
});

test('detection', () => {
  expect(isFtraceText(bytes('# tracer: nop\n#\n'))).toBe(true);
  expect(isFtraceText(bytes('cpus=2\n'))).toBe(true);
  expect(isFtraceText(bytes('a-1 [000] ..... 1.000001: kvm_entry: PC: 0x1\n'))).toBe(true);
  expect(isFtraceText(bytes('# a comment\nname,value\n1,2\n'))).toBe(false);
  expect(isFtraceText(bytes(''))).toBe(false);
  expect(isFtraceText(bytes('{"json": 1}'))).toBe(false);
});

test('names of threads may hold any character', () => {
  expect(read('é漢-7 [000] ..... 1.5: x: ü\n').lines).toEqual([
    '              é漢-7     [000]     1.500000000: x:                    ü',
  ]);
});

test('a line longer than any trace’s is skipped, what follows is read', () => {
  const { lines, warnings } = read(`cpus=1\n${'x'.repeat(3 << 20)}\na-1 [000] 1.0: x: y\n`);
  expect(lines).toHaveLength(1);
  expect(warnings.map(([kind]) => kind)).toEqual(['text-long-line']);
});

test('names in UTF-8 keep all their bytes', () => {
  // À is c3 80, and “ e2 80 9c: bytes that windows-1252 has other characters for.
  const { lines } = read('  Àb“c-7 [000] .....    68.641475: kvm_entry: PC: 0x1\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('Àb“c-7');
});

test('lines that lie across blocks, long ones too, are read once and whole', () => {
  const line = (i: number) =>
    `  vmm-7 [000] .....    68.${String(i).padStart(6, '0')}: kvm_entry: PC: 0x${'a'.repeat((i * 397) % 5000)}\n`;
  const text =
    Array.from({ length: 300 }, (_, i) => line(i)).join('') + line(300) + `${'x'.repeat(150_000)}\n` + line(301);
  const { lines, warnings } = read(text);
  expect(lines).toHaveLength(302);
  expect(lines.map((l) => /PC: 0x(a*)/.exec(l)?.[1].length)).toEqual(
    Array.from({ length: 302 }, (_, i) => (i * 397) % 5000),
  );
  expect(warnings).toEqual([['text-unread-line', 1]]);
});
