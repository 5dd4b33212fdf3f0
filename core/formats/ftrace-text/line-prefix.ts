/** What `grep -n`, `grep -H` and `cat -n` put before lines: it must not become part of a thread's name. */
import { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import type { EventLine } from './event-line.ts';
import type { EachLine } from './unwrap.ts';

type Parse = (text: string) => EventLine | undefined;

const HEAD_EVENTS = 200;
/** `57:`, `57-` (grep -C), `trace.txt:57:`, `57<tab>`. */
const NUMBERED = /^(?:[^\s:]+:)?\d+(?:[:-]|\t)\s*/;
/** `cpu0/trace:` before a padded name. */
const NAMED = /^[^\s:]+[./][^\s:]*:\s+/;

/** `parse`, with such prefixes stripped if all events in the text's head have one. */
export function withoutPrefix(source: ByteSource, eachLine: EachLine, parse: Parse): Parse {
  const prefix = [NUMBERED, NAMED].find((pattern) => isCommon(source, eachLine, parse, pattern));
  if (!prefix) return parse;
  return (text) => {
    const event = parse(text);
    return event && { ...event, comm: event.comm.replace(prefix, '') };
  };
}

function isCommon(source: ByteSource, eachLine: EachLine, parse: Parse, prefix: RegExp): boolean {
  let events = 0;
  let all = true;
  eachLine(source, new Warnings(), ({ text }) => {
    const event = parse(text);
    if (!event) return true;
    all = prefix.test(event.comm);
    return all && ++events < HEAD_EVENTS;
  });
  return all && events > 1;
}
