/** What became of a sample of mutants, for reading. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { wilson } from '../../core/model/stage2/confidence.ts';

/** What is used of Stryker's `MutantResult`; lines and columns count from 1. */
interface Tried {
  readonly fileName: string;
  readonly location: { readonly start: Place; readonly end: Place };
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  /** Of a timeout: what was counted; missing if the clock ended it. */
  readonly statusReason?: string;
}
/** The text of a file as it was mutated: it may have changed since. */
type TextOf = (file: string) => string;

interface Place {
  readonly line: number;
  readonly column: number;
}

const percent = (share: number): string => (100 * share).toFixed(1);
const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 150 ? `${line.slice(0, 149)}…` : line;
};

function original({ fileName, location: { start, end } }: Tried, textOf: TextOf): string {
  const lines = textOf(fileName)
    .split('\n')
    .slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines[lines.length - 1].slice(0, end.column - 1);
  return lines.join('\n').slice(start.column - 1);
}

/** Killed and timed out mutants of those that ran, in percent, with its 95 % interval (Wilson 1927). */
export function score(killed: number, ran: number): string {
  if (ran === 0) return 'no score: nothing ran';
  const least = percent(wilson(killed, ran));
  const most = percent(1 - wilson(ran - killed, ran));
  return `score ${percent(killed / ran)} % (95 %: ${least} … ${most} %)`;
}

/** Every mutant that no test caught, by place, and those that broke the run; then counts and the score. */
export function summary(tried: readonly Tried[], textOf: TextOf = (file) => readFileSync(file, 'utf8')): string {
  const number = (status: string) => tried.filter((mutant) => mutant.status === status).length;
  const [killed, timeout, survived, bare] = ['Killed', 'Timeout', 'Survived', 'NoCoverage'].map(number);
  const byClock = tried.filter(({ status, statusReason }) => status === 'Timeout' && !statusReason).length;
  const caught = new Set(['Killed', 'Timeout']);
  const text = tried
    .filter(({ status }) => !caught.has(status))
    .sort((a, b) => a.fileName.localeCompare(b.fileName) || a.location.start.line - b.location.start.line)
    .map((mutant) => {
      const { line, column } = mutant.location.start;
      const place = `${relative('.', mutant.fileName)}:${line}:${column}`;
      const change = `- ${oneLine(original(mutant, textOf))}\n  + ${oneLine(mutant.replacement ?? '')}`;
      return `${mutant.status} ${place} ${mutant.mutatorName}\n  ${change}\n`;
    });
  const errors = tried.length - killed - timeout - survived - bare;
  return [
    ...text,
    `killed ${killed}, timed out ${timeout} (${byClock} by the clock), survived ${survived}, no coverage ${bare}, errors ${errors}`,
    score(killed + timeout, tried.length - errors),
  ].join('\n');
}
