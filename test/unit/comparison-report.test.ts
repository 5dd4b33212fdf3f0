import { describe, expect, test } from 'vitest';
import { compareProfiles } from '../../core/analysis/compare.ts';
import type { Comparison } from '../../core/analysis/compare.ts';
import type { ComparedPair, ComparisonReport, PairSide } from '../../core/report/comparison.ts';
import { comparisonDocument } from '../../core/report/comparison-document.ts';
import { comparisonFinding } from '../../core/report/comparison-words.ts';
import { documentHtml } from '../../core/report/document-html.ts';
import { documentMarkdown } from '../../core/report/document-markdown.ts';
import { documentText } from '../../core/report/document-text.ts';
import { sampleReport, sampleOutcome } from './report.sample.ts';
import { createRandom } from '../../core/model/random.ts';

/** `windows` windows a second of 1 ms. */
function side(policy: string, windows: number, change: Partial<PairSide> = {}): PairSide {
  const { summary, verdict, skew } = sampleOutcome(policy, windows, 1e6);
  const counts = windows
    ? [{ cause: 'userspace', kind: 'session-killed', windows, ns: windows * 1e6, lost: windows }]
    : [];
  return {
    policy,
    summary,
    verdict: verdict.word,
    cause: skew?.cause,
    windows: counts,
    ...change,
  };
}

/** Of A's every `step`-th sample of key 0 gone. */
function compared(step: number, name = 'key_0'): Comparison {
  const n = 2000;
  const random = createRandom(1);
  const lane = {
    t: Float64Array.from({ length: n }, (_, i) => i),
    // Not one after the other: what follows the losses' own period is invisible to rotation.
    keys: Uint32Array.from({ length: n }, () => random.below(4)),
  };
  let seen = 0;
  const lost = Uint8Array.from(lane.keys, (key) => (key === 0 && seen++ % step === 0 ? 1 : 0));
  const nameOf = (key: number): string => (key === 0 ? name : `key_${key}`);
  const options = { paired: true, draws: 200 };
  return compareProfiles([{ ...lane, fates: lost }], [{ ...lane, fates: new Uint8Array(n) }], 4, nameOf, options)!;
}

function report(pairs: readonly ComparedPair[], change: Partial<ComparisonReport> = {}): ComparisonReport {
  const { inputs } = sampleReport();
  const of = (id: number) => ({
    name: `run ${id}`,
    id,
    command: `umbra replay --set seed=${id}`,
    seed: id,
    inputs,
    scale: 1,
  });
  return {
    ...{
      umbra: '0.1.0',
      command: 'umbra report --run 1 --with 2 -o x.html',
      subject: 'runs',
      by: 'page',
      paired: true,
    },
    ...{ notes: [], a: of(1), b: of(2), settings: 38, pairs },
    differing: [{ name: 'irqNs', unit: 'ns', a: '1 000', b: '5 000', originA: 'assumed', originB: 'user' }],
    ...change,
  };
}

const forms = (of: ComparisonReport): string[] => {
  const doc = comparisonDocument(of);
  return [documentHtml(doc, {}), documentMarkdown(doc, {}, 'figures').markdown, documentText(doc, {})];
};

describe('a comparison', () => {
  test('of which nothing survived on one side is reported, not tested, in every form', () => {
    const { summary } = side('serror', 10);
    const dead = side('serror', 10, {
      summary: { ...summary, kept: 0, lost: 2000, coverage: 0 },
      verdict: 'dead',
      cause: undefined,
    });
    const pairs = [
      { name: 'serror', a: dead, b: side('serror', 10) },
      { name: 'map', a: side('map', 10), b: side('map', 10), comparison: compared(2) },
    ];
    const finding = comparisonFinding(report(pairs));
    expect(finding).toContain(
      'coverage differs under 1 of 2 policies, nowhere by more than chance (1 can’t be tested: nothing survived)',
    );
    for (const text of forms(report(pairs))) {
      expect(text).toMatch(/nothing left/);
      expect(text).toMatch(/Nothing survived on one side at least under serror/);
      expect(text).not.toMatch(/NaN|undefined/);
    }
  });

  test('says how far apart survivors are, which key moved, and by how much', () => {
    const pair = { name: 'map', a: side('map', 20), b: side('map', 0), comparison: compared(2) };
    const finding = comparisonFinding(report([pair])).replaceAll('\u202f', ' ');
    expect(pair.comparison.word).toBe('different');
    expect(finding).toMatch(
      /key_0 holds 1[45][\d.]* % in A and 2[456][\d.]* % in B \(−1[01]\.\d+ pp, 95 % interval −1[\d.]+ … −\d+[\d.]*\)/,
    );
    const [html, markdown, text] = forms(report([pair]));
    expect(text).toMatch(/^key_0 +2[456][\d.]* % #########\| +-1[01]\./m);
    expect(markdown).toContain('![Shares in A minus shares in B](<figures/shares.svg>)');
    expect(html).toContain('<svg class="chart"');
  });

  test('of the same outcome has the losses for its figure, and says so', () => {
    const same = compared(10_000);
    const pair = {
      name: 'pin',
      a: side('pin', 0),
      b: side('pin', 0),
      comparison: { ...same, tvd: 0, rows: same.rows.map((r) => ({ ...r, difference: 0 })) },
    };
    expect(comparisonFinding(report([pair]))).toMatch(
      /both keep 100\s% of the samples.*no blackout and no stall.*the same, share by share/,
    );
    expect(comparisonDocument(report([pair])).figure!.name).toBe('loss');
  });

  test('says what the checks make of it, in every form, and that a timeline was stretched', () => {
    const check = (coverage: number, verdict: 'dead' | 'misleading') => ({
      ...{ id: 'dl-0', title: 'DL is never set', kept: 0, lost: 0, coverage, verdict },
    });
    const a = side('map', 5, { checks: [check(0.2, 'dead')] });
    const b = side('map', 10, { checks: [check(0.9, 'misleading')] });
    const base = report([{ name: 'map', a, b, comparison: compared(3) }]);
    const scaled = { ...base, b: { ...base.b, scale: 0.5 } };
    const finding = comparisonFinding(scaled).replaceAll('\u202f', ' ');
    expect(finding).toContain('A keeps more; B keeps more if DL is never set (20 % in A, 90 % in B).');
    expect(finding).toContain('In A: verdicts that depend on an assumption: map would be dead if DL is never set.');
    expect(finding).toContain('B’s KVM timeline was scaled (× 0.5) to fit');
    expect(comparisonDocument(scaled).notes).toEqual(['B: KVM timeline scaled × 0.5']);
    for (const text of forms(scaled)) expect(text).toMatch(/unless dl-0: dead/);
    const several = report(['map', 'pin'].map((name) => ({ name, a, b, comparison: compared(3) })));
    for (const text of forms(several)) expect(text).toMatch(/20.99\.[\d]+.%, unless dl-0: dead/);
  });

  test('holds names that are markup as text', () => {
    const evil = '<img src=x onerror=alert(1)>|`*_\u202e';
    const pair = { name: evil, a: side('map', 20), b: side('map', 0), comparison: compared(2, evil) };
    const base = report([pair], { notes: [evil] });
    const [html, markdown, text] = forms({ ...base, a: { ...base.a, command: evil, name: evil } });
    expect(html).not.toContain('<img');
    expect(html).not.toContain('\u202e');
    expect(markdown!.replaceAll('\\<', '').replace(/```sh[^]*?```/, '')).not.toContain('<img');
    expect(/[^\n\x20-\x7e]/.exec(text!)).toBeNull();
    for (const line of text!.split('\n')) expect(line.length).toBeLessThanOrEqual(72);
  });
});
