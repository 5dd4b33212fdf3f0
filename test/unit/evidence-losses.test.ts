/** Which stage 2 events take a policy's samples. */
import { describe, expect, test } from 'vitest';
import { evidenceLosses, unsureLoss } from '../../core/lab/runs/evidence-losses.ts';
import { NONE } from '../../core/model/outcome.ts';
import type { Windows } from '../../core/model/outcome.ts';
import { causeClasses, code, contentsFates, stage2Kinds, windowKinds } from '../../core/model/terms.ts';
import type { CauseClass, Stage2Kind, WindowKind } from '../../core/model/terms.ts';
import { indexTimeline } from '../../core/model/timeline-index.ts';
import { timelineOf } from '../property/replay-inputs.ts';

const evidences = ['first-fault', 'fault', 'unmap-hva', 'missed-unmap'];
type Row = readonly [t: number, kind: Stage2Kind, page: number, pages: number, cause: CauseClass, evidence: string];

/** Maps are writable; unmaps drop contents. */
function index(...rows: Row[]) {
  const made = rows.map(([t, kind, page, pages, cause]) => ({
    ...{ t, page, pages, kind: code(stage2Kinds, kind), cause: code(causeClasses, cause) },
    writable: kind === 'map' ? 1 : 0,
  }));
  return indexTimeline({
    ...timelineOf(made, 0n, 1000),
    evidence: Uint8Array.from(rows, (r) => evidences.indexOf(r[5])),
    contents: new Uint8Array(rows.length).fill(code(contentsFates, 'dropped')),
    evidences,
  });
}

type Window = readonly [
  start: number,
  end: number,
  kind: WindowKind,
  cause: CauseClass | undefined,
  page: number,
  lost: number,
];

function windows(...all: Window[]): { windows: Windows } {
  const column = (of: (w: Window) => number) => all.map(of);
  return {
    windows: {
      n: all.length,
      lane: new Int32Array(all.length),
      start: Float64Array.from(column((w) => w[0])),
      end: Float64Array.from(column((w) => w[1])),
      kind: Uint8Array.from(column((w) => code(windowKinds, w[2]))),
      cause: Uint8Array.from(column((w) => (w[3] === undefined ? NONE : code(causeClasses, w[3])))),
      page: Float64Array.from(column((w) => w[4])),
      action: new Uint8Array(all.length),
      lost: Uint32Array.from(column((w) => w[5])),
    },
  };
}

describe('losses by evidence', () => {
  const trace = index(
    [0, 'initial-unmapped', 0, 8, 'first-touch', 'first-fault'],
    [50, 'map', 0, 8, 'userspace', 'fault'],
    [100, 'unmap', 2, 1, 'userspace', 'missed-unmap'],
    [200, 'unmap', 2, 2, 'userspace', 'unmap-hva'],
  );

  test('go to the first event of their class since the page was last mapped', () => {
    expect(evidenceLosses(trace, windows([300, 310, 'irq-latency', 'userspace', 2, 5]))).toEqual([
      { evidence: 'missed-unmap', lost: 5 },
    ]);
  });

  test('of a page that a fault made valid in between, to the event after it', () => {
    const both = windows(
      [150, 160, 'irq-latency', 'userspace', 2, 1],
      [250, 260, 'session-killed', 'userspace', 2, 7],
      [300, 310, 'irq-latency', 'userspace', 3, 1],
    );
    expect(evidenceLosses(trace, both)).toEqual([
      { evidence: 'unmap-hva', lost: 8 },
      { evidence: 'missed-unmap', lost: 1 },
    ]);
  });

  test('of another lane start anew, whatever its first window is', () => {
    const found = windows(
      [250, 990, 'vm-dead', 'userspace', 2, 1],
      [10, 20, 'buffer-full', undefined, -1, 1],
      [250, 990, 'vm-dead', 'userspace', 2, 4],
    );
    found.windows.lane.set([0, 1, 1]);
    expect(evidenceLosses(trace, found)).toEqual([{ evidence: 'missed-unmap', lost: 5 }]);
  });

  test('of records wiped later, to the unmap that dropped them', () => {
    expect(evidenceLosses(trace, windows([120, 190, 'wiped', 'userspace', 2, 9]))).toEqual([
      { evidence: 'unmap-hva', lost: 9 },
    ]);
  });

  test('of a page never mapped, to the state that it began with', () => {
    expect(evidenceLosses(trace, windows([10, 20, 'irq-latency', 'first-touch', 7, 3]))).toEqual([
      { evidence: 'first-fault', lost: 3 },
    ]);
  });

  test('without a stage 2 event behind them are nobody’s', () => {
    const full = windows([300, 310, 'buffer-full', undefined, -1, 4], [320, 330, 'irq-latency', 'kvm', 2, 4]);
    expect(evidenceLosses(trace, full)).toEqual([]);
  });
});

test('the unsure part is of all that was lost', () => {
  const losses = [
    { evidence: 'unmap-hva', lost: 60 },
    { evidence: 'missed-unmap', lost: 20 },
  ];
  expect(unsureLoss(losses, 200)).toEqual({ share: 0.1, evidence: ['missed-unmap'] });
  expect(unsureLoss(losses.slice(0, 1), 200)).toBeUndefined();
});
