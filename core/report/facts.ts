/** What the results rest on: inputs, alignment, placement, parameters, and how to make them again. */
import { bytes, count, duration, significant } from './format.ts';
import { html } from './html.ts';
import type { Content, Markup } from './html.ts';
import type { Fact, Report, ReportInput, ReportParameter, ReportWarning } from './model.ts';

export function inputsSection(report: Report): Markup {
  const { mode, offsetNs, scale } = report.alignment;
  const clocks: Fact[] = [
    { label: 'mode', value: mode },
    ...(offsetNs === 0 ? [] : [{ label: 'offset', value: duration(offsetNs) }]),
    {
      label: 'scale',
      value: scale === 1 ? 'none' : `× ${significant(scale)}: KVM times are stretched, not the machine’s`,
    },
  ];
  const blocks: readonly (readonly [string, readonly Fact[]])[] = [
    ['Clock alignment', clocks],
    ['Virtual machine', report.vm],
    ['Buffers', report.placement],
    ['Stage 2 timeline', report.certainty],
  ];
  return html`<section aria-labelledby="h-inputs">
    <h2 id="h-inputs">Inputs</h2>
    <div class="inputs">
      ${report.inputs.map(input)}${blocks.map(
        ([title, facts]) =>
          facts.length > 0 &&
          html`<div>
            <h3>${title}</h3>
            ${factList(facts)}
          </div>`,
      )}
    </div>
  </section>`;
}

function input({ kind, file, format, bytes: size, facts, warnings }: ReportInput): Markup {
  const own: Fact[] = [
    { label: 'file', value: file },
    { label: 'format', value: `${format}, ${bytes(size)}` },
  ];
  return html`<div>
    <h3>${kind === 'spe' ? 'SPE capture' : 'KVM trace'}</h3>
    ${factList([...own, ...facts])}${
      warnings.length > 0 &&
      html`<ul class="warnings">
        ${warnings.map(warning)}
      </ul>`
    }
  </div>`;
}

const severities: Readonly<Record<ReportWarning['severity'], string>> = {
  info: 'note',
  undecoded: 'could not decode',
  'data-loss': 'data loss',
};

function warning({ severity, message, count: times, offset, bytes: skipped }: ReportWarning): Markup {
  const where = [
    times > 1 ? `${count(times)} times` : undefined,
    offset === undefined ? undefined : `first at byte ${offset}`,
    skipped ? `${bytes(skipped)} skipped` : undefined,
  ].filter((part) => part !== undefined);
  return html`<li class="${severity}">
    <b>${severities[severity]}:</b> ${message}${where.length > 0 && ` (${where.join(', ')})`}
  </li>`;
}

function factList(facts: readonly Fact[]): Markup {
  return html`<dl>
    ${facts.map(
      ({ label, value }) =>
        html`<dt>${label}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

export function parametersSection({ parameters }: Report): Markup {
  const half = Math.ceil(parameters.length / 2);
  const assumed = parameters.filter(({ origin }) => origin === 'assumed').length;
  return html`<section aria-labelledby="h-parameters">
    <h2 id="h-parameters">Parameters</h2>
    <p class="fn">
      ${count(assumed)} of ${count(parameters.length)} are assumed: defaults that illustrate, not taken from these
      captures.
    </p>
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
