// Synthesised pairs read as the reference tools read them: hashes of their text are stored (derive-synth.ts made them).
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { Has } from '../../core/formats/spe/columns.ts';
import { dumpPackets } from '../../core/formats/spe/dump.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { make, openSpe } from '../property/synth-recover.ts';
import type { Made } from '../property/synth-recover.ts';
import { digest, sampleLine, variants } from './synth-variants.ts';
import type { Printed } from './synth-variants.ts';

const { printed } = JSON.parse(readFileSync(new URL('expected/synth.json', import.meta.url), 'utf8')) as {
  printed: Record<string, Printed>;
};

function packets(made: Made): string[] {
  const text = [...dumpPackets(openSpe(made))].join('').trimEnd();
  return text.split('\n').filter((line) => line.startsWith('.  '));
}

function events({ kvm }: Made): string[] {
  const file = openTraceDat(memorySource(kvm), new Warnings());
  const printer = new EventPrinter(file);
  const lines = [printer.head()];
  file.read(new TraceColumns(), (c) => {
    for (let i = 0; i < c.n; i++) lines.push(...printer.line(c, i).split('\n'));
  });
  return lines;
}

test.each(Object.entries(variants))('perf and trace-cmd read it, and as Umbra does: %s', (name, options) => {
  const samples: string[] = [];
  const made: Made = make(options, ({ batch: { columns: c } }) => {
    for (let i = 0; i < c.n; i++) {
      const seconds = `${c.t[i]! / 1_000_000_000n}.${String(c.t[i]! % 1_000_000_000n).padStart(9, '0')}`;
      const hex = (bit: number, column: BigUint64Array): string =>
        c.present[i]! & bit ? column[i]!.toString(16) : '0';
      const time = options.mode === 'per-thread' ? '' : seconds;
      samples.push(sampleLine(String(c.tid[i]), time, hex(Has.PC, c.pc), hex(Has.TO, c.to), hex(Has.PA, c.pa)));
    }
  });
  const expected = printed[name]!;
  expect(digest(samples.sort())).toBe(expected.samples);
  expect(digest(packets(made))).toBe(expected.packets);
  expect(digest(events(made))).toBe(expected.events);
});
