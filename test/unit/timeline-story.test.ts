/** A window's story: what is said about each kind, and that nothing is said that didn't happen. */
import { describe, expect, it } from 'vitest';
import type { FoundWindow } from '../../core/contract/timeline.ts';
import { windowKinds } from '../../core/model/terms.ts';
import { plain } from '../../core/words/numbers.ts';
import { story } from '../../renderer/timeline/story.ts';

const window = (kind: string, more: Partial<FoundWindow> = {}): FoundWindow => ({
  ...{ lane: 0, start: 2e6, end: 3e6, kind, cause: 'userspace', ipa: '0xa0106000', action: null, lost: 512 },
  ...more,
});
const trigger = (t: number): FoundWindow['trigger'] => ({
  ...{ t, kind: 'unmap', cause: 'userspace', evidence: 'unmap-hva', confidence: 0.97, pages: 512, contents: 'dropped' },
});
const told = (w: FoundWindow) => plain(story(w, 'map-on-fault').join(' '));

describe('timeline-story', () => {
  it('has words for every kind of window', () => {
    for (const kind of windowKinds) expect(story(window(kind, { ipa: null, cause: null }), 'x'), kind).not.toEqual([]);
  });

  it('tells a fault by what took the page away before, and what KVM answered', () => {
    const text = told(window('irq-latency', { action: 'map', trigger: trigger(1_500_000) }));
    expect(text).toContain(
      '500 µs before, the page at 0xa0106000 was unmapped (userspace, one of 512 pages; by unmap-hva',
    );
    expect(text).toContain('right in at least 97 % of cases');
    expect(text).toContain('took a stage 2 fault, and the SPU stopped. Under map-on-fault KVM maps the page');
  });

  it('tells of wiped records what took them afterwards, and of no fault', () => {
    const text = told(window('wiped', { trigger: trigger(3_250_000) }));
    expect(text).toContain('250 µs later the page was unmapped (userspace, one of 512 pages; by unmap-hva');
    expect(text).toContain('Its contents were dropped, along with records that perf had not read yet.');
    expect(text).not.toMatch(/stage 2 fault|before, the page|Under map-on-fault/);
    expect(told(window('wiped'))).toContain('An unmap (userspace) then took the page');
  });

  it('tells of a failed copy since when the page was gone, and of no fault', () => {
    const text = told(window('copy-failed', { trigger: trigger(1_000_000) }));
    expect(text).toContain('1 ms before, the guest’s page at 0xa0106000 was unmapped');
    expect(text).not.toMatch(/stage 2 fault|Under map-on-fault/);
    expect(told(window('copy-failed'))).toContain('was gone when they were to be copied there (userspace)');
  });

  it('tells of a torn record what the decoder makes of it', () => {
    const text = told(window('torn', { start: 2e6, end: 2e6 }));
    expect(text).toContain('cut a record in two');
    expect(text).not.toContain('The next record written there');
  });
});
