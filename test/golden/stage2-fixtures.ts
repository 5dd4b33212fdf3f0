/** Traces with the kernel's own page-table calls beside them (test/fixtures/stage2). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { readKvmEvents } from '../../core/lab/captures/decode-kvm.ts';
import type { KvmEvents } from '../../core/model/kvm-events.ts';
import { exactTimelines } from '../../core/model/stage2/exact.ts';
import type { HostFacts } from '../../core/model/stage2/host.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { parseTableCalls } from '../../core/model/stage2/reference.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import type { VmDescription } from '../../core/model/vm.ts';

export const references = [
  ...['two-vcpu', 'madvise-lost', 'memslot', 'memslot-probe', 'dirtylog-thp', 'ksm'],
  ...[
    '6.12-thp',
    '6.12-eager',
    '6.12-munmap',
    '6.12-16k-madvise',
    '7.3-madvise',
    '7.3-memslot',
    '7.3-thp',
    '7.3-thp-madvise',
  ],
] as const;
export type ReferenceName = (typeof references)[number];

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/stage2/${name}`, import.meta.url));

export interface ReferenceTrace {
  readonly events: KvmEvents;
  readonly vm: VmDescription;
  readonly calls: KvmEvents;
  readonly host: HostFacts;
}

const read = (file: string): Buffer => (file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file));

export function load(name: ReferenceName): ReferenceTrace {
  const stem = fixture(name);
  const trace = [`${stem}.trace.dat`, `${stem}.trace.txt.gz`].find((file) => existsSync(file))!;
  return loadFiles(trace, `${stem}.stage2.txt.gz`, `${stem}.vm.json`);
}

/** A trace (binary or text), the page-table calls recorded with it, and its VM description; `.gz` is unpacked. */
export function loadFiles(traceFile: string, callsFile: string, vmFile: string): ReferenceTrace {
  const open = traceFile.includes('.trace.dat') ? openTraceDat : openFtraceText;
  const trace = open(memorySource(new Uint8Array(read(traceFile)), traceFile), new Warnings());
  return {
    events: readKvmEvents(trace),
    vm: parseVmDescription(readFileSync(vmFile, 'utf8')),
    calls: parseTableCalls(read(callsFile).toString().split('\n')),
    host: { kernel: trace.facts.uname, pageSize: trace.facts.pageSize },
  };
}

/**
 * Every capture below a folder that has a reference, as `[name, trace, calls, vm]`: X.trace.dat, X.vm.json and
 * X.stage2.txt, or X.stage2-conv.txt where the calls were put into one encoding of `enum kvm_pgtable_prot`.
 */
export function capturesBelow(folder: string): [name: string, trace: string, calls: string, vm: string][] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return files.flatMap((file) => {
    const stem = /^(.*)\.stage2\.txt(\.gz)?$/.exec(file)?.[1];
    if (stem === undefined) return [];
    const path = (ending: string): string => join(folder, `${stem}.${ending}`);
    const trace = ['trace.dat', 'trace.txt', 'trace.txt.gz'].map(path).find((name) => existsSync(name));
    if (trace === undefined || !existsSync(path('vm.json'))) return [];
    return [[stem.replace(/\/trace$/, ''), trace, join(folder, file), path('vm.json')]];
  });
}

/** By VM: the inferred timeline, and the true one. */
export function compared({
  events,
  vm,
  calls,
  host,
}: ReferenceTrace): { inferred: Stage2Timeline; truth: Stage2Timeline }[] {
  const { timelines, pageUnit } = reconstruct(events, vm, host);
  const truth = exactTimelines(calls, { ...vm, pageUnit }, host);
  return timelines.map((inferred, v) => ({ inferred, truth: truth[v] }));
}
