/** The report as Markdown (CommonMark and tables), its figures as SVG files beside it. */
import { factBlocks } from './facts.ts';
import { sharedLines } from './curves.ts';
import { drawnSkews, figures } from './figures.ts';
import type { FigureName } from './figures.ts';
import { printable } from './html.ts';
import { codeBlock, factsMarkdown, md, table } from './markdown-text.ts';
import type { Report } from './model.ts';
import { notesMarkdown } from './notes.ts';
import { provenanceComment } from './provenance.ts';
import { isShown } from './options.ts';
import type { SectionId } from './sections.ts';
import type { ReportOptions } from './options.ts';
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
import { sameNames } from '../words/checks.ts';
import { finding } from './finding.ts';
import { LOSS_KEY } from './loss-chart.ts';
import { baseName, LIMIT, scaledMark } from './words.ts';

export interface MarkdownReport {
  readonly markdown: string;
  /** SVG texts by file name. */
  readonly figures: ReadonlyMap<string, string>;
}

/** @param folder where the figures will lie, relative to the Markdown file */
export function renderMarkdown(report: Report, options: ReportOptions, folder: string): MarkdownReport {
  const drawn = figures(report, options);
  const figure = (name: FigureName, text: string): string[] =>
    drawn.has(name) ? [`![${md(text)}](<${encodeURI(folder)}/${name}.svg>)`, ''] : [];
  const shown = (id: SectionId, section: () => string[]): string[] => (isShown(options, id) ? section() : []);
  const notes = [...report.notes, scaledMark(report)].filter((note) => note !== undefined);
  const found = finding(report);
  const { rest } = skewGroups(report);
  const quiet = rest.flatMap(({ policies }) => policies);
  const lines = [
    '# What each KVM fault policy would do to this SPE profile',
    '',
    md(report.inputs.map(({ file }) => baseName(file)).join(' × ')),
    '',
    ...notes.flatMap((note) => [`> **Note:** ${md(note)}`, '']),
    md(found.lead),
    '',
    ...found.points.map(({ label, text }) => `- **${label}:** ${md(text)}`),
    ...(found.points.length ? [''] : []),
    ...figure('loss', `Samples lost per policy. ${LOSS_KEY}`),
    ...(options.notes?.trim() ? ['## Notes', '', notesMarkdown(options.notes.trim()), ''] : []),
    ...shown('inputs', () => inputs(report)),
    ...shown('timeline', () => [
      '## Timeline',
      '',
      ...figure('timeline', 'Lanes over time, with the blackout windows of each policy'),
    ]),
    ...shown('policies', () => [
      '## Policies',
      '',
      ...table(keptTable(report)),
      ...table(costTable(report)),
      md(tableNotes(report)),
      '',
    ]),
    ...shown('windows', () => [
      '## Blackout windows',
      '',
      ...table(durationTable(report)),
      ...figure('durations', 'Share of windows no longer than a given duration'),
      ...paragraph(sharedLines(report, 'durations')),
      ...figure('coverage', 'Coverage over time, but for dead profiles'),
      ...paragraph(sharedLines(report, 'coverage')),
    ]),
    ...shown('skew', () => [
      `## Skew by ${md(report.skewKey)}`,
      '',
      ...drawnSkews(report).flatMap((group, i) => [
        `### ${md(groupName(group))}`,
        '',
        ...figure(`skew-${i}`, `Share differences under ${groupName(group)}`),
        ...(group.outcome.skew ? table(movedTable(group.outcome.skew)) : []),
        md(skewFacts(group.outcome)),
        '',
      ]),
      ...(quiet.length ? [md(`No key moved with where the blackouts fell under ${ids(quiet)}.`), ''] : []),
    ]),
    ...shown('verdicts', () => verdictList(report)),
    ...shown('parameters', () => [
      '## Parameters',
      '',
      md(assumedSentence(report)),
      '',
      ...table(parameterTable(report)),
    ]),
    ...reproduce(report),
    ...(options.provenance ? [provenanceComment(options.provenance), ''] : []),
  ];
  return {
    markdown: lines.join('\n'),
    figures: new Map([...drawn].map(([name, svg]) => [`${name}.svg`, svg])),
  };
}

function inputs(report: Report): string[] {
  return ['## Inputs', '', ...factBlocks(report).flatMap(factsMarkdown)];
}

const paragraph = (text: string): string[] => (text ? [md(text), ''] : []);

function verdictList(report: Report): string[] {
  return [
    '## Verdicts',
    '',
    ...verdictGroups(report).map(
      ({ ids: same, word, sentence, notes: more }) =>
        `- **${md(sameNames(same))}: ${word}.** ${md([sentence, ...more].join(' '))}`,
    ),
    '',
  ];
}

function reproduce(report: Report): string[] {
  return [
    '## To reproduce this',
    '',
    `Umbra ${md(report.umbra)}, seed ${report.seed}:`,
    '',
    ...codeBlock(printable(report.command)),
    ...report.inputs.map(({ file, bytes, sha256 }) => `- ${md(file)}: ${bytes} bytes, SHA-256 \`${md(sha256)}\``),
    '',
    md(LIMIT),
    '',
  ];
}
