/** Threads' names as tools print them, without what logs, terminals and viewers put before a line. */

/** The column that a name stands in: padded at its front, or (in latency format) cut to it as well. */
export type NameWidth = 16 | 8;

/** Longest name: TASK_COMM_LEN without its final NUL, or what the narrow column leaves of it. */
const LONGEST: Readonly<Record<NameWidth, number>> = { 16: 15, 8: 8 };
/** Times, and what says who wrote: `[  123.456789] `, `Nov 23 16:22:14 host kernel: `, `2026-11-23T16:22:14.123Z stdout F `. */
const LOGGED =
  /^(?:<\d+>)?(?:\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])?|\[?(?:\w{3} )?\w{3} [ \d]\d \d\d:\d\d:\d\d(?: \d{4})?\]?|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*)\s+(?:\S+ \S+?(?:\[\d+\])?: |std(?:out|err) [FP] )?\s*/;
/** `vm-1  | `, `MR> `, `host1: `. */
const FRONT = /^.*[\]:|>]\s+(?=\S)/;

/** Whether a name of no thread precedes the pid: something stands before it. */
export function isTooLong(shown: string, width: NameWidth): boolean {
  return shown.length > LONGEST[width];
}

/** The name at the end of all that precedes a pid, from the line's first character on. */
export function taskName(line: string, width: NameWidth): string {
  // A log in a log.
  const shown = line.replace(LOGGED, '').replace(LOGGED, '');
  if (!isTooLong(shown, width)) return shown;
  // Names are aligned to the right: the wide column begins with a blank, before the narrow one there is one.
  const at = shown.length - width;
  if (/\s/.test(shown[width === 16 ? at : at - 1])) return shown.slice(at).trim();
  const name = shown.replace(FRONT, '');
  return isTooLong(name, width) ? shown : name;
}
