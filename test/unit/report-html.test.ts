import { describe, expect, test } from 'vitest';
import { paletteCss } from '../../core/report/palette.ts';
import { finding, renderHtml } from '../../core/report/report.ts';
import { samplePolicy, sampleReport, sampleVariant } from './report.sample.ts';

const text = renderHtml(sampleReport());

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
    const variant = sampleVariant(evil, 20, 1e7, (key) => `${evil}${key}`);
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
      policies: [samplePolicy(evil, variant, variant), samplePolicy(`${evil}2`, sampleVariant(evil, 30, 1e6))],
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
    const variant = sampleVariant('many', 100_000, 5_000);
    const spread = { ...variant, windows: { ...variant.windows, lane: variant.windows.lane.map((_, i) => i % 64) } };
    const policies = Array.from({ length: 12 }, (_, i) => samplePolicy(`policy-${i}`, spread, spread));
    const large = renderHtml(sampleReport({ lanes, policies }));
    expect(large.length).toBeLessThan(2_000_000);
    expect(words(large)).toContain('56 more lanes not drawn');
  });
});

describe('words', () => {
  test('the finding names the best, the worst, and what misleads', () => {
    const sentence = finding(sampleReport()).replaceAll('\u202f', ' ');
    expect(sentence).toContain('the 2 000 samples of spe.perf.data');
    expect(sentence).toMatch(/covered to 99 % under map-on-fault, and to 10(\.\d+)? % under serror/);
    expect(sentence).toMatch(/is dead under serror/);
    expect(sentence).toMatch(/Under \S+, key_\d+ shows [\d.]+ % of the samples, and the reference [\d.]+ %/);
    expect(sentence).toMatch(/throws away its whole buffer at DL=1/);
    expect(words(text).replaceAll('\u202f', ' ')).toContain(sentence.slice(0, 60));
  });

  test('a scaled KVM timeline is marked wherever results show', () => {
    const scaled = renderHtml(sampleReport({ alignment: { mode: 'fit', offsetNs: 0, scale: 0.3124 } }));
    expect([...scaled.matchAll(/KVM timeline scaled × 0\.312/g)].length).toBeGreaterThanOrEqual(5);
    expect(text).not.toContain('timeline scaled');
  });

  test('no policy is said to be skewed and not skewed', () => {
    const rest = /No key moved with where the blackouts fell under ([^.]*)/.exec(words(text))?.[1] ?? '';
    expect(rest).not.toContain('impdef-event');
    expect(words(text)).toContain('map-on-fault; guest discards the buffer');
  });

  test('nothing lost, nothing replayed, nothing survived', () => {
    const lossless = [samplePolicy('pin-vm', sampleVariant('pin-vm', 0, 0))];
    expect(finding(sampleReport({ policies: lossless }))).toContain('would all have survived');
    expect(renderHtml(sampleReport({ policies: lossless }))).toContain('No key moved with where the blackouts fell');
    expect(finding(sampleReport({ policies: [] }))).toBe('No policy was replayed.');
    expect(renderHtml(sampleReport({ policies: [], lanes: [], inputs: [] }))).toContain('</html>');
    const gone = sampleVariant('serror', 1, 1e9 + 1);
    expect(gone.skew).toBeUndefined();
    expect(renderHtml(sampleReport({ policies: [samplePolicy('serror', gone)] }))).toContain('dead');
  });
});

test('the longest change of verdict has room beside the lead figure', () => {
  const record = sampleVariant('pin-vm', 20, 1e7);
  const variant = (word: 'representative' | 'usable with care') => ({
    ...record,
    verdict: { ...record.verdict, word },
  });
  const policies = [samplePolicy('pin-vm', variant('representative'), variant('usable with care'))];
  const html = renderHtml(sampleReport({ policies }));
  const svg = /<svg class="chart" viewBox="0 0 (\d+) \d+"[^>]*aria-labelledby="loss-t[^]*?<\/svg>/.exec(html);
  const label = /<text[^>]*transform="translate\(([\d.]+) [\d.]+\)"[^>]*>(representative → usable with care)</.exec(
    svg![0],
  );
  // DejaVu Sans, the widest of the fallbacks, takes 7 px a character at this size.
  expect(Number(label![1]) + 7 * label![2].length).toBeLessThanOrEqual(Number(svg![1]));
});
