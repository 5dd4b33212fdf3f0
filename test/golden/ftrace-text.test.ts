/** A trace's text gives the same as its binary. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { TraceColumns } from '../../core/formats/event-format/columns.ts';
import { fieldReader } from '../../core/formats/event-format/field-reader.ts';
import type { TraceFile } from '../../core/formats/event-format/trace-file.ts';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';

const fixtures = new URL('../fixtures/trace/', import.meta.url);
const read = (name: string, base = fixtures): Uint8Array => new Uint8Array(readFileSync(new URL(name, base)));

/** The fields that the model reads. */
const fields: Record<string, string[]> = {
  kvm_entry: ['vcpu_pc'],
  kvm_exit: ['esr_ec', 'vcpu_pc'],
  kvm_guest_fault: ['ipa', 'hsr', 'hxfar', 'vcpu_pc'],
  kvm_mmio: ['type', 'len', 'gpa', 'val'],
  kvm_userspace_exit: ['reason'],
  kvm_unmap_hva_range: ['start', 'end'],
  sys_enter_munmap: ['addr', 'len'],
  sys_enter_madvise: ['start', 'len_in', 'behavior'],
  sys_enter_mmap: ['addr', 'len', 'prot', 'flags', 'fd', 'off'],
  sys_enter_mprotect: ['start', 'len', 'prot'],
  sys_enter_ioctl: ['fd', 'cmd', 'arg'],
};

function rows(file: TraceFile, unit = 1n): string[] {
  const out: string[] = [];
  file.read(new TraceColumns(1000), (c) => {
    for (let i = 0; i < c.n; i++) {
      const format = file.dictionary.formats[c.event[i]];
      const values = (fields[format.name] ?? []).map((name) => {
        const reader = fieldReader(format, name);
        return reader && `${name}=${reader.u64(c, i)}=${reader.high(c, i)}:${reader.u32(c, i)}`;
      });
      const mark = format.name === 'print' ? fieldReader(format, 'buf')?.text(c, i).trimEnd() : '';
      const comm = file.dictionary.comms[c.comm[i]];
      const t = (c.t[i] + unit / 2n) / unit;
      out.push(`${t} ${c.cpu[i]} ${c.tid[i]} ${comm} ${format.name} ${c.lostBefore[i]} ${values} ${mark}`);
    }
  });
  return out;
}

test('trace-cmd report -N -t, in full', () => {
  const binary = rows(openTraceDat(memorySource(read('b-madvise-lost.v7-zstd.dat')), new Warnings()));
  const gz = read('expected/trace/b-madvise-lost.v7-zstd.dat.txt.gz', new URL('.', import.meta.url));
  const warnings = new Warnings();
  const text = rows(openFtraceText(memorySource(new Uint8Array(gunzipSync(gz))), warnings));
  expect(text).toEqual(binary);
  expect(warnings.list().map((w) => [w.kind, w.count])).toEqual([
    ['trace-lost-events', 3378],
    ['trace-lost-uncounted', 1],
  ]);
});

test('trace-cmd report with its plugins, in microseconds', () => {
  const binary = rows(openTraceDat(memorySource(read('b-madvise-lost.v7-zstd.dat')), new Warnings()), 1000n);
  const warnings = new Warnings();
  const text = rows(openFtraceText(memorySource(read('b-madvise-lost.report.txt')), warnings), 1000n);
  expect(text.length).toBe(189);
  const known = new Set(binary);
  expect(text.filter((row) => !known.has(row))).toEqual([]);
  expect(warnings.list().map((w) => [w.kind, w.count])).toEqual([['trace-lost-events', 859]]);
});

test('/sys/kernel/tracing/trace', () => {
  const warnings = new Warnings();
  const file = openFtraceText(memorySource(read('b-madvise.ftrace.txt')), warnings);
  const all = rows(file);
  expect(file.facts).toMatchObject({ format: 'ftrace', cpus: 2, nanoseconds: true });
  expect(all.length).toBe(488);
  expect(warnings.list()).toEqual([]);
  expect(all[0]).toBe(
    '68641475000 0 236 vmm sys_enter_mprotect 0 start=4833280=0:4833280,len=16384=0:16384,prot=1=0:1 ',
  );
  const faults = all.filter((row) => row.includes('kvm_guest_fault'));
  expect(faults[0]).toContain('ipa=1073741824=0:1073741824,hsr=2181038085=0:2181038085');
});

test('stack traces belong to their event', () => {
  const warnings = new Warnings();
  const file = openFtraceText(memorySource(read('b-madvise-stack.report.txt')), warnings);
  const stacks: string[] = [];
  file.read(new TraceColumns(), (c) => {
    for (let i = 0; i < c.n; i++) {
      if (file.dictionary.formats[c.event[i]].name !== 'kernel_stack') continue;
      stacks.push(Buffer.from(c.payload.subarray(c.start[i], c.start[i + 1])).toString());
    }
  });
  expect(warnings.list()).toEqual([]);
  expect(stacks.length).toBeGreaterThan(1);
  expect(stacks[0].split('\n').slice(0, 3)).toEqual([
    '<stack trace >',
    '=> trace_event_raw_event_kvm_unmap_hva_range (ffff800008045d34)',
    '=> kvm_mmu_notifier_invalidate_range_start (ffff80000804cc2c)',
  ]);
});
