/** What a capture says of the filters that it was recorded with. */
import { describe, expect, it } from 'vitest';
import { captureFacts } from '../../core/lab/captures/facts.ts';
import type { CaptureRow } from '../../core/store/captures.ts';

const capture = (config: Record<string, unknown>): CaptureRow => ({
  ...{ id: 1, kind: 'spe', name: 'a', file: 'a', format: 'perf.data', bytes: 1, sha256: '', records: 1 },
  ...{ t0: 0n, t1: 1n, clock: undefined, vm: undefined, warnings: [], facts: { spe: { config } } },
});
const filters = (config: Record<string, unknown>): string | undefined =>
  captureFacts(capture(config)).find(({ label }) => label === 'filters')?.value;

describe('filters of a capture', () => {
  it('are shown with every term that leaves something out', () => {
    const config = {
      ...{ load_filter: true, float_filter: true, simd_filter_mask: true, event_filter: '0x2' },
      ...{ inv_event_filter: '0x80', inv_data_src_filter: '0xfffffffffffffffe', min_latency: 40 },
    };
    expect(filters(config)).toBe(
      'load_filter=1, float_filter=1, simd_filter_mask=1, event_filter=0x2, inv_event_filter=0x80, ' +
        'inv_data_src_filter=0xfffffffffffffffe, min_latency=40',
    );
  });

  it('are none where none is set, or an older Umbra didn’t keep them', () => {
    expect(filters({ event_filter: '0x0', inv_event_filter: '0x0', inv_data_src_filter: '0x0' })).toBeUndefined();
    expect(filters({ period: '1000' })).toBeUndefined();
  });
});
