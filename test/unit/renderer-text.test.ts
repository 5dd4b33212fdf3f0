import { describe, expect, it } from 'vitest';
import type { Capture, Run } from '../../core/contract/contract.ts';
import { commandLine, factGroups, flags, kernel, kinds, machine } from '../../renderer/captures/facts.ts';
import { bytes, count, duration, exactNs, percent, ranges } from '../../renderer/format.ts';

import { runMarks, runNotes, shownRun } from '../../renderer/policies/run-facts.ts';
import { defaultParams } from '../../core/model/params.ts';
import type { ParamOrigin, ResolvedParams } from '../../core/model/terms/params.ts';
import type { RunFacts } from '../../core/model/terms/run-facts.ts';
import { someFacts } from './run-facts.sample.ts';

/** Thin spaces are only visual. */
const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('renderer-text: numbers', () => {
  it.each([
    [0, '0 ns'],
    [850, '850 ns'],
    [1000, '1 µs'],
    [30_600, '30.6 µs'],
    [1_010_000, '1.01 ms'],
    [612_418_203, '612 ms'],
    [1_808_412_006, '1.81 s'],
    [4_321_000_000_000, '4 321 s'],
  ])('%i ns reads %s', (ns, text) => expect(plain(duration(ns))).toBe(text));

  it.each([
    [0, '0 B'],
    [1023, '1 023 B'],
    [1024, '1 KiB'],
    [1_561_344, '1.49 MiB'],
    [270_188_675_072, '252 GiB'],
  ])('%i bytes read %s', (n, text) => expect(plain(bytes(n))).toBe(text));

  it.each([
    [1, '100'],
    [0.99999, '99.999'],
    [0.99792, '99.79'],
    [0.653, '65.3'],
    [0.004, '0.4'],
    [0.00001, '0.001'],
    [0, '0'],
  ])('a share of %d reads %s %%', (share, text) => expect(percent(share)).toBe(text));

  it('keeps every digit of a count, also past 2^53', () => {
    expect(plain(count('18446744073709551615'))).toBe('18 446 744 073 709 551 615');
    expect(plain(count(999))).toBe('999');
    expect(plain(exactNs(1_808_412_006n))).toBe('1 808 412 006 ns');
  });

  it.each([
    [[], ''],
    [[3], '3'],
    [[0, 1, 2, 3, 8, 10, 11], '0–3, 8, 10–11'],
  ])('CPUs %j read %s', (cpus, text) => expect(ranges(cpus)).toBe(text));
});

describe('renderer-text: facts', () => {
  const capture = (facts: Capture['facts'], more: Partial<Capture> = {}): Capture => ({
    ...{ id: 1, kind: 'spe', name: 'a', file: 'a', format: 'perf.data', bytes: 1, sha256: '', records: 0 },
    ...{ cpus: [], hasVm: false, warnings: [], facts, ...more },
  });
  const labels = (c: Capture) => factGroups(c).flatMap((g) => g.facts.map((f) => f.label));

  it('shows nothing that the file does not say', () => {
    const none = capture({});
    expect(labels(none)).toEqual(['path', 'format', 'size']);
    expect([flags(none), kinds(none), machine(none)]).toEqual([[], [], undefined]);
    expect(labels(capture({ uname: 'Linux', commandLine: [], lost: { records: 0 } }))).toEqual(labels(none));
  });

  it('names cores, all of them where they differ', () => {
    const cores = [
      { midr: '0x410fd4d0', name: 'Cortex-X1', cpus: [4, 5] },
      { midr: '0x410fdead', cpus: [0, 1, 2, 3] },
    ];
    const c = capture({ spe: { cores } });
    expect(machine(c)).toBe('Cortex-X1, 0x410fdead');
    expect(factGroups(c)[0].facts[0].value).toBe('Cortex-X1 · 0x410fd4d0 (CPU 4–5); 0x410fdead (CPU 0–3)');
  });

  it('quotes a command line as a shell needs it', () => {
    const words = ['perf', 'record', '-e', 'arm_spe_0/load_filter=1/', '--', 'sh', '-c', "echo 'a b'; $X"];
    expect(commandLine(capture({ commandLine: words }))).toBe(
      `perf record -e arm_spe_0/load_filter=1/ -- sh -c 'echo '\\''a b'\\''; $X'`,
    );
  });

  it("reads a trace's uname", () => {
    const c = capture({ uname: 'Linux (none) 6.1.0-50-cloud-arm64 aarch64' }, { kind: 'kvm' });
    expect([kernel(c), machine(c)]).toEqual(['6.1.0-50-cloud-arm64', 'aarch64']);
    expect(labels(c)).not.toContain('host');
  });

  it('counts flags and kinds, most frequent first', () => {
    const c = capture({
      auxFlags: { none: 9, TRUNCATED: 3, PARTIAL: 0 },
      lost: { records: 2 },
      records: { TOTAL: 12, AUX: 4, COMM: 8 },
    });
    expect(flags(c)).toEqual(['3 truncated', '2 lost']);
    expect(kinds(c)).toEqual([
      { name: 'COMM', count: 8 },
      { name: 'AUX', count: 4 },
    ]);
  });
});

describe('renderer-text: what a run rests on', () => {
  const run = (facts: Partial<RunFacts>, origin: Readonly<Record<string, ParamOrigin>> = {}, id = 1): Run => {
    const { params } = defaultParams();
    const ofParams = { params, origin: origin as ResolvedParams['origin'] };
    return {
      ...{ id, spe: 1, kvm: 2, umbra: '0', command: '', policies: [] },
      ...{ params: ofParams, facts: { ...someFacts, ...facts } },
    };
  };

  it('marks scaled times, assumed times, and how much of stage 2 is known', () => {
    const marks = runMarks(
      run(
        {
          alignment: { ...someFacts.alignment, align: 'fit', scale: 1.7461, scaled: true },
          timeline: { ...someFacts.timeline, losses: 2, certainty: { observed: 0.5, inferred: 0.25, unknown: 0.25 } },
        },
        { irqNs: 'assumed', mapNs: 'measured', offsetNs: 'assumed', seed: 'user' },
      ),
    );
    expect(marks.map((m) => [m.text, m.warn])).toEqual([
      ['fit: trace times × 1.75', true],
      ['1 of 2 times assumed', false],
      ['stage 2 50 % observed, 25 % inferred, 25 % unknown', false],
    ]);
    expect(marks[2].title).toContain('; the trace lost events 2 times');
  });

  it('says when stage 2 is exact', () => {
    const marks = runMarks(run({ timeline: { ...someFacts.timeline, exact: true } }));
    expect(marks.map((m) => m.text)).toEqual(['aligned: start', 'stage 2 exact']);
  });

  it('collects notes, and takes the newest run unless one is named', () => {
    expect(runNotes(run({ notes: ['synthesised'], placementWarnings: ['lane 1'] }))).toEqual(['synthesised', 'lane 1']);
    const runs = [run({}, {}, 1), run({}, {}, 2)];
    expect([shownRun(runs, undefined)?.id, shownRun(runs, 1)?.id, shownRun(runs, 9)]).toEqual([2, 1, undefined]);
  });
});
