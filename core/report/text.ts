/**
 * The report as plain text for a mail: ASCII, at most 72 columns (except a word of the command that can't be broken), so that it survives
 * `git send-email`. The finding first, what reproduces it last.
 */
import { verdictSigns } from '../words/signs.ts';
import { verdicts } from '../model/terms.ts';
import { ascii, asciiTable, COLUMNS, command, heading, wrap } from './ascii.ts';
import { factBlocks } from './facts.ts';
import { shorten } from '../words/lists.ts';
import { percent } from '../words/numbers.ts';
import type { Report } from './model.ts';
import { isShown } from './options.ts';
import type { SectionId } from './sections.ts';
import type { ReportOptions } from './options.ts';
import { drawnSkews } from './figures.ts';
import { groupName, skewGroups, verdictGroups } from './skew-section.ts';
import {
  assumedSentence,
  costTable,
  durationTable,
  ids,
  keptTable,
  movedTable,
  parameterTable,
  skewFacts,
  tableNotes,
} from './tables.ts';
import type { Table } from './tables.ts';
import { factLines, hanging, notesLines } from './text-parts.ts';
import { textTimeline } from './text-timeline.ts';
import { sameNames } from '../words/checks.ts';
import { samePolicies, survival } from './check-words.ts';
import { finding } from './finding.ts';
import { baseName, compared, LIMIT, scaledMark } from './words.ts';

export function renderText(report: Report, options: ReportOptions = {}): string {
  const shown = (id: SectionId, section: (report: Report) => string[]): string[] =>
    isShown(options, id) ? section(report) : [];
  const files = report.inputs.map(({ file }) => baseName(file)).join(' x ');
  const title = 'What each KVM fault policy would do to this SPE profile';
  const notes = [...report.notes, scaledMark(report)].filter((note) => note !== undefined);
  const lines = [
    title,
    '='.repeat(title.length),
    ...wrap(files),
    '',
    ...findingLines(report),
    ...notes.flatMap((note) => ['', ...wrap(`NOTE: ${note}`)]),
    ...lossBars(report),
    ...notesLines(options.notes),
    ...shown('inputs', inputs),
    ...shown('timeline', (r) => [...heading('Timeline'), ...textTimeline(r)]),
    ...shown('policies', policies),
    ...shown('windows', windows),
    ...shown('skew', skew),
    ...shown('verdicts', verdictLines),
    ...shown('parameters', parameters),
    ...reproduce(report),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function findingLines(report: Report): string[] {
  const { lead, points } = finding(report);
  return [...wrap(lead), ...points.flatMap(({ label, text }) => ['', ...hanging(`${label}: `.padEnd(12), text)])];
}

const table = ({ head, align, rows }: Table): string[] => asciiTable(head, rows, align);

/** Beside the longest name and verdict. */
const BAR = 18;

/** Samples lost per policy, a bar on a logarithmic scale. */
function lossBars(report: Report): string[] {
  const rows = samePolicies(compared(report), survival);
  if (rows.length === 0) return [];
  const lost = rows.map(({ outcome }) => 1 - outcome.summary.coverage);
  const least = Math.min(...lost.filter((share) => share > 0), 0.01);
  const decades = Math.max(1, -Math.floor(Math.log10(least)));
  const width = (share: number): number =>
    share > 0 ? Math.max(1, Math.round(BAR * (1 + Math.log10(share) / decades))) : 0;
  return [
    ...heading(`Samples lost (bars: logarithmic, ${ascii(percent(10 ** -decades))} to 100 %)`),
    ...asciiTable(
      ['policy', 'lost', '', 'verdict'],
      rows.flatMap(({ ids: names, outcome }, i) =>
        names.map((name, j) =>
          j > 0
            ? [`= ${shorten(name, 22)}`, '', '', '']
            : [
                shorten(name, 22),
                lost[i] === 0 ? 'none' : percent(lost[i]),
                `|${'#'.repeat(width(lost[i])).padEnd(BAR)}|`,
                outcome.verdict.word,
              ],
        ),
      ),
      'lrll',
    ),
  ];
}

function inputs(report: Report): string[] {
  return factBlocks(report).flatMap((block) => [...heading(block.title), ...factLines(block)]);
}

function policies(report: Report): string[] {
  return [
    ...heading('Policies'),
    ...table(keptTable(report)),
    '',
    ...table(costTable(report)),
    '',
    ...wrap(tableNotes(report)),
  ];
}

function windows(report: Report): string[] {
  const durations = durationTable(report);
  return durations.rows.length ? [...heading('Blackout windows, by duration'), ...table(durations)] : [];
}

function skew(report: Report): string[] {
  const { rest } = skewGroups(report);
  const drawn = drawnSkews(report);
  const quiet = rest.flatMap(({ policies: same }) => same);
  return [
    ...heading(`Skew by ${report.skewKey}`),
    ...drawn.flatMap((group, i) => [
      ...(i > 0 ? [''] : []),
      ...wrap(`${groupName(group)}:`),
      '',
      ...(group.outcome.skew ? [...table(movedTable(group.outcome.skew)), ''] : []),
      ...wrap(skewFacts(group.outcome)),
    ]),
    ...(drawn.length
      ? [
          '',
          ...wrap(
            '*: the interval excludes 0. Intervals: 95 %, for all keys together, from the same losses at other moments.',
          ),
        ]
      : []),
    ...(quiet.length ? ['', ...wrap(`No key moved with where the blackouts fell under ${ids(quiet)}.`)] : []),
  ];
}

function verdictLines(report: Report): string[] {
  const groups = verdictGroups(report);
  const sorted = groups.toSorted((a, b) => verdicts.indexOf(a.word) - verdicts.indexOf(b.word));
  return [
    ...heading('Verdicts'),
    ...sorted.flatMap(({ ids: same, word, sentence, notes }, i) => [
      ...(i > 0 ? [''] : []),
      ...hanging(`${verdictSigns[word].ascii} `, `${sameNames(same)}: ${word.toUpperCase()}`),
      ...wrap(sentence, COLUMNS, '  '),
      ...notes.flatMap((text) => wrap(text, COLUMNS, '  ')),
    ]),
  ];
}

function parameters(report: Report): string[] {
  const { head, align, rows } = parameterTable(report);
  const cut = rows.map((row) => row.map((cell) => shorten(cell.replace(/\u202f/g, ''), 28)));
  return [...heading('Parameters'), ...asciiTable(head, cut, align), '', ...wrap(assumedSentence(report))];
}

function reproduce(report: Report): string[] {
  return [
    ...heading('To reproduce this'),
    ...report.inputs.flatMap(({ file, bytes: size, sha256 }) => [
      ...wrap(`${file}, ${size} bytes, SHA-256`),
      `  ${sha256}`,
    ]),
    '',
    `Umbra ${ascii(report.umbra)}, seed ${report.seed}:`,
    '',
    ...command(report.command),
    '',
    ...wrap(LIMIT),
  ];
}
