import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findTrigger, lostSamples } from '../../core/analysis/window-trigger.ts';
import { KEPT, LOST, OUTSIDE } from '../../core/model/outcome.ts';
import type { Lane } from '../../core/model/outcome.ts';
import { replay } from '../../core/model/replay.ts';
import { code, windowKinds } from '../../core/model/terms.ts';
import { someInput } from './replay-scenarios.ts';
import { property } from './replay-property.ts';

const PAGE = 4096;

const reached = [
  KEPT,
  ...(['discarded', 'torn', 'wiped', 'copy-failed'] as const).map((k) => LOST + code(windowKinds, k)),
];

/** Byte by byte: where the SPU writes the sample, since which service point of its session, and what touched the slot's page last. */
function placed(
  { t, size, sessions, pages }: Lane,
  fates: Uint8Array,
  watermark: number,
  sample: number,
  slot: number,
) {
  const buffer = pages.length * PAGE;
  const sessionOf = (i: number): number => [...sessions].filter((end, k) => k % 2 === 1 && t[i]! > end).length;
  let ptr = 0;
  let since = { bytes: 0, samples: 0 };
  let lastWrite = -Infinity;
  for (let i = 0; i < sample; i++) {
    if (!reached.includes(fates[i]!)) continue;
    const end = ptr + size[i]!;
    const pagesHit = new Set<number>();
    for (let b = ptr; b < end; b += PAGE - (b % PAGE)) pagesHit.add(((b % buffer) / PAGE) | 0);
    if (pagesHit.has(slot)) lastWrite = t[i]!;
    // Service points: every watermark from the buffer's start, and its end.
    const passes = Math.floor(end / watermark) > Math.floor(ptr / watermark) || end >= buffer;
    const counts = sessionOf(i) === sessionOf(sample);
    if (counts)
      since = passes ? { bytes: 0, samples: 0 } : { bytes: since.bytes + size[i]!, samples: since.samples + 1 };
    ptr = end % buffer;
  }
  return { offset: ptr, sinceService: since, lastWrite };
}

describe('the trigger of each blackout window', () => {
  test('is a sample that the window’s kind lost, on the page that faulted', () => {
    property(
      fc.property(someInput, ({ lanes, timeline, policy, params }) => {
        const outcome = replay(lanes, timeline, policy, params);
        const { windows } = outcome;
        // What was taken later (torn, wiped, not copied, discarded) has no fault of its own to point at.
        const faults = ['irq-latency', 'session-killed', 'vm-dead', 'buffer-full', 'copy-out'];
        for (let w = 0; w < windows.n; w++) {
          if (!faults.includes(windowKinds[windows.kind[w]])) continue;
          const trigger = findTrigger(lanes, outcome, params, w);
          if (trigger.what === 'refused') {
            expect(outcome.windows.page[trigger.window]).toBe(-1);
            continue;
          }
          const lane = lanes[trigger.lane]!;
          const fate = outcome.fates[trigger.lane]![trigger.sample]!;
          const first = trigger.window;
          const buffer = lane.pages.length * PAGE;
          expect(trigger.t).toBe(lane.t[trigger.sample]);
          expect(trigger.offset).toBeLessThan(buffer);
          if (trigger.what === 'fault') {
            expect(fate).toBe(LOST + windows.kind[first]!);
            expect(trigger.t).toBe(windows.start[first]);
            expect(lane.pages[trigger.slot]).toBe(windows.page[w]);
            // The record's bytes touch the page: this is only so if the offset is right.
            const size = lane.size[trigger.sample]!;
            const ahead = (trigger.slot * PAGE - trigger.offset + buffer) % buffer;
            const inside = Math.floor(trigger.offset / PAGE) === trigger.slot;
            // Several records at one ns: which of them faulted isn't stored.
            const alone = lane.t.filter((t) => t === trigger.t).length === 1;
            if (alone) expect(inside || ahead < size).toBe(true);
            expect(trigger.lastWrite).toBeLessThanOrEqual(trigger.t);
          } else {
            // It was written; what happened to it later is another matter.
            const later = ['discarded', 'wiped', 'copy-failed', 'torn'] as const;
            expect([KEPT, ...later.map((kind) => LOST + code(windowKinds, kind))]).toContain(fate);
            expect(trigger.t).toBeLessThanOrEqual(windows.start[first]!);
          }
          expect(trigger.end).toBeGreaterThanOrEqual(windows.end[first]!);
          const { sample, slot, offset, sinceService, lastWrite } = trigger;
          const watermark = params.watermarkBytes === 'auto' ? buffer / 2 : params.watermarkBytes;
          expect({ offset, sinceService, lastWrite }).toEqual(
            placed(lane, outcome.fates[trigger.lane]!, watermark, sample, slot),
          );
        }
      }),
    );
  });

  test('of what was written and lost later is its last record, or the fault that tore it', () => {
    property(
      fc.property(someInput, ({ lanes, timeline, policy, params }) => {
        const outcome = replay(lanes, timeline, policy, params);
        const { windows } = outcome;
        for (let w = 0; w < windows.n; w++) {
          const kind = windowKinds[windows.kind[w]];
          if (kind !== 'wiped' && kind !== 'copy-failed' && kind !== 'torn') continue;
          const { what, window, lane, sample, t } = findTrigger(lanes, outcome, params, w);
          expect(what).toBe(kind);
          if (kind === 'torn') {
            expect(windowKinds[windows.kind[window]]).toBe('irq-latency');
            expect(t).toBeLessThanOrEqual(windows.start[w]);
          } else {
            expect(outcome.fates[lane]![sample]).toBe(LOST + windows.kind[w]!);
            expect(t).toBe(windows.end[w]);
          }
        }
      }),
    );
  });

  test('all lost samples are counted by one window each', () => {
    property(
      fc.property(someInput, ({ lanes, timeline, policy, params }) => {
        const outcome = replay(lanes, timeline, policy, params);
        const { windows, fates } = outcome;
        lanes.forEach((lane, i) => {
          const own = Array.from({ length: windows.n }, (_, w) => w).filter((w) => windows.lane[w] === lane.lane);
          const counted = own.flatMap((w) => {
            const samples = lostSamples(fates[i]!, windows, w);
            expect(samples).toHaveLength(windows.lost[w]!);
            for (const s of samples) expect(lane.t[s]).toBeGreaterThanOrEqual(windows.start[w]!);
            for (const s of samples) expect(lane.t[s]).toBeLessThanOrEqual(windows.end[w]!);
            return samples;
          });
          const lost = Array.from(fates[i]!.keys()).filter((s) => fates[i]![s]! >= LOST && fates[i]![s] !== OUTSIDE);
          expect(counted.toSorted((a, b) => a - b)).toEqual(lost);
        });
      }),
    );
  });
});
