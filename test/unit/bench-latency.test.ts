import { describe, expect, test } from 'vitest';
import { inputLatencies } from '../bench/input-latency.ts';
import type { TraceEvent } from '../bench/input-latency.ts';

const PRESENTED = 'SubmitCompositorFrameToPresentationCompositorFrame';

/** An input's span, µs, with its stages, as Chromium nests them on a track of its own. */
function input(id: string, type: string, start: number, end: number, stages: Record<string, [number, number]>) {
  const at = (name: string, ph: string, ts: number, args = {}): TraceEvent => ({
    ...{ name, ph, ts, pid: 7, id2: { local: id }, args },
  });
  return [
    at('EventLatency', 'b', start, { event_latency: { event_type: type } }),
    ...Object.entries(stages).flatMap(([name, [from, to]]) => [at(name, 'b', from), at(name, 'e', to)]),
    at('EventLatency', 'e', end),
  ];
}

describe('from an input to its frame', () => {
  test('a wheel event counts from its arrival; the end of its gesture, which no frame shows, not at all', () => {
    // Two of a recorded trace: the second waits for the first one's answer.
    const wheel = input('0x27', 'MOUSE_WHEEL', 0, 42_400, {
      GenerationToBrowserMain: [0, 14_800],
      RendererCompositorToMain: [14_900, 31_000],
      [PRESENTED]: [37_000, 42_400],
    });
    const end = input('0x28', 'MOUSE_WHEEL', 0, 47_600, {
      GenerationToBrowserMain: [0, 14_900],
      BrowserMainToRendererCompositor: [14_900, 35_000],
    });
    expect(inputLatencies([...wheel, ...end])).toEqual({ shown: [27.6], unseen: 1 });
  });

  test('a pinch has no such stage: it counts from its own time', () => {
    const pinch = input('0x1', 'MOUSE_WHEEL', 1000, 26_500, {
      GenerationToRendererCompositor: [1000, 2100],
      [PRESENTED]: [24_000, 26_500],
    });
    expect(inputLatencies(pinch)).toEqual({ shown: [25.5], unseen: 0 });
  });

  test('tracks are used again; keys let go and moves that belong to no gesture stay out; sorted', () => {
    const frame = { [PRESENTED]: [0, 0] as [number, number] };
    const events = [
      ...input('0x1', 'KEY_PRESSED', 0, 11_000, frame),
      ...input('0x1', 'KEY_RELEASED', 12_000, 12_400, {}),
      ...input('0x1', 'KEY_PRESSED', 20_000, 29_000, frame),
      ...input('0x2', 'MOUSE_MOVED_EVENT', 30_000, 90_000, frame),
    ];
    expect(inputLatencies(events)).toEqual({ shown: [9, 11], unseen: 1 });
  });
});
