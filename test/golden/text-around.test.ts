/** Trace text in what logs, viewers, trackers and mails put around it: the events are those of the plain text. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { exitsInLab } from '../../core/lab/captures/exits.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import type { CaptureSummary } from '../../core/lab/captures/captures.ts';
import { runSql } from '../../core/lab/service/sql.ts';

const texts = new URL('../fixtures/text/', import.meta.url);
const inputs = fileURLToPath(new URL('../fixtures/inputs/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'umbra-around-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** ftrace's text: 330 events, thread names padded to 16 columns. */
const trace = gunzipSync(readFileSync(`${inputs}trace.txt.gz`)).toString('latin1');
const lines = trace.trimEnd().split('\n');

let files = 0;
function imported(text: string | Uint8Array): { lab: string; captures: CaptureSummary[]; events: unknown[] } {
  const file = join(folder, `${files++}.txt`);
  writeFileSync(file, typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  const captures = importFiles(`${file}.umbra`, [file]);
  let events: unknown[] = [];
  const sql =
    'select t_ns, cpu, tid, comm, system, event, lost_before, fields from trace_event order by capture_id, seq';
  runSql(`${file}.umbra`, sql, ({ rows }) => {
    events = [...rows];
  });
  return { lab: `${file}.umbra`, captures, events };
}

const plain = imported(trace).events;
const around = (front: (i: number) => string) => lines.map((line, i) => `${front(i)}${line}\n`).join('');

describe('before each line', () => {
  test.each([
    ['dmesg', '[  123.456789] '],
    ['dmesg, with its caller and level', '<4>[  123.456789][    T1] '],
    ['dmesg -T', '[Mon Nov 23 16:22:14 2026] '],
    ['journalctl', 'Nov 23 16:22:14 host kernel: '],
    ['syslog', 'Nov 23 16:22:14 host-12 trace.sh[881]: '],
    ['syslog, ISO times', '2026-11-23T16:22:14.123456+00:00 host kernel: [  123.456789] '],
    ['ts', 'Nov 23 16:22:14 '],
    ['adb logcat', '11-23 16:22:14.123   881   883 I atrace  : '],
    ['a runner of jobs', '2026-11-23T16:22:14.1234567Z '],
    ['kubectl logs', '2026-11-23T16:22:14.123456789Z stdout F '],
    ['docker compose', 'vm-1  | '],
    ['pssh', 'host1: '],
    ['grep -H', 'trace:'],
    ['a diff', '+'],
    ['quoted with initials', 'MR> '],
  ])('%s', (_, front) => {
    expect(imported(around(() => front)).events).toEqual(plain);
  });

  test.each([
    ['nl', (i: number) => `${String(i + 1).padStart(6)}  `],
    ['less -N', (i: number) => `${String(i + 1).padStart(7)} `],
    ['cat -n', (i: number) => `${String(i + 1).padStart(6)}\t`],
  ])('line numbers of %s', (_, front) => {
    expect(imported(around(front)).events).toEqual(plain);
  });
});

test('perf 7.2 prints what its plugin for x86 fails to find: reasons of exits are read all the same', () => {
  const script = gunzipSync(readFileSync(fileURLToPath(new URL('b-madvise.script-guest.txt.gz', texts)))).toString();
  const newer = script
    .replace(/(kvm:kvm_exit: )/g, '$1<CANT FIND FIELD exit_reason>')
    .replace(/(kvm:kvm_entry: )/g, '$1CAN\'T FIND FIELD "vcpu_id"<CANT FIND FIELD rip>');
  const [a, b] = [imported(script), imported(newer)];
  expect(b.events).toEqual(a.events);
  expect(exitsInLab(b.lab, 1)).toEqual(exitsInLab(a.lab, 1));
});

test('trace-cmd report --ts-diff puts distances before names', () => {
  const report = gunzipSync(readFileSync(`${inputs}report.txt.gz`)).toString('latin1');
  const apart = report.replace(/( \d+\.\d{6,9}: )/g, '$1(+1749)  ').replace('(+1749)  ', '         ');
  expect(apart).not.toBe(report);
  expect(imported(apart).events).toEqual(imported(report).events);
});
