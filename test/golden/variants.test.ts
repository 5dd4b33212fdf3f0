/** variants.md holds: each fixture decodes to what its reference says, and no capture among the fixtures is left out. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { EventPrinter } from '../../core/formats/event-format/event-printer.ts';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { openPerfTrace } from '../../core/formats/perf-data/trace-events.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { dumpPackets } from '../../core/formats/spe/dump.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { gunzipped, open, rows, truth } from '../unit/spe.rows.ts';

const here = new URL('.', import.meta.url);
const fixtures = new URL('../fixtures/', here);
const expected = new URL('expected/', here);

const table = readFileSync(new URL('variants.md', here), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:variant|---)/.test(line))
  .map((line) => {
    const [variant, fixture, what, reference, equal] = line.slice(2, -2).split(' | ');
    return { variant, fixture, what, reference, equal };
  });

function bytesOf(fixture: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(fixture, fixtures)));
}

function lines(fixture: string): string[] {
  const source = memorySource(bytesOf(fixture));
  const warnings = new Warnings();
  const isPerf = fixture.endsWith('.perf.data');
  const trace = isPerf ? openPerfTrace(openPerfData(source, warnings), warnings) : openTraceDat(source, warnings);
  const printer = new EventPrinter(trace);
  const out = isPerf ? [] : [printer.head()];
  trace.read(new TraceColumns(), (batch) => {
    for (let i = 0; i < batch.n; i++) out.push(...printer.line(batch, i).split('\n'));
  });
  return out;
}

/** What trace-cmd's lines and perf script's have in common: tid, CPU, time, event, text. */
function common(line: string): string {
  const m =
    /-(-?\d+) +\[(\d+)\] +([\d.]+): (\w+): +(.*)$/.exec(line) ??
    / (\d+) +\[(\d+)\] +([\d.]+): +\w+:(\w+): *(.*)$/.exec(line);
  return m!.slice(1).join(' ').trimEnd();
}

it.each(table)('$variant: $what of $fixture', ({ fixture, what, reference, equal }) => {
  expect(reference).toMatch(/^(?:truth|(?:perf|trace-cmd) \d+\.\d+(?:\.\d+)? `.+`)$/);
  if (what === 'records') {
    const name = fixture.slice(4, -'.perf.data'.length);
    expect(equal).toBe(`spe/${name}.truth.txt.gz`);
    const decoded = rows(open(bytesOf(fixture)));
    const want = truth(name).map(({ aux_offset: _, ...row }) => row);
    expect(decoded.length).toBe(want.length);
    want.forEach((row, i) => expect(decoded[i]).toMatchObject(row));
  } else if (what === 'packets') {
    const text = [...dumpPackets(open(bytesOf(fixture)))].join('');
    const name = fixture.slice(4, -'.perf.data'.length);
    if (equal.endsWith('.sha256')) {
      const hash = createHash('sha256').update(text).digest('hex');
      expect(readFileSync(new URL(equal, expected), 'utf8').split('\n')).toContain(`${hash}  ${name}`);
    } else {
      expect(text).toBe(gunzipped(new URL(equal, expected)));
    }
  } else {
    expect(what).toBe('events');
    const want = gunzipped(new URL(equal, expected)).trimEnd().split('\n');
    const got = lines(fixture);
    if (reference.startsWith('perf')) expect(got.map(common)).toEqual(want.map(common));
    else expect(got).toEqual(want);
  }
});

it('leaves out no binary capture', () => {
  const named = new Set(table.map((row) => row.fixture));
  const captures = ['spe', 'trace', 'perf-data'].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, fixtures))
      .filter((name) => /\.(?:perf\.data|dat)$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  expect(captures.filter((name) => !named.has(name))).toEqual([]);
});
