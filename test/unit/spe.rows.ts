import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openPerfData, type PerfData } from '../../core/formats/perf-data/perf-data.ts';
import { Warnings } from '../../core/formats/problems.ts';
import type { ByteSource } from '../../core/formats/source.ts';
import { Extra, Has, type SpeColumns, type WideColumn } from '../../core/formats/spe/columns.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { DecodedColumns } from '../../core/formats/spe/record-memory.ts';
import { contextOf, stateOf } from '../../core/formats/spe/states.ts';

const fixtures = new URL('../fixtures/spe/', import.meta.url);

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, fixtures)));
}

export function gunzipped(url: URL): string {
  return gunzipSync(readFileSync(url)).toString();
}

/**
 * A source over bytes that uses one buffer for all reads, as a file's does: keeping a view too long reads garbage.
 */
function reusing(bytes: Uint8Array, name: string): ByteSource {
  const buffer = new Uint8Array(bytes.length);
  return {
    name,
    size: bytes.length,
    read(offset, length) {
      buffer.fill(0xa5);
      buffer.set(bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)));
      return buffer.subarray(0, Math.max(0, Math.min(length, bytes.length - offset)));
    },
  };
}

/** Opens bytes as perf.data; `warnings` collects those of pass 1. */
export function open(bytes: Uint8Array, warnings = new Warnings()): PerfData {
  return openPerfData(reusing(bytes, 'test.perf.data'), warnings);
}

/** The generator's truth: one line a record, fields by name. */
export function truth(name: string): Record<string, string>[] {
  const [head, ...lines] = gunzipped(new URL(`${name}.truth.txt.gz`, fixtures))
    .trimEnd()
    .split('\n');
  const names = head.split(' ');
  return lines.map((line) => Object.fromEntries(line.split(' ').map((value, i) => [names[i], value])));
}

const kept = new Map<number, DecodedColumns>();

/** Columns to decode into, one of each capacity: thousands of memories would have to be collected. */
export function columnsOf(capacity: number): DecodedColumns {
  const columns = kept.get(capacity) ?? new DecodedColumns(capacity);
  kept.set(capacity, columns);
  return columns;
}

/** Decodes all queues; a row a record in the words of the truth files. */
export function rows(perf: PerfData, capacity = 777, warnings = new Warnings()): Record<string, string>[] {
  const list: Record<string, string>[] = [];
  const columns = columnsOf(capacity);
  for (const queue of perf.queues)
    decodeSpe(
      perf,
      queue,
      columns,
      (c) => {
        for (let i = 0; i < c.n; i++) list.push({ stream: String(queue.idx), ...row(c, i) });
      },
      warnings,
    );
  return list;
}

function row(c: SpeColumns, i: number): Record<string, string> {
  const present = c.present[i];
  const number = (bit: number, value: number | bigint, radix = 10): string =>
    present & bit ? value.toString(radix) : '-';
  const address = (bit: number, name: WideColumn): string => number(bit, c[name][i], 16);
  const op = c.op[i];
  return {
    cpu: String(c.cpu[i]),
    len: String(c.size[i]),
    ts: number(Has.COUNTER, c.counter[i]),
    time_ns: number(Has.TIME, c.t[i]),
    tid: number(Has.TID, c.tid[i]),
    pid: number(Has.PID, c.pid[i]),
    pc: address(Has.PC, 'pc'),
    el: number(Has.PC, c.el[i]),
    op: present & Has.OP ? `${op >> 8}:${(op & 255).toString(16).padStart(2, '0')}` : '-',
    events: address(Has.EVENTS, 'events'),
    issue: number(Has.ISSUE, c.issueLat[i]),
    total: number(Has.TOTAL, c.totalLat[i]),
    xlat: number(Has.XLAT, c.xlatLat[i]),
    source: number(Has.SOURCE, c.source[i]),
    va: address(Has.VA, 'va'),
    pa: address(Has.PA, 'pa'),
    target: address(Has.TO, 'to'),
    pbt: address(Has.PBT, 'pbt'),
    alt: c.extra[i] & Extra.ALT_ISSUE ? String(c.altLat[i]) : '-',
    context1: String(contextOf(c, i, 1) ?? '-'),
    context2: String(contextOf(c, i, 2) ?? '-'),
    states: (['pc', 'to', 'pbt', 'pa'] as const).map((name) => stateOf(c, i, name) ?? '-').join(),
  };
}
