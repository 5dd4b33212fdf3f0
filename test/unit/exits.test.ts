import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { fieldNames } from '../../core/formats/event-format/field-names.ts';
import { parseEventFormat } from '../../core/formats/event-format/parse-format.ts';
import { Symbols } from '../../core/formats/event-format/symbols.ts';
import type { TraceFile } from '../../core/formats/event-format/trace-file.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import type { Exits } from '../../core/contract/timeline.ts';
import { countExits } from '../../core/lab/captures/exits.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { pair, temporaryFolder, umbra, umbraJson } from '../e2e/umbra.ts';
import { format } from './trace-dat-writer.ts';

const here = (path: string) => new URL(path, import.meta.url);
const lost = here('../fixtures/trace/b-madvise-lost.v7-zstd.dat');
const lostText = here('../golden/expected/trace/b-madvise-lost.v7-zstd.dat.txt.gz');

interface Row {
  count: number;
  times: number[];
}

/**
 * The same from what trace-cmd printed, line by line: a vCPU thread's kvm_exit begins, its kvm_entry ends (perf's
 * tools/perf/util/kvm-stat.c), and dropped events of a CPU leave its open exits without an end.
 */
function byHand(text: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  const open = new Map<string, { reason: string; t: bigint; cpu: number }>();
  for (const line of text.split('\n')) {
    const dropped = /^CPU:(\d+) \[(\d+ )?EVENTS DROPPED\]/.exec(line);
    if (dropped) for (const [tid, { cpu }] of open) if (cpu === Number(dropped[1])) open.delete(tid);
    const [, tid, cpu, s, ns, event, rest] = /-(\d+)\s+\[(\d+)\]\s+(\d+)\.(\d{9}): (\w+):\s+(.*)/.exec(line) ?? [];
    if (event === 'kvm_exit') {
      const [, name, exceptionClass] = /^(\w+): .*\((\w+)\)/.exec(rest)!;
      const reason = name === 'TRAP' ? exceptionClass : name;
      const row = rows.get(reason) ?? { count: 0, times: [] };
      row.count++;
      rows.set(reason, row);
      open.set(tid, { reason, t: BigInt(s + ns), cpu: Number(cpu) });
    } else if (event === 'kvm_entry') {
      const exit = open.get(tid);
      open.delete(tid);
      if (exit) rows.get(exit.reason)!.times.push(Number(BigInt(s + ns) - exit.t));
    }
  }
  return rows;
}

const sum = (times: readonly number[]) => times.reduce((a, b) => a + b, 0);
const read = (url: URL) => openTraceDat(memorySource(new Uint8Array(readFileSync(url))), new Warnings());

describe('exits', () => {
  it('counts and times what trace-cmd lists, also where the tracer lost events', () => {
    const text = gunzipSync(readFileSync(lostText)).toString('utf8');
    expect(text).toContain('EVENTS DROPPED');
    const wanted = byHand(text);
    const { rows, exits, totalNs } = countExits(read(lost));
    expect(rows.map((r) => r.reason).sort()).toEqual([...wanted.keys()].sort());
    for (const row of rows) {
      const { count, times } = wanted.get(row.reason)!;
      times.sort((a, b) => a - b);
      expect(row, row.reason).toMatchObject({ count, timed: times.length, totalNs: sum(times), maxNs: times.at(-1) });
      // Between the neighbours of that rank, whatever the interpolation.
      for (const [p, value] of [
        [0.5, row.p50Ns!],
        [0.99, row.p99Ns!],
      ] as const) {
        const rank = (times.length - 1) * p;
        expect(value).toBeGreaterThanOrEqual(times[Math.floor(rank)]);
        expect(value).toBeLessThanOrEqual(times[Math.ceil(rank)]);
      }
    }
    expect(exits).toBe(sum([...wanted.values()].map((r) => r.count)));
    expect(totalNs).toBe(sum([...wanted.values()].flatMap((r) => r.times)));
    expect(rows.map((r) => r.totalNs)).toEqual(rows.map((r) => r.totalNs).sort((a, b) => b - a));
    // Some exits have no known end: otherwise losing events would change nothing here.
    expect(sum(rows.map((r) => r.count - r.timed))).toBeGreaterThan(2);
  });

  it('says the same of a trace’s text, from a lab, on the command line', () => {
    const folder = temporaryFolder();
    const lab = join(folder, 'a.umbra');
    const text = umbra('inspect', pair.kvm, '--events').stdout;
    const [{ id }] = importFiles(lab, [pair.kvm]);
    const told = umbraJson<Exits>('exits', '--db', lab, '--kvm', String(id));
    const wanted = byHand(text);
    expect(Object.fromEntries(told.rows.map((r) => [r.reason, [r.count, r.totalNs]]))).toEqual(
      Object.fromEntries([...wanted].map(([reason, { count, times }]) => [reason, [count, sum(times)]])),
    );
    expect(told.rows.find((r) => r.reason === 'DABT_LOW')!.toUser).toBeGreaterThan(0);
    expect(umbra('exits', '--db', lab, '--kvm', '1').stdout).toMatch(/^reason +exits .*\nDABT_LOW +1.487 /);
  });

  it('explains a trace without exits', () => {
    const folder = temporaryFolder();
    const lab = join(folder, 'a.umbra');
    const trace = join(folder, 'trace.txt');
    writeFileSync(
      trace,
      ' kswapd0-45  [000]  10.000001000: kvm_unmap_hva_range: mmu notifier unmap range: 0x1000 -- 0x2000\n',
    );
    importFiles(lab, [trace]);
    expect(umbra('exits', '--db', lab, '--kvm', '1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no kvm_exit in it/) as string,
    });
  });

  // arch/arm64/include/asm/kvm_asm.h: 1 was TRAP before SERROR came in between.
  it.each([
    ['{0, "IRQ" }, {1, "TRAP" }', ['IRQ', 'DABT_LOW', '0x2']],
    ['{0, "IRQ" }, {1, "EL1_SERROR" }, {2, "TRAP" }', ['IRQ', 'EL1_SERROR', 'DABT_LOW']],
  ])('names reasons as the trace does: %s', (codes, reasons) => {
    const print = `"%s: ESR_EC: 0x%04x (%s)", __print_symbolic(REC->ret, ${codes}), REC->esr_ec, __print_symbolic(REC->esr_ec, {0x24, "DABT_LOW"})`;
    const fields = [
      'field:int ret;\toffset:8;\tsize:4;\tsigned:1;',
      'field:unsigned int esr_ec;\toffset:12;\tsize:4;\tsigned:0;',
    ];
    const parsed = parseEventFormat(format('kvm_exit', 7, fields, print), 'kvm')!;
    expect(fieldNames(parsed, 'esr_ec')).toEqual(new Map([[0x24, 'DABT_LOW']]));
    const trace = {
      dictionary: { formats: [parsed], comms: ['vcpu'] },
      printing: { symbols: new Symbols(), longSize: 8 },
      read(columns: TraceColumns, onBatch: (batch: TraceColumns) => void) {
        for (let ret = 0; ret < 3; ret++) {
          new DataView(columns.payload.buffer).setInt32(16 * ret + 8, ret, true);
          new DataView(columns.payload.buffer).setInt32(16 * ret + 12, 0x24, true);
          columns.start[ret + 1] = 16 * (ret + 1);
        }
        columns.n = 3;
        onBatch(columns);
      },
    } as unknown as TraceFile;
    expect(countExits(trace).rows.map((r) => r.reason)).toEqual(reasons);
  });
});
