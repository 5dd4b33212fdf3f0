/** Which kind of `perf script` text it is. */
import { wholeLines } from '../ftrace-text/unwrap.ts';
import { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { parseFields } from './fields.ts';
import { eventKind } from './records.ts';
import { baseName } from './script-head.ts';
import { parseScriptLine } from './script-line.ts';
import { isSideBand } from './side-band.ts';

/** Lines without a sample allowed before the first: perf's remarks that went to the same file. */
const HEAD_LINES = 200;

/**
 * What a text shows: samples of tracepoints, whose names have a system, or of SPE. Undefined if it isn't perf script text. Any number of
 * side-band lines (--show-mmap-events), and of samples of other events with their call chains, may precede the first sample.
 */
export function perfScriptKind(source: ByteSource): 'trace' | 'spe' | undefined {
  let kind: 'trace' | 'spe' | undefined;
  let other = false;
  let lines = 0;
  if (source.read(0, 4096).includes(0)) return undefined;
  const eachLine = wholeLines(source, (text) => parseScriptLine(text) !== undefined);
  eachLine(source, new Warnings(), ({ text }) => {
    if (isSideBand(text)) return true;
    const line = parseScriptLine(text);
    if (line) {
      if (isTracepoint(line.event)) kind = 'trace';
      else if (line.event !== '' && !eventKind(baseName(line.event)).isOfSpe) other = true;
      else if (parseFields(text.slice(line.restAt))) kind = 'spe';
    }
    return kind === undefined && (other || ++lines < HEAD_LINES);
  });
  return kind;
}

/** `kvm:kvm_entry`; but `instructions:u` has a modifier, and `arm_spe_0/…/:` the terms of its PMU. */
export function isTracepoint(event: string): boolean {
  return /^[a-z]\w*:\w{4,}$/i.test(event);
}
