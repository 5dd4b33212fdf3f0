/** The fast reader of event lines gives the same as the thorough one, or nothing: on the fixtures' lines, and on damaged ones. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutOff } from '../../core/formats/event-format/text-fields.ts';
import { cleanLine, needsCleaning } from '../../core/formats/ftrace-text/clean-line.ts';
import { parseEventLine } from '../../core/formats/ftrace-text/event-line.ts';
import { PlainEvents } from '../../core/formats/ftrace-text/plain-event.ts';

const made = [
  '           vmm-5001  [002]  1789.251317: kvm_entry:            CAN\'T FIND FIELD "vcpu_id"<CANT FIND FIELD rip>PC: 0x00000000400011f0',
  '           vmm-5001  (   4242) [002] d..1.  1700000000.251317123: kvm_exit: TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x400',
  '     CPU 0/KVM-5003  (-------) [000]  1789.252317: sys_enter_ioctl:      fd: 0x0000000c, cmd: 0x0000ae80, arg: 0x00000000',
  '          <idle>-0     [001] d.h2.    68.641475: kvm_guest_fault: ipa 0x4000, hsr 0x92000007, hxfar 0x0, pc 0x0',
  '            vmm-236     [000] .....    68.642770: sys_ioctl(fd: 5, cmd: ae01, arg: 0)',
  '            vmm-236     [000] .....    68.642771: sys_ioctl -> 0x0',
  '            vmm-236     [000] .....    68.642772: tracing_mark_write: hello',
  '            vmm-236     [000] .....    68.642773: kvm_unmap_hva_range: mmu notifier unmap range: 0xffffb0c00000',
  'guest:      vmm-236     [000] .....    68.642774: kvm_entry: PC: 0x0',
  '           a-1 [000]-5  [003]      1.5: foo: x',
];
const fixtures = ['appended', 'coloured', 'mail-raw', 'report', 'report-plugins', 'trace', 'v2'].map((name) => {
  const bytes = gunzipSync(readFileSync(new URL(`../fixtures/inputs/${name}.txt.gz`, import.meta.url)));
  return { name, lines: bytes.toString('latin1').split('\n') };
});
const texts = [...fixtures, { name: 'made', lines: made }];

const bytesOf = (text: string) => Uint8Array.from(text, (ch) => ch.charCodeAt(0));

/** What text-columns.ts makes of a line without the fast reader. */
function thorough(raw: string, isTraceCmd: boolean): unknown {
  const bytes = bytesOf(raw);
  const line = { number: 1, bytes, start: 0, end: bytes.length, text: raw, offset: 0 };
  cleanLine(line, needsCleaning(raw));
  const found = parseEventLine(line.text, isTraceCmd);
  if (!found) return undefined;
  const { comm, pid, buffer, cpu, time, event, textAt } = found;
  const text = line.text.slice(textAt);
  const isCut = text === '' || cutOff(event, text) !== undefined;
  return isCut ? undefined : { comm, pid, buffer, cpu, time, event, text };
}

function fast(raw: string, reader: PlainEvents): unknown {
  const bytes = bytesOf(`\n${raw}\n`);
  const found = reader.take(bytes, 1, bytes.length - 1, !/[\u001b\u0080-\u00ff]/.test(raw));
  if (!found) return undefined;
  const { comm, event, pid, cpu, textAt, high, low } = found;
  const time = (BigInt(high) << 32n) | BigInt(low);
  const text = raw.slice(textAt - 1);
  return { comm: comm.name, pid, buffer: '', cpu, time, event: event.name, text };
}

/** Lines left to the thorough reader, as ftrace prints and as trace-cmd does: colours have to be taken off first. Of others it leaves none. */
const leaves: Readonly<Record<string, readonly [ftrace: number, traceCmd: number]>> = {
  coloured: [645, 381],
  made: [2, 0],
};

describe.each([false, true])('trace-cmd %s', (isTraceCmd) => {
  test.each(texts)('$name as it is', ({ name, lines }) => {
    const reader = new PlainEvents(isTraceCmd);
    let left = 0;
    for (const line of lines) {
      const found = fast(line, reader);
      const truth = thorough(line, isTraceCmd);
      if (found !== undefined) expect(found).toEqual(truth);
      else if (truth !== undefined) left++;
    }
    expect(left).toBe(leaves[name]?.[Number(isTraceCmd)] ?? 0);
  });
});

/** trace-cmd pads names; ftrace's reader takes that, too. */
const X = `x:${' '.repeat(20)}y`;
/** Lines at the edges of what is usual: each is taken, and means what it means to the thorough reader. */
const usual = [
  `a-0 [0] 0.0: ${X}`,
  `a-2147483647 [00000001] 8999999.999999999: ${X}`,
  `a-1 [70000] 9000000.000000001: ${X}`,
  `a-1 [65535] 9000000000.5: ${X}`,
  ...['1', '12', '123', '1234', '12345', '123456', '1234567', '12345678', '123456789'].map(
    (f) => `a-1 [0] 4.${f}: ${X}`,
  ),
  `a-1 [0] 4.294967296: ${X}`,
  `a-1 [0] 4.294967295: ${X}`,
  `a-1 [000] d.. 1.5: ${X}`,
  `a-1 [000] d.........  1.5: ${X}`,
  `a-1 (7) [000] 1.5: ${X}`,
  `a-1     (      7) [000] 1.5: ${X}`,
  `a-1 (-) [000] 1.5: ${X}`,
  `a-1     (-------) [000] .....     1.5: ${X}`,
  `a b-c d-12 [000] 1.5: ${X}`,
  `-2 [000] 1.5: ${X}`,
  `     ~-1 [000] 1.5: ${X}`,
  'a-1 [000] 1.5: nineteen_characters:  y',
  'a-1 [000] 1.5: twenty_characters_ab: y',
  'a-1 [000] 1.5: twenty_one_characters: y',
  'a-1 [000] 1.5: x:                    y',
  'a-1 [000] 1.5: x:                     y',
  'a-1 [000] 1.5: x:                    <CANT FIND FIELD a_9>y',
  'a-1 [000] 1.5: x:                    CAN\'T FIND FIELD "b"<CANT FIND FIELD a><CANT',
  'a-1 [000] 1.5: x:                    <CANT FIND FIELD >y',
  'a-1 [000] 1.5: kvm_exit:             TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x400',
  'a-1 [000] 1.5: kvm_entry:            PC: 0x0',
];
/** Only ftrace prints these so. */
const ofFtrace = [
  'a-1 [000] 1.5: _x.y-z9: y',
  'a-1 [000] 1.5: AzZa09: y',
  'a-1 [000] 1.5: x: y',
  'a-1 [000] 1.5: x:y',
  'a-1 [000] 1.5: x:  y',
  'a:b-1 [000] 1.5: x: y',
  'a-1 [000] 1.5: sys_ioctl(fd: 5, cmd: 1)',
  'a-1 [000] 1.5: sys_close(fd: 5)',
  'a-1 [000] 1.5: sys_ioctl -> 0x0',
  'a-1 [000] 1.5: sys_a.b-c -> 0x0',
  'a-1 [000] 1.5: sys_(12)',
];
/** And these need a closer look, or hold no event. */
const unusual = [
  ...[`-1 [000] 1.5: ${X}`, `a -1 [000] 1.5: ${X}`, `a 7/-1 [000] 1.5: ${X}`],
  'a-1 [000] 1.5: sys_ioctl(fd: 5)',
  'a-1 [000] 1.5: sys_ioctl(fd: 5, cmd: 1',
  'a-1 [000] 1.5: kvm_set_spte_hva: hva: 0x00ffff845de00',
  ...['> a-1 [000] 1.5: x: y', '| a-1 [000] 1.5: x: y', ' > a-1 [000] 1.5: x: y'],
  ...[
    'a-1[000] 1.5: x: y',
    'a- [000] 1.5: x: y',
    'a1 [000] 1.5: x: y',
    'a-12345678901 [000] 1.5: x: y',
    'a-2147483648 [000] 1.5: x: y',
  ],
  ...[
    'a-1 [] 1.5: x: y',
    'a-1 [x] 1.5: x: y',
    'a-1 [123456789] 1.5: x: y',
    'a-1 [000]1.5: x: y',
    'a-1 [000 1.5: x: y',
    'a-1 000] 1.5: x: y',
  ],
  ...[
    'a-1 () [000] 1.5: x: y',
    'a-1 (7x) [000] 1.5: x: y',
    'a-1(7) [000] 1.5: x: y',
    'a-1 7) [000] 1.5: x: y',
    'a-1 (7)[000] 1.5: x: y',
  ],
  ...[
    'a-1 [000] d. 1.5: x: y',
    'a-1 [000] d.......... 1.5: x: y',
    'a-1 [000] [.. 1.5: x: y',
    'a-1 [000] :.. 1.5: x: y',
    'a-1 [000] d..',
  ],
  ...[
    'a-1 [000] .5: x: y',
    'a-1 [000] 1.: x: y',
    'a-1 [000] 12345678901.5: x: y',
    'a-1 [000] 1.1234567890: x: y',
    'a-1 [000] 1,5: x: y',
  ],
  ...[
    'a-1 [000] 1.5 x: y',
    'a-1 [000] 1.5:x: y',
    'a-1 [000] 18446744074.0: x: y',
    'a-1 [000] 15: x: y',
    'a-1 [000] 1.5: ',
  ],
  ...[
    'a-1 [000] 1.5: 9x: y',
    'a-1 [000] 1.5: .x: y',
    'a-1 [000] 1.5: x',
    'a-1 [000] 1.5: x:',
    'a-1 [000] 1.5: x: ',
    'a-1 [000] 1.5: x y',
  ],
  ...[
    'a-1 [000] 1.5: ioctl(5)',
    'a-1 [000] 1.5: ioctl -> 5',
    'a-1 [000] 1.5: sys_x- > 5',
    'a-1 [000] 1.5: sys_x ->',
    'a-1 [000] 1.5: sys_x',
  ],
  ...[
    'a-1 [000] 1.5: x:\ty',
    'a\u0001-1 [000] 1.5: x: y',
    `${'a'.repeat(301)}-1 [000] 1.5: x: y`,
    'a-1 [000] 1.5: kvm_entry: vcpu',
  ],
];

test('the edges of what is usual', () => {
  for (const isTraceCmd of [false, true]) {
    const reader = new PlainEvents(isTraceCmd);
    const taken = isTraceCmd ? usual : [...usual, ...ofFtrace];
    const found = [...usual, ...ofFtrace, ...unusual].map((line) => [line, fast(line, reader)] as const);
    expect(found.flatMap(([line, event]) => (event ? [line] : []))).toEqual(taken);
    for (const [line, event] of found) if (event) expect(event).toEqual(thorough(line, isTraceCmd));
  }
});

test('damaged lines', () => {
  const words = [
    ' ',
    '  ',
    '\t',
    ':',
    ': ',
    '.',
    '-',
    '[',
    ']',
    '(',
    ')',
    '>',
    '| ',
    '0',
    '77',
    'x',
    '-1',
    '[000]',
    '1.000000: ',
  ];
  const more = [
    '\u00a0',
    '\u00c2\u00a0',
    '\u000b',
    '\u001b[0m',
    '(-----)',
    '(  12)',
    'd..1.',
    'sys_',
    ' -> ',
    "CAN'T",
    '<CANT FIND FIELD ',
    'PC: ',
  ];
  const piece = fc.constantFrom(...words, ...more);
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), drop: fc.nat(6), piece });
  const readers = [false, true].map((isTraceCmd) => new PlainEvents(isTraceCmd));
  let taken = 0;
  fc.assert(
    fc.property(
      fc.nat(texts.length - 1),
      fc.nat(),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (which, n, edits, isTraceCmd) => {
        const { lines } = texts[which];
        let line = lines[n % lines.length];
        for (const { at, drop, piece } of edits) {
          // Nearly all of the columns are in front.
          const place = Math.floor(at * Math.min(line.length, 90));
          line = line.slice(0, place) + piece + line.slice(place + drop);
        }
        const found = fast(line, readers[Number(isTraceCmd)]);
        if (found === undefined) return;
        taken++;
        expect(found).toEqual(thorough(line, isTraceCmd));
      },
    ),
    { numRuns: 12_000 },
  );
  expect(taken).toBeGreaterThan(1000);
});
