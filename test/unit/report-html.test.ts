import { describe, expect, test } from 'vitest';
import { paletteCss } from '../../core/report/palette.ts';
import { finding as findingOf, findingText } from '../../core/report/finding.ts';
import { renderMarkdown } from '../../core/report/markdown.ts';
import { renderHtml } from '../../core/report/report.ts';
import { renderText } from '../../core/report/text.ts';
import type { Report, ReportedOutcome } from '../../core/report/model.ts';
import { sampleCheck, sampleOutcome, samplePolicy, sampleReport } from './report.sample.ts';

const text = renderHtml(sampleReport());
const finding = (report: Report): string => findingText(findingOf(report));

/** Visible text, tags out, one space between words. */
function words(html: string): string {
  return html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

describe('the file', () => {
  test('stands alone: no script, nothing fetched', () => {
    expect(/<script|<link|<img|<iframe|@import|@font-face/i.exec(text)).toBeNull();
    expect(/\s(src|href)="(?!#)/.exec(text)).toBeNull();
    expect(/url\((?!#)/.exec(text)).toBeNull();
    expect(/\son\w+=/i.exec(text)).toBeNull();
    expect(text).toContain("default-src 'none'");
  });

  test('is the same every time', () => {
    expect(renderHtml(sampleReport())).toBe(text);
  });

  test('is well formed: every element closed, ids unique and all references met', () => {
    const open: string[] = [];
    const body = text.slice(text.indexOf('<html')).replace(/<style>.*?<\/style>/s, '');
    for (const [, close, element, attributes, empty] of body.matchAll(
      /<(\/?)([a-zA-Z][\w-]*)((?:[^>"]|"[^"]*")*?)(\/?)>/g,
    )) {
      if (close) expect(open.pop()).toBe(element);
      else if (!empty && element !== 'meta') open.push(element!);
      expect(attributes).not.toContain('<');
    }
    expect(open).toEqual([]);
    const ids = [...text.matchAll(/\sid="([^"]*)"/g)].map((m) => m[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...text.matchAll(/url\(#([^)]*)\)|href="#([^"]*)"|aria-labelledby="([^"]*)"/g)];
    expect(references.length).toBeGreaterThan(10);
    for (const [, url, href, labels] of references)
      for (const id of (url ?? href ?? labels!).split(' ')) expect(ids).toContain(id);
  });

  test('has its parts in order', () => {
    const headings = [...text.matchAll(/<h2[^>]*>([^<]*)/g)].map((m) => m[1].trim());
    expect(headings).toEqual([
      'Inputs',
      'Timeline',
      'Policies',
      'Blackout windows',
      'Skew by symbol',
      'Verdicts',
      'Parameters',
      'To reproduce this',
    ]);
    const shown = words(text);
    for (const part of [
      'umbra run spe.perf.data',
      'ab'.repeat(32),
      'first at byte 4096',
      'synthesised capture',
      'data loss',
    ])
      expect(shown).toContain(part);
  });

  test('is readable without seeing: tables have captions and header scopes, charts a title and a description', () => {
    const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
    expect(count(/<caption/g)).toBe(count(/<table/g));
    expect(/<th(?=[\s>])(?![^>]*scope=)/.exec(text)).toBeNull();
    const images = [...text.matchAll(/<svg[^>]*role="img"[^>]*>(.{0,40})/gs)];
    expect(images.length).toBeGreaterThan(5);
    for (const [, inside] of images) expect(inside).toMatch(/^\s*<title/);
    expect(count(/<svg(?![^>]*(role="img"|aria-hidden="true"))/g)).toBe(0);
  });
});

describe('colours', () => {
  const schemes = [...paletteCss.matchAll(/\{((?:color-scheme:[^;]*;)?--bg[^}]*)\}/g)].map(
    (m) => new Map([...m[1].matchAll(/--(\w+):(#\w{6})/g)].map((c) => [c[1], c[2]])),
  );

  function contrast(a: string, b: string): number {
    const luminance = (hex: string): number =>
      [1, 3, 5]
        .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  }

  test('text reaches WCAG AA in light and dark, marks 3:1', () => {
    expect(schemes).toHaveLength(2);
    for (const scheme of schemes) {
      const on = (colour: string): number => contrast(scheme.get(colour)!, scheme.get('surface')!);
      for (const colour of ['ink', 'muted', 'accent', 'good', 'warn', 'bad', 'killed', 'copy', 'disc'])
        expect(on(colour), colour).toBeGreaterThanOrEqual(4.5);
      for (const colour of ['irq', 'dead', 'full', 'dens']) expect(on(colour), colour).toBeGreaterThanOrEqual(3);
    }
  });

  test('no placeholder of a chart is left, and every variable exists', () => {
    const body = text.replace(/<style>.*?<\/style>|<clipPath.*?<\/clipPath>/gs, '');
    expect(/(fill|stroke|stop-color)="#/.exec(body)).toBeNull();
    expect(body).not.toContain('#fe01');
    for (const [, variable] of text.matchAll(/var\(--([\w-]+)\)/g))
      expect(variable === 'ui' || variable === 'mono' || schemes[0].has(variable!), variable).toBe(true);
  });
});

describe('hostile input', () => {
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{b}{a|x}\u0000\ud800${x}';

  test('names from captures come out as text', () => {
    const variant = sampleOutcome(evil, 20, 1e7, (key) => `${evil}${key}`);
    const facts = [{ label: evil, value: evil }];
    const report = sampleReport({
      umbra: evil,
      command: evil,
      notes: [evil],
      skewKey: evil,
      vm: facts,
      placement: facts,
      certainty: facts,
      parameters: [{ name: evil, value: evil, unit: evil, origin: 'user' }],
      policies: [
        samplePolicy(evil, { ...variant, checks: [{ ...sampleCheck(evil, variant), title: evil }] }),
        samplePolicy(`${evil}2`, sampleOutcome(evil, 30, 1e6)),
      ],
      inputs: [
        {
          kind: 'spe',
          file: evil,
          bytes: 1,
          sha256: evil,
          format: evil,
          facts,
          warnings: [{ severity: 'info', message: evil, count: 1 }],
        },
      ],
      lanes: sampleReport().lanes.map((lane) => ({ ...lane, label: evil })),
    });
    const hostile = renderHtml(report);
    expect(/<script|<img/i.exec(hostile)).toBeNull();
    expect(/[\u0000\ud800]/.exec(hostile)).toBeNull();
    expect(words(hostile)).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    // Nothing breaks out of an attribute either: outside quotes no tag has what only the name brings.
    for (const [tag] of hostile.matchAll(/<[a-z](?:[^>"]|"[^"]*")*>/gi))
      expect(tag.replace(/"[^"]*"/g, '')).not.toContain('alert');
  });
});

describe('size', () => {
  test('10^5 windows a policy and 64 lanes stay below 2 MB', () => {
    const [lane] = sampleReport().lanes;
    const lanes = Array.from({ length: 64 }, (_, i) => ({ ...lane!, lane: i, label: `vCPU ${i}` }));
    const variant = sampleOutcome('many', 100_000, 5_000);
    const spread = { ...variant, windows: { ...variant.windows, lane: variant.windows.lane.map((_, i) => i % 64) } };
    const policies = Array.from({ length: 12 }, (_, i) => samplePolicy(`policy-${i}`, spread));
    const large = renderHtml(sampleReport({ lanes, policies }));
    expect(large.length).toBeLessThan(2_000_000);
    expect(words(large)).toContain('56 more lanes not drawn');
  });
});

describe('words', () => {
  test('the first screen: what is lost, how dark, how far it moved, what that depends on, what was measured', () => {
    const { lead, points } = findingOf(sampleReport());
    const said = new Map(points.map((point) => [point.label, point.text.replaceAll('\u202f', ' ')]));
    expect(lead.replaceAll('\u202f', ' ')).toMatch(
      /^Of the 2 000 samples of spe\.perf\.data \(1\.00 s, 1 lane\), replayed against kvm\.trace\.dat, 90 % are lost under serror, 20 % under impdef-event and 1 % under map-on-fault\.$/,
    );
    expect([...said.keys()]).toEqual(['Dark', 'Skewed', 'Depends on', 'Rests on', 'Scope']);
    expect(said.get('Dark')).toMatch(
      /^serror 900 ms \(90 % of the time profiled\) in 1 window; all of its losses session killed \(cause userspace\)/,
    );
    expect(said.get('Skewed')).toMatch(/key_\d+ moved by [+−][\d.]+ ± [\d.]+ % of its share/);
    expect(said.get('Skewed')).toMatch(/^Dead under serror/);
    expect(said.get('Depends on')).toMatch(/^If slow fails: map-on-fault keeps 80 % instead of 99 %/);
    expect(said.get('Rests on')).toMatch(
      /^Measured in the trace: mapNs 1\.83 µs\. Assumed: irqNs 1\.00 µs\. .*1 unmap/,
    );
    expect(words(text).replaceAll('\u202f', ' ')).toContain(lead.replaceAll('\u202f', ' '));
  });

  test('latencies of an emulator are called that, and slow ones are doubted', () => {
    const parameters = [{ name: 'mapNs', value: 261_000, unit: 'ns', origin: 'measured' }] as const;
    expect(finding(sampleReport({ parameters }))).toContain('recorded on an emulator, or a busy host?');
    const noted = finding(sampleReport({ parameters, notes: ['a real kernel under QEMU emulation'] }));
    expect(noted).toContain('(on an emulator: they are not those of hardware)');
  });

  test('checks and policies that have the same outcome, in each form', () => {
    const outcome: ReportedOutcome = { ...sampleOutcome('pin-vm', 20, 1e7), sameAs: 'pin-vm' };
    const checks = [sampleCheck('clear', sampleOutcome('pin-vm', 1, 9e8)), sampleCheck('slow', outcome)];
    const report = sampleReport({
      policies: ['pin-vm', 'pin-at-enable', 'mine'].map((id) => samplePolicy(id, { ...outcome, checks })),
    });
    const forms = [renderHtml(report), renderMarkdown(report, {}, 'x').markdown, renderText(report)].map((form) =>
      words(form).replaceAll('\u202f', ' ').replaceAll('\\', ''),
    );
    for (const form of forms) {
      expect(form).toMatch(/pin-vm\s+= pin-at-enable\s+= mine/);
      expect(form).toMatch(
        /Holds under 1 of 2 assumption checks, not if clear fails \(then dead, coverage 10(\.\d+)? %\)/,
      );
    }
    expect(forms[2]).toMatch(/pin-vm = 2 others \|/);
  });

  test('how often each verdict came out over placements, in each form', () => {
    const outcome = sampleOutcome('pin-vm', 20, 1e7);
    const trials = {
      ...(Object.fromEntries(
        Object.entries(outcome.summary).map(([name, x]) => [name, { mean: x as number, p5: 0, p95: 1 }]),
      ) as unknown as NonNullable<ReportedOutcome['trials']>),
      ...{ n: 200, p99: undefined, vmDead: 0, verdicts: { misleading: 20, representative: 180 } },
    };
    const report = sampleReport({ policies: [samplePolicy('pin-vm', { ...outcome, trials })] });
    for (const form of [renderHtml(report), renderMarkdown(report, {}, 'x').markdown, renderText(report)])
      expect(words(form)).toContain('representative in 180 of 200 placements, misleading in 20');
  });

  test('a scaled KVM timeline is marked wherever results show', () => {
    const scaled = renderHtml(sampleReport({ alignment: { mode: 'fit', offsetNs: 0, scale: 0.3124 } }));
    expect([...scaled.matchAll(/KVM timeline scaled × 0\.312/g)].length).toBeGreaterThanOrEqual(5);
    expect(text).not.toContain('timeline scaled');
  });

  test('no policy is said to be skewed and not skewed', () => {
    const rest = /No key moved with where the blackouts fell under ([^.]*)/.exec(words(text))?.[1] ?? '';
    expect(rest).not.toContain('impdef-event');
    expect(rest).toContain('serror');
  });

  test('nothing lost, nothing replayed, nothing survived', () => {
    const lossless = [samplePolicy('pin-vm', sampleOutcome('pin-vm', 0, 0))];
    expect(finding(sampleReport({ policies: lossless }))).toContain('none are lost under pin-vm');
    expect(renderHtml(sampleReport({ policies: lossless }))).toContain('No key moved with where the blackouts fell');
    expect(finding(sampleReport({ policies: [] }))).toBe('No policy was replayed.');
    expect(renderHtml(sampleReport({ policies: [], lanes: [], inputs: [] }))).toContain('</html>');
    const gone = sampleOutcome('serror', 1, 1e9 + 1);
    expect(gone.skew).toBeUndefined();
    expect(renderHtml(sampleReport({ policies: [samplePolicy('serror', gone)] }))).toContain('dead');
  });
});

test('the longest change of verdict has room beside the lead figure', () => {
  const record = sampleOutcome('pin-vm', 20, 1e7);
  const outcome = (word: 'representative' | 'usable with care') => ({
    ...record,
    verdict: { ...record.verdict, word },
  });
  const checks = [sampleCheck('a', outcome('usable with care'))];
  const policies = [samplePolicy('pin-vm', { ...outcome('representative'), checks })];
  const html = renderHtml(sampleReport({ policies }));
  const svg = /<svg class="chart" viewBox="0 0 (\d+) \d+"[^>]*aria-labelledby="loss-t[^]*?<\/svg>/.exec(html);
  const label = /<text[^>]*transform="translate\(([\d.]+) [\d.]+\)"[^>]*>(representative → usable with care)</.exec(
    svg![0],
  );
  // DejaVu Sans, the widest of the fallbacks, takes 7 px a character at this size.
  expect(Number(label![1]) + 7 * label![2].length).toBeLessThanOrEqual(Number(svg![1]));
});
