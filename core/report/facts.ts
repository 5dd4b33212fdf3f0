/** What the results rest on: inputs, alignment, placement, parameters, and how to make them again. */
import { bytes, count, duration, significant } from '../words/numbers.ts';
import { html } from './html.ts';
import type { Content, Markup } from './html.ts';
import { assumedSentence } from './tables.ts';
import type { Fact, Report, ReportInput, ReportParameter, ReportWarning } from './model.ts';

/** A titled list of facts, with what was wrong with them. */
export interface FactBlock {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly warnings: readonly ReportWarning[];
}

/** What the results rest on, the parameters left out. */
export function factBlocks(report: Report): FactBlock[] {
  const { mode, offsetNs, scale, clocks: compared } = report.alignment;
  const clocks: Fact[] = [
    { label: 'mode', value: mode },
    ...(compared === undefined
      ? []
      : [
          {
            label: 'clocks',
            value: `compared while recording: known to ± ${duration(compared.uncertaintyNs)}, drift ${significant(compared.driftPpb / 1000)} ppm`,
          },
        ]),
    ...(offsetNs === 0 ? [] : [{ label: 'offset', value: duration(offsetNs) }]),
    {
      label: 'scale',
      value: scale === 1 ? 'none' : `× ${significant(scale)}: KVM times are stretched, not the machine’s`,
    },
  ];
  const rest: readonly (readonly [string, readonly Fact[]])[] = [
    ['Clock alignment', clocks],
    ['Virtual machine', report.vm],
    ['Buffers', report.placement],
    ['Stage 2 timeline', report.certainty],
  ];
  return [
    ...report.inputs.map(inputBlock),
    ...rest.flatMap(([title, facts]) => (facts.length > 0 ? [{ title, facts, warnings: [] }] : [])),
  ];
}

export function inputBlock({ kind, file, format, bytes: size, facts, warnings }: ReportInput): FactBlock {
  const own: Fact[] = [
    { label: 'file', value: file },
    { label: 'format', value: `${format}, ${bytes(size)}` },
  ];
  return { title: kind === 'spe' ? 'SPE capture' : 'KVM trace', facts: [...own, ...facts], warnings };
}

export function inputsSection(report: Report): Markup {
  return html`<section aria-labelledby="h-inputs">
    <h2 id="h-inputs">Inputs</h2>
    ${factGrid(factBlocks(report))}
  </section>`;
}

export function factGrid(blocks: readonly FactBlock[]): Markup {
  return html`<div class="inputs">
    ${blocks.map(
      ({ title, facts, warnings }) =>
        html`<div>
          ${title && html`<h3>${title}</h3>`}
          ${factList(facts, title === '')}${
            warnings.length > 0 &&
            html`<ul class="warnings">
              ${warnings.map(warning)}
            </ul>`
          }
        </div>`,
    )}
  </div>`;
}

const severities: Readonly<Record<ReportWarning['severity'], string>> = {
  info: 'note',
  undecoded: 'could not decode',
  'data-loss': 'data loss',
};

/** `data loss`, the message, and how often, where and how much. */
export function warningWords(w: ReportWarning): { severity: string; message: string; where: string } {
  const where = [
    w.count > 1 ? `${count(w.count)} times` : undefined,
    w.offset === undefined ? undefined : `first at byte ${w.offset}`,
    w.bytes ? `${bytes(w.bytes)} skipped` : undefined,
  ].filter((part) => part !== undefined);
  return { severity: severities[w.severity], message: w.message, where: where.length ? ` (${where.join(', ')})` : '' };
}

function warning(w: ReportWarning): Markup {
  const { severity, message, where } = warningWords(w);
  return html`<li class="${w.severity}"><b>${severity}:</b> ${message}${where}</li>`;
}

function factList(facts: readonly Fact[], isWide = false): Markup {
  return html`<dl class="${isWide ? 'wide' : 'facts'}">
    ${facts.map(
      ({ label, value }) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

export function parametersSection(report: Report): Markup {
  const { parameters } = report;
  const half = Math.ceil(parameters.length / 2);
  return html`<section aria-labelledby="h-parameters">
    <h2 id="h-parameters">Parameters</h2>
    <p class="fn">${assumedSentence(report)}</p>
    <div class="inputs">
      ${[parameters.slice(0, half), parameters.slice(half)].map(
        (part, i) =>
          part.length > 0 &&
          parameterTable(part, i === 0 ? 'Parameters of the run' : 'Parameters of the run, continued'),
      )}
    </div>
  </section>`;
}

function parameterTable(parameters: readonly ReportParameter[], caption: string): Markup {
  return html`<table class="parameters">
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">parameter</th>
        <th scope="col">value</th>
        <th scope="col">unit</th>
        <th scope="col">origin</th>
      </tr>
    </thead>
    <tbody>
      ${parameters.map(
        ({ name: id, value, unit, origin }) =>
          html`<tr class="${origin}">
            <th scope="row">${id}</th>
            <td>${shown(value)}</td>
            <td class="words">${unit}</td>
            <td class="words">${origin}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Whole numbers in full: a parameter must be copied exactly. */
function shown(value: string | number): Content {
  return typeof value === 'number' && Number.isInteger(value) ? count(value) : String(value);
}

export function reproduceSection(report: Report): Markup {
  return html`<section aria-labelledby="h-reproduce">
    <h2 id="h-reproduce">To reproduce this</h2>
    <dl class="wide">
      <dt>Umbra</dt>
      <dd>${report.umbra}</dd>
      <dt>seed</dt>
      <dd>${report.seed}</dd>
      ${report.inputs.map(
        ({ file, sha256, bytes: size }) =>
          html`<dt>${file}</dt>
            <dd>${size} bytes, SHA-256 <code>${sha256}</code></dd>`,
      )}
      <dt>command</dt>
      <dd><pre>${report.command}</pre></dd>
    </dl>
  </section>`;
}
