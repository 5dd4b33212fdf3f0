/** Text of `perf script`: which kind it is. */
import { HEAD_BYTES } from '../ftrace-text/ftrace-text.ts';
import { forEachLine } from '../ftrace-text/lines.ts';
import { Warnings } from '../problems.ts';
import { memorySource } from '../source.ts';
import { parseFields } from './fields.ts';
import { parseScriptLine } from './script-line.ts';

/** Lines without a sample that may stand in front of the first: remarks of perf that went to the same file. */
const HEAD_LINES = 200;

/**
 * What the head (HEAD_BYTES, or the whole of a shorter file) of a text shows: samples of tracepoints, whose names have a system,
 * or of SPE. Undefined if it is no text of perf script.
 */
export function perfScriptKind(head: Uint8Array): 'trace' | 'spe' | undefined {
  let kind: 'trace' | 'spe' | undefined;
  let lines = 0;
  if (head.subarray(0, 4096).includes(0)) return undefined;
  forEachLine(memorySource(head.subarray(0, HEAD_BYTES)), new Warnings(), ({ text }) => {
    const line = parseScriptLine(text);
    if (line) {
      if (isTracepoint(line.event)) kind = 'trace';
      else if (parseFields(text.slice(line.restAt))) kind = 'spe';
    }
    return kind === undefined && ++lines < HEAD_LINES;
  });
  return kind;
}

/** `kvm:kvm_entry`; but `instructions:u` has a modifier, and `arm_spe_0/…/:` the terms of its PMU. */
export function isTracepoint(event: string): boolean {
  return /^[a-z]\w*:\w{4,}$/i.test(event);
}
