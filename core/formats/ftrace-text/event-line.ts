/**
 * One line of trace text. ftrace (kernel/trace/trace_output.c, trace_print_context and trace_print_lat_context) and
 * trace-cmd report print the same parts, with columns that come and go:
 *
 *     comm-pid  [(tgid)]  [cpu]  [flags]  seconds.fraction: name: text        the usual form
 *     comm-pid  cpuflags  seconds.fraction: name: text                        trace-cmd report -l
 *     comm-pid  cpuflags  microseconds us[+!#*@$]: name: text                 ftrace's latency-format
 */
import type { NameWidth } from './task-name.ts';

export interface EventLine {
  /** With whatever precedes it in the line: see `taskName`. */
  comm: string;
  width: NameWidth;
  pid: number;
  /** The instance that trace-cmd names first; empty for the top buffer. */
  buffer: string;
  cpu: number;
  /** ns, or the clock's own unit when there is no fraction. */
  time: bigint;
  /** Its time counts from when the ring buffer was cleared (trace_output.c, lat_print_timestamp). */
  isRelative?: boolean;
  /** If the text gives it. */
  system?: string;
  /** The event's name as the kernel describes it: `sys_enter_ioctl` where ftrace prints `sys_ioctl(…)`. */
  event: string;
  /** Where its text begins in the line. */
  textAt: number;
}

const USUAL =
  /^\s*(.*?)-(\d+)\s+(?:\(\s*(?:\d+|-+)\)\s+)?\[(\d+)\](?:\s+([^\s\d[:]\S{2,9}|\d\S*[^\s\d:.]\S*))?\s+(\d+)(?:\.(\d{1,9}))?: ?/;
const LATENCY = /^\s*(.*?)-(\d+)\s+(\d+)([^\s\d]\S{2,8})\s+(?:(\d+)(?:\.(\d{1,9}))?: ?|(\d+)us[\s+!#*@$]?: ?)/;

/** Before perf script's `-1`, for a thread that it doesn't know: ftrace's names are followed by `-` at once. */
const UNKNOWN_THREAD = /(?:^|[\s/])$/;

/** trace-cmd pads names to this; text may itself begin with blanks. */
export const NAME_WIDTH = 20;

/** The columns before an event's name fit in this many characters. */
const MAX_FRONT = 400;
/** `%*s: ` before a task padded to 16 columns. */
const INSTANCE = /^(\S+): {2,}/;

/**
 * Undefined for lines that hold no event.
 * @param padded false for text of trace-cmd that lost its blanks behind names
 */
export function parseEventLine(text: string, isTraceCmd: boolean, padded = isTraceCmd): EventLine | undefined {
  const front = text.length > MAX_FRONT ? text.slice(0, MAX_FRONT) : text;
  const usual = USUAL.exec(front);
  const m = usual ?? LATENCY.exec(front);
  if (!m || (m[2] === '1' && UNKNOWN_THREAD.test(m[1]))) return undefined;
  const at = m[0].length + distance(front, m[0].length);
  const named = eventName(text, at, padded);
  if (!named) return undefined;
  named.textAt = behindPlugin(text, named.textAt);
  const pid = Number(m[2]);
  if (pid > 0x7fffffff) return undefined;
  const time = m[7] === undefined ? timeOf(m[5], m[6]) : BigInt(m[7]) * 1000n;
  if (time > 0xffffffffffffffffn) return undefined;
  const isRelative = m[7] !== undefined;
  const buffer = (isTraceCmd && INSTANCE.exec(m[1])?.[1]) || '';
  const comm = buffer === '' ? m[1] : m[1].slice(buffer.length + 1).trimStart();
  return {
    comm,
    width: usual ? 16 : 8,
    ...(isRelative && { isRelative }),
    pid,
    buffer,
    cpu: Math.min(Number(m[3]), 65535),
    time,
    ...named,
  };
}

/** `(+1749) ` before names, and blanks where there is none: trace-cmd report --ts-diff. */
const DISTANCE = /(?:\(\+\d+\)| {5}) *(?=[A-Za-z_<])/y;

function distance(text: string, at: number): number {
  DISTANCE.lastIndex = at;
  return DISTANCE.exec(text)?.[0].length ?? 0;
}

function timeOf(whole: string, fraction: string | undefined): bigint {
  if (whole.length > 20) return 1n << 64n;
  if (fraction === undefined) return BigInt(whole);
  if (whole.length <= 6) return BigInt(Number(whole) * 1e9 + Number(fraction.padEnd(9, '0')));
  return BigInt(whole) * 1000000000n + BigInt(fraction.padEnd(9, '0'));
}

/** trace-cmd's plugins for x86 on a trace of another machine: what they fail to find is printed before the event's own text. */
const PLUGIN = /(?:<CANT FIND FIELD \w+>|CAN'T FIND FIELD "\w+")+/y;

export function behindPlugin(text: string, at: number): number {
  if (!text.startsWith('<CANT', at) && !text.startsWith("CAN'T", at)) return at;
  PLUGIN.lastIndex = at;
  return PLUGIN.test(text) ? PLUGIN.lastIndex : at;
}

const NAMED = /([A-Za-z_][\w.-]*)(: ?|\(|(?= -> ))/y;
const FUNCTION = /\S+ (?:<--?) ?\S+/y;

function eventName(text: string, at: number, isTraceCmd: boolean): { event: string; textAt: number } | undefined {
  NAMED.lastIndex = at;
  const m = NAMED.exec(text);
  if (!m) {
    if (text.startsWith('<stack trace>', at) || text.startsWith('<user stack trace>', at)) {
      return { event: text[at + 1] === 'u' ? 'user_stack' : 'kernel_stack', textAt: at };
    }
    FUNCTION.lastIndex = at;
    return FUNCTION.test(text) ? { event: 'function', textAt: at } : undefined;
  }
  const [, name, after] = m;
  const behind = at + name.length;
  if (isTraceCmd && !after.startsWith(':')) return undefined;
  const padded = Math.min(behind + 2 + Math.max(0, NAME_WIDTH - name.length), text.length);
  // trace-cmd's lines may come without its first line, which identifies them.
  if (isTraceCmd || (padded > behind + 2 && text.slice(behind, padded).trimEnd() === ':')) {
    return { event: name, textAt: padded };
  }
  if (!after.startsWith(':')) {
    if (!name.startsWith('sys_')) return undefined;
    return { event: `sys_${after === '(' ? 'enter' : 'exit'}_${name.slice(4)}`, textAt: at };
  }
  // A write to trace_marker shows the writing function where other events have their name.
  if (name === 'tracing_mark_write') return { event: 'print', textAt: at };
  return { event: name, textAt: Math.min(behind + after.length, text.length) };
}
