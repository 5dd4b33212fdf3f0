/**
 * The front of a line of `perf script`, up to the event's name (tools/perf/builtin-script.c, perf_sample__fprintf_start and
 * process_event). Which columns are there depends on -F:
 *
 *     comm  pid/tid  [cpu]  seconds.fraction:  period  event:  …
 */
import { taskName } from '../ftrace-text/task-name.ts';

export interface ScriptLine {
  comm: string;
  /** -1: the text doesn't say. */
  pid: number;
  tid: number;
  cpu: number;
  /** ns. */
  time: bigint;
  /** `kvm:kvm_entry`, `instructions`; empty without an event column. */
  event: string;
  /** Where the rest begins in the line. */
  restAt: number;
}

/** The columns before the event's own text fit in this many characters. */
export const MAX_FRONT = 500;

const TIME = /(?:^|\s)(\d{1,11})\.(\d{6}|\d{9}):\s*/;
/** What precedes the time, from its end on: thread names may hold blanks, numbers and slashes. */
const TASK = /(?:^|\s)(-?\d{1,10})(?:\/(-?\d{1,10}))?\s+(?:\[(-?\d{1,10})\])?$/;
/** No thread id: then only the CPU after it distinguishes a name from other text. */
const NO_TASK = /^\s*(?:(?:(\S.{0,63}?)\s+)?\[(-?\d{1,10})\])?$/;
/** `-F +tod`: the date before the time. */
const DATE = /\s\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6,9}\s*$/;
/** A sample's mode (-F +misc), between CPU and time. */
const MISC = /(\]|\d)\s+[KUHGgMSEp]{1,3}\s*$/;
/** CPUs that perf knows: an unknown one is printed as -1 in three places, or as the same without a sign. */
export const MAX_CPU = 0x7fff;
/** A period may precede the event's name, which holds no blank and ends in a colon. */
const EVENT = /(?:\d+\s+)?([A-Za-z_]\S*?):(?:\s|$)/y;

/** Undefined for lines that begin no sample: frames of a call chain, remarks. */
export function parseScriptLine(text: string): ScriptLine | undefined {
  const front = text.length > MAX_FRONT ? text.slice(0, MAX_FRONT) : text;
  const time = TIME.exec(front);
  if (!time) return undefined;
  // Without a CPU the columns end in the blanks that TASK wants after the thread.
  const head = front
    .slice(0, time.index + 1)
    .replace(DATE, ' ')
    .replace(MISC, '$1 ')
    .replace(/\]\s*$/, ']');
  const task = TASK.exec(head);
  const bare = task ? undefined : NO_TASK.exec(time.index ? head : '');
  // `comm-tid [cpu]` is ftrace's.
  if (!task && (!bare || /-\d+$/.test(bare[1] ?? ''))) return undefined;
  const at = time.index + time[0].length;
  EVENT.lastIndex = at;
  const named = EVENT.exec(front);
  const cpu = Number((task ? task[3] : bare![2]) ?? -1);
  const first = Number(task?.[1] ?? -1);
  return {
    comm: task ? scriptName(head.slice(0, task.index)) : (bare![1] ?? ''),
    pid: task?.[2] === undefined ? -1 : first,
    tid: task?.[2] === undefined ? first : Number(task[2]),
    cpu: cpu >= 0 && cpu <= MAX_CPU ? cpu : -1,
    time: timeOf(time[1], time[2]),
    event: named?.[1] ?? '',
    restAt: named ? Math.min(at + named[0].length, text.length) : at,
  };
}

/** A thread's name, given all that precedes its number in a line. */
export function scriptName(shown: string): string {
  return taskName(shown.trimEnd(), 16).trim();
}

function timeOf(seconds: string, fraction: string): bigint {
  const ns = Number(fraction.length === 6 ? `${fraction}000` : fraction);
  if (seconds.length <= 6) return BigInt(Number(seconds) * 1e9 + ns);
  return BigInt(seconds) * 1000000000n + BigInt(ns);
}
