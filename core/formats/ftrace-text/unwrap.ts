/**
 * Lines broken on the way: mail programs break at blanks so that none is longer than 72 columns or so, terminals and `fold` at exactly the
 * width. A line is the rest of the one above only if its first word would not have fitted there: other lines that aren't events stay as
 * they are.
 */
import { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { setText } from './clean-line.ts';
import { forEachLine } from './lines.ts';
import type { Line } from './line.ts';
import type { TakePlain, TakeRuns } from './lines.ts';

/** Text with longer lines wasn't broken by anything. */
const MAX_WIDTH = 132;
const HEAD_LINES = 2000;
/** Breaks that show how they were made. */
const SOME = 4;
/** Pieces of one line. */
const MAX_PIECES = 64;

/** The columns before an event's name, or a sample's time. */
const FRONT = /^\s*\S.{0,60}?[-\s]\d+\s+(?:\([\s\d-]+\)\s+)?\[-?\d+\]/;
/** Lines that are complete as they are; frames of call chains among them. */
const WHOLE = /^(?:#|\s*$|\s*=>|(?:\t|\s{2,})[0-9a-f]{3,16} (?!\[-?\d)[^\s:]|CPU[: ]\d|\s*cpus=\d+$|version = )/;

/** Whether a line on its own begins an event. */
export type Begins = (text: string) => boolean;
type IsBelow = (text: string, above: string) => boolean;

interface Wrapping {
  readonly width: number;
  /** Broken at the width, not at blanks. */
  readonly hard: boolean;
}

/** `forEachLine`, of a text or a part of it. Broken lines are none for `plain`. */
export type EachLine = (
  source: ByteSource,
  warnings: Warnings,
  onLine: (line: Line) => boolean,
  plain?: TakePlain,
  runs?: TakeRuns,
) => void;

/**
 * A line reader that joins broken lines, if the text has any.
 * @param isBelow whether a line may stand below an event's: such lines alone don't show that any were broken
 */
export function wholeLines(source: ByteSource, begins: Begins, isBelow: IsBelow = () => false): EachLine {
  const wrapping = findWrapping(source, begins, isBelow);
  return wrapping
    ? (part, warnings, onLine) => forEachJoinedLine(part, warnings, begins, wrapping, onLine)
    : forEachLine;
}

function forEachJoinedLine(
  source: ByteSource,
  warnings: Warnings,
  begins: Begins,
  wrapping: Wrapping,
  onLine: (line: Line) => boolean,
): void {
  const held: Line = { number: 0, bytes: new Uint8Array(0), start: 0, end: 0, text: '', offset: 0 };
  let pieces = 0;
  let last = '';
  let joined = 0;
  let goesOn = true;
  const release = () => {
    if (pieces) goesOn = onLine(held);
    pieces = 0;
  };
  forEachLine(source, warnings, (line) => {
    const { text } = line;
    const isRest = pieces > 0 && pieces < MAX_PIECES && !isWhole(text, begins) && continues(last, text, wrapping);
    last = text;
    if (isRest) {
      const more = wrapping.hard ? text : `${held.text.endsWith(' ') ? '' : ' '}${text.trimStart()}`;
      setText(held, held.text + more);
      pieces++;
      joined++;
      return goesOn;
    }
    release();
    if (!goesOn) return false;
    held.number = line.number;
    held.offset = line.offset;
    setText(held, text);
    pieces = 1;
    return true;
  });
  if (goesOn) release();
  if (joined) {
    const message = `lines broken after ${wrapping.width} columns, as mail programs do: joined`;
    warnings.add('info', 'text-wrapped-lines', message, { count: joined });
  }
}

function isWhole(text: string, begins: Begins): boolean {
  return WHOLE.test(text) || FRONT.test(text) || begins(text);
}

/** Ends behind a time, or an event's name: blanks that pad what follows would not have fitted either. */
const OPEN = /\d\.\d{6,9}:(?:\s+[\w:]+:)?\s*$/;

function continues(above: string, text: string, { width, hard }: Wrapping): boolean {
  if (hard) return above.length === width;
  if (OPEN.test(above)) return true;
  const word = /\S+/.exec(text)?.[0].length ?? 0;
  return above.trimEnd().length + 1 + word > width;
}

/** Undefined for text whose lines weren't broken. */
function findWrapping(source: ByteSource, begins: Begins, isBelow: IsBelow): Wrapping | undefined {
  const broken: { above: string; text: string }[] = [];
  let width = 0;
  let lines = 0;
  let fronts = false;
  let above: string | undefined;
  forEachLine(source, new Warnings(), ({ text }) => {
    if (!text.startsWith('#')) width = Math.max(width, text.trimEnd().length);
    if (width > MAX_WIDTH) return false;
    const whole = isWhole(text, begins);
    fronts ||= FRONT.test(text) || (whole && !WHOLE.test(text));
    if (above !== undefined && !whole && !isBelow(text, above)) broken.push({ above, text });
    above = WHOLE.test(text) ? undefined : text;
    return ++lines < HEAD_LINES;
  });
  if (width > MAX_WIDTH || !fronts || !broken.length) return undefined;
  const exactly = broken.filter((b) => b.above.length === width).length;
  // Columns may end where words do: but breaks at the width fall into words, and before blanks, now and then.
  const atWords = broken.every((b) => !/\s$/.test(b.above) && !/^\s/.test(b.text));
  const ends = broken.filter((b) => /[:,]$/.test(b.above)).length;
  const hard = !atWords || ends < 0.5 * broken.length;
  if (hard && broken.length >= SOME && exactly >= 0.9 * broken.length) return { width, hard };
  // Words that fit no line stick out: the width is what most breaks agree on.
  const fits = broken.filter((b) => continues(b.above, b.text, { width, hard: false })).length;
  return fits >= 0.8 * broken.length ? { width, hard: false } : undefined;
}
