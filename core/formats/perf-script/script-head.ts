/** What the first samples of a `perf script` text show about all of it: its columns, its events, whether its times are times. */
import { forEachLine } from '../ftrace-text/lines.ts';
import { InputError, Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { parseFields } from './fields.ts';
import { Layout, Wide } from './layout.ts';
import { eventKind } from './records.ts';
import { areScattered } from './scattered.ts';
import type { ScatteredSample } from './scattered.ts';
import { parseScriptLine } from './script-line.ts';
import type { ScriptLine } from './script-line.ts';
import { isSideBand } from './side-band.ts';
import { relativeTimes } from '../ftrace-text/sorted-lines.ts';
import { SteppingBack } from '../ftrace-text/stepping-back.ts';
import type { EachLine } from '../ftrace-text/unwrap.ts';

/** Samples examined. */
const HEAD_SAMPLES = 4096;
/** Of these, samples whose order and PCs are looked at. */
const SOME_SAMPLES = 500;
const UNKNOWN_TID = /(?:^|\s)-1(?:\/-1)?\s+(?:\[|\d+\.)/;
const PERIOD = /\s(\d+)\s+instructions(?::\S*)?:\s*$/;

export interface ScriptHead {
  readonly events: ReadonlySet<string>;
  readonly layout: Layout;
  /** Addresses are on their own lines below a sample. */
  readonly chains: boolean;
  readonly hasTid: boolean;
  /** Threads are there, but -1. */
  readonly unknownTid: boolean;
  readonly hasCpu: boolean;
  /** Records for which perf prints one `instructions` sample; 0 if it doesn't say. */
  readonly period: number;
  /** Samples of one record aren't neighbours: see scattered.ts. */
  readonly scattered: boolean;
  /** How many digits PCs have. */
  readonly pcDigits: ReadonlySet<number>;
}

/** @throws InputError if a column is missing that nothing can stand in for, or the times are deltas */
export function readScriptHead(source: ByteSource, eachLine: EachLine = forEachLine): ScriptHead {
  const events = new Set<string>();
  const layout = new Layout();
  const back = new SteppingBack();
  let [samples, unnamed, tids, frames, line] = [0, 0, 0, 0, 0];
  let isZero = true;
  let hasCpu = false;
  let unknownTid = false;
  let period = 0;
  let bare = false;
  let hasColumns = false;
  const found: Omit<ScatteredSample, 'numbers'>[] = [];
  eachLine(source, new Warnings(), ({ text }) => {
    line++;
    if (isSideBand(text)) return true;
    const sample = parseScriptLine(text);
    if (!sample) {
      if (bare && /^\s+[0-9a-f]+(?: |$)/.test(text)) frames++;
      bare = false;
      return true;
    }
    if (sample.event !== '' && !eventKind(baseName(sample.event)).isOfSpe) {
      bare = false;
      return true;
    }
    const fields = parseFields(text.slice(sample.restAt));
    if (!fields) return true;
    if (found.length < SOME_SAMPLES)
      found.push({ sample, event: eventKind(baseName(sample.event)), fields, offset: 0 });
    bare = fields.symbol === '' && fields.binary === undefined;
    hasColumns ||= fields.numbers.length > 0;
    layout.learn(fields);
    if (sample.event === '') unnamed++;
    else if (events.size < 64) events.add(baseName(sample.event));
    if (sample.tid >= 0) tids++;
    else unknownTid ||= UNKNOWN_TID.test(text.slice(0, sample.restAt));
    // -1, where a thread was recorded wherever it ran.
    hasCpu ||= sample.cpu >= 0 || text.slice(0, sample.restAt).includes('[');
    period = Math.max(period, Number(PERIOD.exec(text.slice(0, sample.restAt))?.[1] ?? 0));
    if (sample.time !== 0n) isZero = false;
    back.take(sample.cpu, sample.time, line);
    return ++samples < HEAD_SAMPLES;
  });
  const refuse = (message: string) => new InputError(source.name, message);
  // The last line may be cut off.
  if (unnamed > samples / 2)
    throw refuse(
      "its samples don't name their event, and perf prints several of one record: add it with `perf script --itrace=i1i -F +event`",
    );
  if (frames > samples / 2 && hasColumns)
    throw refuse('its samples have other columns before their call chains: print it without these, `perf script -G`');
  if ((!layout.has.pc && !frames) || layout.isWithoutPc)
    throw refuse('its samples have no address of their instruction: add it with `perf script -F +ip`');
  if (samples > 1 && (isZero || back.isRelative || back.isReversed)) throw refuse(relativeTimes(back, isZero));
  const chains = frames > 0 && !layout.has.pc;
  const all: ScatteredSample[] = [];
  const pcDigits = new Set<number>();
  // The last one may be cut off.
  for (const one of found.slice(0, Math.max(1, found.length - 1))) {
    const numbers = layout.assign(one.fields);
    if (!numbers) continue;
    all.push({ ...one, numbers });
    pcDigits.add(numbers.wide[Wide.PC].toString(16).length);
  }
  const scattered = !chains && areScattered(all);
  return { events, layout, chains, hasTid: tids > 0, unknownTid, hasCpu, period, scattered, pcDigits };
}

/** `instructions:u` → `instructions`. */
export function baseName(event: ScriptLine['event']): string {
  const colon = event.indexOf(':');
  return colon < 0 ? event : event.slice(0, colon);
}
