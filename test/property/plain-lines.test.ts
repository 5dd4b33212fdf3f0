/** Lines read many at a time, in WebAssembly, give the same events and warnings as lines read one by one: whole ones, and damaged ones. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import type { TraceDictionary } from '../../core/formats/event-format/columns.ts';
import { parseEventLine } from '../../core/formats/ftrace-text/event-line.ts';
import { forEachLine } from '../../core/formats/ftrace-text/lines.ts';
import { PlainEvents } from '../../core/formats/ftrace-text/plain-event.ts';
import { PlainLines } from '../../core/formats/ftrace-text/plain-lines.ts';
import { TextColumns } from '../../core/formats/ftrace-text/text-columns.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';

const fixtures = ['appended', 'mail-raw', 'report', 'report-plugins', 'trace', 'v2'].map((name) => {
  const bytes = gunzipSync(readFileSync(new URL(`../fixtures/inputs/${name}.txt.gz`, import.meta.url)));
  return bytes.toString('latin1').split('\n').slice(0, 400);
});
const made = [
  '           vmm-5001  [002]  1789.251317: kvm_entry:            CAN\'T FIND FIELD "vcpu_id"<CANT FIND FIELD rip>PC: 0x00000000400011f0',
  '           vmm-5001  [002]  1789.251319: kvm_exit:             <CANT FIND FIELD exit_reason>IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x400',
  '           vmm-5001  (   4242) [002] d..1.  1700000000.251317123: kvm_exit: TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x400',
  '          <idle>-0     [65537] d.h2.    68.641475: kvm_guest_fault: ipa 0x4000, hsr 0x92000007, hxfar 0x0, pc 0x0',
  '            vmm-236     [000] .....    68.642770: sys_ioctl(fd: 5, cmd: ae01, arg: 0)',
  '            vmm-236     [000] .....    68.642773: kvm_unmap_hva_range: mmu notifier unmap range: 0x00ffffb0c00000 -- 0x00ffffb0c01000',
];
const texts = [...fixtures, made];

/** Sums what was taken. */
class Counted extends PlainLines {
  taken = 0;
  override take(start: number, room: number): number {
    const count = super.take(start, room);
    this.taken += count;
    return count;
  }
}

/** All that is read of a text. */
function read(text: string, isTraceCmd: boolean, lines?: PlainLines) {
  const dictionary: TraceDictionary = { formats: [], comms: [] };
  const warnings = new Warnings();
  const events: unknown[] = [];
  const columns = new TraceColumns(300);
  const onBatch = (b: TraceColumns) => {
    for (let i = 0; i < b.n; i++) {
      const payload = Buffer.from(b.payload.subarray(b.start[i], b.start[i + 1])).toString('latin1');
      const names = [dictionary.comms[b.comm[i]], dictionary.formats[b.event[i]].name];
      events.push([b.t[i], b.cpu[i], b.tid[i], ...names, b.buffer[i], b.lostBefore[i], payload]);
    }
    events.push('batch');
  };
  const kind = {
    parse: (line: string) => parseEventLine(line, isTraceCmd),
    plain: new PlainEvents(isTraceCmd),
    nanoseconds: true,
    order: 'file' as const,
    ...(lines && { lines }),
  };
  const reader = new TextColumns(dictionary, kind, [{ name: '', clock: '', cpus: [] }], columns, onBatch, warnings);
  reader.read(memorySource(Buffer.from(text, 'latin1')), 'file', forEachLine);
  return { events, dictionary, warnings: warnings.list() };
}

test('whole texts, over the ends of blocks and batches', () => {
  for (const [i, list] of texts.entries()) {
    for (const isTraceCmd of [false, true]) {
      const text = Array.from({ length: 2000 }, (_, n) => list[n % list.length]).join(n2(i));
      const lines = new Counted();
      expect(read(text, isTraceCmd, lines)).toEqual(read(text, isTraceCmd));
      if (list === made) expect(lines.taken).toBeGreaterThan(900);
    }
  }
});

/** Some texts come from elsewhere. */
function n2(i: number): string {
  return i % 2 ? '\r\n' : '\n';
}

const exit = '           vmm-5001  [002]  1789.251319: kvm_exit:             IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x400';
test.each([
  ["a plugin's remark before the text", exit.replace('IRQ', '<CANT FIND FIELD exit_reason>IRQ')],
  ['the other remark', exit.replace('IRQ', 'CAN\'T FIND FIELD "vcpu_id"IRQ')],
  ['more padding', exit.replace('IRQ', '  IRQ')],
  ['cut off', exit.slice(0, -9)],
  ['cut off before a number', exit.slice(0, -5)],
  ['nothing but its name', exit.slice(0, exit.indexOf('IRQ'))],
  ['flags', exit.replace('[002]', '[002] d..1.')],
  ['flags too long', exit.replace('[002]', '[002] d..1.d..1.d')],
  ['ten digits of a second', exit.replace('251319', '2513191234')],
  ['eleven digits of seconds', exit.replace('1789', '12345678901')],
  ['a CPU of nine digits', exit.replace('[002]', '[123456789]')],
  ['a CPU past 65535', exit.replace('[002]', '[70000]')],
  ['another thread of that number', exit.replace('vmm', 'abc')],
  ['a quote', `> ${exit}`],
  ['returns', `${exit}\r\r`],
])('after a line like it: %s', (_, line) => {
  const text = [exit, exit, exit, line, exit, ''].join('\n');
  for (const isTraceCmd of [false, true]) {
    const lines = new Counted();
    expect(read(text, isTraceCmd, lines)).toEqual(read(text, isTraceCmd));
    expect(lines.taken).toBeGreaterThan(0);
  }
});

test('damaged lines among others like them', () => {
  const words = [' ', '  ', '\t', ':', ': ', '.', '-', '[', ']', '(', ')', '>', '| ', '0', '77', 'x', '-1', '[000]'];
  const more = [
    '1.000000: ',
    '\u00a0',
    '\u000b',
    '\u001b[0m',
    '(-----)',
    'd..1.',
    'sys_',
    ' -> ',
    '<CANT FIND FIELD x>',
  ];
  const marks = [
    'PC: ',
    '\r',
    '\n',
    '\0',
    '99999999999.5: ',
    'CPU:1 [LOST 3 EVENTS]\n',
    ' => frame\n',
    '\n\n',
    'C',
    '<',
  ];
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(6),
    piece: fc.constantFrom(...words, ...more, ...marks),
  });
  const damaged = fc.record({ n: fc.nat(), edits: fc.array(edit, { maxLength: 2 }) });
  let taken = 0;
  fc.assert(
    fc.property(
      fc.nat(texts.length - 1),
      fc.nat(),
      fc.array(damaged, { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      (which, from, list, isTraceCmd) => {
        const few = Array.from({ length: 6 }, (_, k) => texts[which][(from + k) % texts[which].length]);
        const text = [...few, ...few].concat(
          list.map(({ n, edits }) => {
            let line = few[n % few.length];
            for (const { at, drop, piece } of edits) {
              const place = Math.floor(at * line.length);
              line = line.slice(0, place) + piece + line.slice(place + drop);
            }
            return line;
          }),
        );
        const lines = new Counted();
        expect(read(text.join('\n'), isTraceCmd, lines)).toEqual(read(text.join('\n'), isTraceCmd));
        taken += lines.taken;
      },
    ),
    { numRuns: 3000 },
  );
  expect(taken).toBeGreaterThan(3000);
});
