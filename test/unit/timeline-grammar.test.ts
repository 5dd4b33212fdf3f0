/** The timeline's logic: darkness, columns, areas, lanes, zoom history, held keys. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changed, formatSelection, parseSelection } from '../../renderer/state/address.ts';
import { areaBetween, grown, nextLanes, parseLaneList } from '../../renderer/timeline/area.ts';
import { fractionIn, laneColumns, lossColumns, observedColumns } from '../../renderer/timeline/columns.ts';
import { observedAt } from '../../renderer/timeline/pick.ts';
import { alphaOf, fractionOf, stepOf, STEPS, wedge } from '../../renderer/timeline/darkness.ts';
import { shownTab, tabForArea, drawerTabs } from '../../renderer/timeline/drawer-tabs.ts';
import {
  formatLanes,
  moveLane,
  parseLanes,
  resizeLane,
  toggleCollapsed,
  togglePinned,
} from '../../renderer/timeline/lane-state.ts';
import { lanesInView, layOut, scrolledTo, unscrolled } from '../../renderer/timeline/layout.ts';
import { motion } from '../../renderer/timeline/motion.ts';
import { createZoomHistory } from '../../renderer/timeline/zoom-history.ts';

describe('darkness', () => {
  it('reaches down to 0.1 % in at least 16 steps, each with a colour of its own, and reads back to 8 %', () => {
    expect(STEPS).toBeGreaterThanOrEqual(16);
    expect([stepOf(0), stepOf(0.0009), stepOf(0.001), stepOf(1)]).toEqual([0, 0, 1, STEPS]);
    for (const [color, over] of [
      ['#c94f00', '#eef0f2'],
      ['#f0b23c', '#252b32'],
      ['#1a1d21', '#eef0f2'],
    ] as const) {
      expect(new Set(wedge(color, over)).size).toBe(STEPS + 1);
    }
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (fraction) => {
        expect(Math.abs(fractionOf(stepOf(fraction)) / fraction - 1)).toBeLessThan(0.08);
      }),
    );
    for (let step = 1; step <= STEPS; step++) expect(alphaOf(step)).toBeGreaterThan(alphaOf(step - 1));
  });
});

describe('columns', () => {
  const lane = {
    ...{ lane: 0, width: 10, first: -5 },
    samples: Uint32Array.from({ length: 101 }, (_, i) => i % 7),
    session: new Float32Array(101).fill(10),
  };

  it('hold what the bins hold, at any zoom', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (width) => {
        const { samples } = laneColumns(lane, { start: -5, end: 1005 }, width);
        expect(samples.reduce((a, b) => a + b, 0)).toBeCloseTo(
          lane.samples.reduce((a, b) => a + b, 0),
          1,
        );
      }),
    );
  });

  it('are as dark as observed blackouts take of them, at any zoom, each on its lane', () => {
    const bands = {
      ...{ lane: Int32Array.of(0, 0, 1), start: Float64Array.of(100, 700, 0), end: Float64Array.of(300, 701, 1000) },
      // In the second half of the first one the profiled context didn't run.
      ...{ darkNs: Float64Array.of(100, 1, 1000), reason: Uint8Array.of(0, 3, 1), reasons: ['x'], left: 0 },
    };
    for (const width of [1, 10, 333, 1000]) {
      const share = observedColumns(bands, 0, { start: 0, end: 1000 }, width);
      expect(share.reduce((a, b) => a + b, 0) / width).toBeCloseTo(0.101, 5);
    }
    expect([...observedColumns(bands, 0, { start: 100, end: 300 }, 2)]).toEqual([0.5, 0.5]);
    expect(observedAt(bands, 0, 690, 20)).toMatchObject({ darkNs: 1, ns: 1 });
    expect(observedAt(bands, 0, 500, 20)).toBeUndefined();
  });

  it('take time where there is no sample to lose, and only from windows that lose some', () => {
    const empty = { ...lane, samples: new Uint32Array(101) };
    const loss = {
      ...{ policy: 0, lane: 0, bin: Uint32Array.of(10), lost: Float32Array.of(0), dark: Float32Array.of(10) },
      ...{ losing: Float32Array.of(5), windows: Uint32Array.of(1), kind: Uint8Array.of(3) },
    };
    const camera = { start: 95, end: 105 };
    const [columns, lossOf] = [laneColumns(empty, camera, 1), lossColumns(loss, empty, camera, 1)];
    expect(lossOf.kind[0]).toBe(4);
    expect(fractionIn(0, lossOf, columns, 10, 'samples')).toBeCloseTo(0.5);
    expect(fractionIn(0, lossOf, columns, 10, 'time')).toBeCloseTo(1);
  });
});

const facts = {
  ...{ origin: '0', span: 1000, policies: [], unprepared: false, run: 1 },
  lanes: Array.from({ length: 64 }, (_, lane) => ({ lane, spe: lane, samples: 1 })),
};
const numbers = facts.lanes.map((l) => l.lane);

describe('lanes', () => {
  it('are arranged, written into the address and read back', () => {
    let states = parseLanes(undefined, numbers);
    expect(formatLanes(states, numbers)).toBe('');
    states = resizeLane(toggleCollapsed(togglePinned(moveLane(states, 2, -1), 5), 0), 1, 90);
    const text = formatLanes(states, numbers);
    expect(text).toBe('5p,0c,2,1h90,3,4');
    expect(parseLanes(text, numbers)).toEqual(states.map((s) => ({ ...s })));
    expect(parseLanes('99p,x,2,2c', [1, 2])).toEqual([{ lane: 2 }, { lane: 1 }]);
    expect(parseLanes('1h9999', [1])).toEqual([{ lane: 1, height: 400 }]);
  });

  it('out of view are neither fetched nor drawn; pinned ones always are, and stay where they are', () => {
    const layout = layOut(facts, 8, 500, parseLanes('60p', numbers));
    expect(layout.lanes[0].lane.lane).toBe(60);
    expect(layout.pinned).toBe(layout.lanes[0].bottom);
    const seen = lanesInView(layout, 3000, 500).map((l) => l.lane.lane);
    expect(seen[0]).toBe(60);
    expect(seen.length).toBeLessThan(8);
    expect(unscrolled(layout, 5, 3000)).toBe(5);
    expect(unscrolled(layout, layout.pinned + 5, 3000)).toBe(layout.pinned + 3005);
    // Only as far as needed to see a lane; not at all for one in view, or pinned.
    const far = layout.lanes[40];
    expect(scrolledTo(layout, far.lane.lane, 0, 500)).toBe(far.bottom - 500);
    expect(scrolledTo(layout, far.lane.lane, 1e6, 500)).toBe(far.top - layout.pinned);
    expect(scrolledTo(layout, far.lane.lane, far.top - 200, 500)).toBe(far.top - 200);
    expect(scrolledTo(layout, 60, 77, 500)).toBe(77);
  });
});

describe('an area', () => {
  const layout = layOut({ ...facts, lanes: facts.lanes.slice(0, 3) }, 1, 100, parseLanes('', [0, 1, 2]));
  const middle = (lane: number) => (layout.lanes[lane].top + layout.lanes[lane].bottom) / 2;

  it('is what was dragged over, either way, within the run', () => {
    const corners = [
      { t: 900.5, y: middle(1) },
      { t: -50, y: middle(0) },
    ] as const;
    expect(areaBetween(...corners, layout, 1000)).toEqual({ from: 0, to: 901, lanes: [0, 1] });
    expect(areaBetween({ t: 1, y: 0 }, { t: 1, y: 9999 }, layout, 1000)).toEqual({ from: 1, to: 2, lanes: undefined });
  });

  it('grows by keys, over its own start, too, and goes through the lanes', () => {
    const view = { start: 0, end: 1000 };
    const first = grown(undefined, 0.02, view, 1000);
    expect(first).toEqual({ from: 500, to: 520, lanes: undefined });
    expect(grown(first, -0.05, view, 1000)).toEqual({ from: 470, to: 500, lanes: undefined });
    expect(nextLanes(undefined, [4, 7], 1)).toEqual([4]);
    expect(nextLanes([7], [4, 7], 1)).toBeUndefined();
    expect(parseLaneList('3,x,3,1')).toEqual([3, 1]);
  });
});

describe('the address', () => {
  it('holds the selected time apart from the time in view', () => {
    const hash =
      '#timeline?run=1&from=10&to=20&viewFrom=-5&viewTo=50&lanes=0%2C2&order=2p&tab=code&search=0x1&dark=time';
    const selection = parseSelection(hash);
    expect(selection).toMatchObject({
      from: 10,
      to: 20,
      viewFrom: -5,
      viewTo: 50,
      lanes: '0,2',
      order: '2p',
      dark: 'time',
    });
    expect(parseSelection(formatSelection(selection))).toEqual(selection);
    expect(parseSelection('#timeline?viewFrom=9&viewTo=9').viewFrom).toBeUndefined();
    expect(changed(selection, { run: 2 })).not.toMatchObject({ viewFrom: expect.anything() as unknown });
  });

  it('decides on the tab where none is named', () => {
    expect(shownTab({}, drawerTabs)).toBe('summary');
    expect(shownTab({ window: 5 }, drawerTabs)).toBe('story');
    expect(shownTab({ tab: 'code' }, drawerTabs)).toBe('code');
    expect([tabForArea('code'), tabForArea('story'), tabForArea(undefined)]).toEqual(['code', 'summary', 'summary']);
  });
});

describe('moving', () => {
  it('goes on for as long as keys are held; opposite ones cancel out', () => {
    expect(motion(['w'], 100).factor * motion(['s'], 100).factor).toBeCloseTo(1);
    expect(motion(['w'], 200).factor).toBeCloseTo(motion(['w'], 100).factor ** 2);
    expect(motion(['a', 'd'], 100)).toEqual({ factor: 1, pan: 0 });
    expect(motion(['d', 'arrowright'], 1000).pan).toBe(motion(['d'], 1000).pan);
  });

  it('comes back to where it rested before', () => {
    const past = createZoomHistory();
    expect(past.back()).toBeUndefined();
    past.rest({ start: 0, end: 1000 });
    past.rest({ start: 0, end: 1000.01 });
    past.rest({ start: 100, end: 200 });
    expect(past.back()).toEqual({ start: 0, end: 1000 });
    past.rest({ start: 0, end: 1000 });
    expect(past.back()).toBeUndefined();
  });
});
