import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { causeClasses, verdicts, windowKinds } from '../../core/model/terms.ts';
import { autoAlign, clocksOf, loopCopies } from '../../core/model/align-rules.ts';
import { causeSigns, colours, verdictSigns, windowSigns } from '../../core/words/signs.ts';
import { previewAlignment } from '../../renderer/captures/align.ts';
import type { Capture } from '../../core/contract/contract.ts';

describe('signs', () => {
  it("are the app's colours, light and dark", () => {
    const css = readFileSync(new URL('../../renderer/styles/tokens.css', import.meta.url), 'utf8');
    const [light, dark] = css.split(":root[data-theme='dark']");
    const long = (hex: string | undefined) => hex?.replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3');
    for (const [i, part] of [light, dark].entries()) {
      for (const [name, value] of Object.entries(colours)) {
        const found = new RegExp(`--${name}: (#[0-9a-f]+)`).exec(part ?? '')?.[1];
        expect([name, long(found)]).toEqual([name, value[i]]);
      }
    }
  });

  it('differ by shape or pattern, not by colour alone', () => {
    expect(new Set(causeClasses.map((c) => causeSigns[c].shape)).size).toBe(causeClasses.length);
    expect(new Set(causeClasses.map((c) => causeSigns[c].character)).size).toBe(causeClasses.length);
    expect(new Set(windowKinds.map((k) => windowSigns[k].strokes)).size).toBe(windowKinds.length);
    expect(new Set(verdicts.map((v) => verdictSigns[v].character)).size).toBe(verdicts.length);
  });
});

describe('how clocks align', () => {
  test.each(['perf', 'local', 'global'])("ftrace's %s is sched_clock", (clock) =>
    expect(clocksOf('perf (sched_clock)', clock)).toBe('same'),
  );
  test.each(['mono', 'counter', undefined])("ftrace's %s is another clock, or may be", (clock) =>
    expect(clocksOf('perf (sched_clock)', clock)).toBe('unknown'),
  );

  it('auto takes times as they are on one clock with an overlap; touching counts', () => {
    expect(autoAlign('same', 1000, 500, 1000)).toBe('absolute');
    expect(autoAlign('same', 1001, 500, 1000)).toBe('start');
    expect(autoAlign('same', -500, 500, 1000)).toBe('absolute');
    expect(autoAlign('same', -501, 500, 1000)).toBe('start');
    expect(autoAlign('unknown', 0, 500, 1000)).toBe('start');
  });

  it('a loop begins at or before the first sample and reaches the last', () => {
    expect(loopCopies(700, 300, 1000)).toEqual({ first: -200, copies: 4 });
    expect(loopCopies(0, 300, 900)).toEqual({ first: 0, copies: 3 });
    expect(loopCopies(-300, 300, 0)).toEqual({ first: -300, copies: 1 });
  });

  it("the preview follows trace-cmd's default clock, as the replay does", () => {
    const base = { name: '', file: '', format: '', bytes: 1, sha256: '', records: 1, cpus: [], hasVm: false };
    const spe: Capture = {
      ...base,
      id: 1,
      kind: 'spe',
      warnings: [],
      facts: {},
      t0: '1000',
      t1: '901000',
      clock: 'perf (sched_clock)',
    };
    const kvm: Capture = {
      ...base,
      id: 2,
      kind: 'kvm',
      warnings: [],
      facts: {},
      t0: '501000',
      t1: '801000',
      clock: 'local',
    };
    expect(previewAlignment(spe, kvm, 'auto', 0)?.kvm).toEqual([{ start: 500_000, end: 800_000 }]);
    expect(previewAlignment(spe, { ...kvm, clock: 'mono' }, 'auto', 0)?.kvm).toEqual([{ start: 0, end: 300_000 }]);
  });
});
