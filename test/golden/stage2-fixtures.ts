/** Traces with the kernel's own page-table calls beside them (test/fixtures/stage2). */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openFtraceText } from '../../core/formats/ftrace-text/ftrace-text.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { openTraceDat } from '../../core/formats/trace-dat/trace-dat.ts';
import { readKvmEvents } from '../../core/lab/captures/kvm-events.ts';
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
  ...['6.12-thp', '6.12-eager', '6.12-munmap', '6.12-16k-madvise', '7.3-madvise', '7.3-memslot', '7.3-thp-madvise'],
] as const;
export type ReferenceName = (typeof references)[number];

const fixture = (name: string): URL => new URL(`../fixtures/stage2/${name}`, import.meta.url);

export interface ReferenceTrace {
  readonly events: KvmEvents;
  readonly vm: VmDescription;
  readonly calls: KvmEvents;
  readonly host: HostFacts;
}

export function load(name: ReferenceName): ReferenceTrace {
  const calls = gunzipSync(readFileSync(fixture(`${name}.stage2.txt.gz`))).toString();
  const dat = fixture(`${name}.trace.dat`);
  const isDat = existsSync(dat);
  const bytes = isDat ? new Uint8Array(readFileSync(dat)) : gunzipSync(readFileSync(fixture(`${name}.trace.txt.gz`)));
  const trace = (isDat ? openTraceDat : openFtraceText)(memorySource(bytes, name), new Warnings());
  return {
    events: readKvmEvents(trace),
    vm: parseVmDescription(readFileSync(fixture(`${name}.vm.json`), 'utf8')),
    calls: parseTableCalls(calls.split('\n')),
    host: { kernel: trace.facts.uname, pageSize: trace.facts.pageSize },
  };
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
