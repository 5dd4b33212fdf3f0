/**
 * The front of a line of `perf script`, up to the event's name (tools/perf/builtin-script.c, perf_sample__fprintf_start and
 * process_event). Which columns are there depends on -F:
 *
 *     comm  pid/tid  [cpu]  seconds.fraction:  period  event:  …
 */

export interface ScriptLine {
  comm: string;
  /** -1: the text doesn't tell. */
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

/** The columns in front of the event's own text lie within so many characters. */
const MAX_FRONT = 500;

const TASK =
  /^\s*(?:(\S.{0,63}?)\s+)?(-?\d{1,10})(?:\/(-?\d{1,10}))?\s+(?:\[(\d{1,5})\]\s+)?(\d{1,11})\.(\d{6}|\d{9}): */;
const TIME_ONLY = /^\s*(?:\[(\d{1,5})\]\s+)?(\d{1,11})\.(\d{6}|\d{9}): */;
/** A period may stand before the event's name, which holds no blank and ends in a colon. */
const EVENT = /(?:\d+\s+)?([A-Za-z_]\S*?):(?: |$)/y;

/** Undefined for lines that begin no sample: frames of a call chain, remarks. */
export function parseScriptLine(text: string): ScriptLine | undefined {
  const front = text.length > MAX_FRONT ? text.slice(0, MAX_FRONT) : text;
  const m = TASK.exec(front);
  const bare = m ? undefined : TIME_ONLY.exec(front);
  if (!m && !bare) return undefined;
  const at = (m ?? bare)![0].length;
  EVENT.lastIndex = at;
  const named = EVENT.exec(front);
  const time = m ? timeOf(m[5], m[6]) : timeOf(bare![2], bare![3]);
  const cpu = Number((m ? m[4] : bare![1]) ?? -1);
  const first = Number(m?.[2] ?? -1);
  return {
    comm: m?.[1] ?? '',
    pid: m?.[3] === undefined ? -1 : first,
    tid: m?.[3] === undefined ? first : Number(m[3]),
    cpu,
    time,
    event: named?.[1] ?? '',
    restAt: named ? Math.min(at + named[0].length, text.length) : at,
  };
}

function timeOf(seconds: string, fraction: string): bigint {
  const ns = Number(fraction.length === 6 ? `${fraction}000` : fraction);
  if (seconds.length <= 6) return BigInt(Number(seconds) * 1e9 + ns);
  return BigInt(seconds) * 1000000000n + BigInt(ns);
}
