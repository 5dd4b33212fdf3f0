import { expect, test } from 'vitest';
import { ModelError } from '../../core/model/errors.ts';
import type { Lane } from '../../core/model/outcome.ts';
import { NONE } from '../../core/model/outcome.ts';
import { mergeScenario, parseScenario } from '../../core/model/scenario.ts';
import { causeClasses, code, stage2Kinds } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

const trace: Stage2Timeline = {
  n: 2,
  t: Float64Array.of(500, 500),
  kind: Uint8Array.of(code(stage2Kinds, 'initial-unmapped'), code(stage2Kinds, 'map')),
  page: Float64Array.of(7, 7),
  pages: Float64Array.of(1, 1),
  cause: Uint8Array.of(NONE, NONE),
  evidence: Uint8Array.of(0, 0),
  writable: Uint8Array.of(0, 1),
  notify: new Uint8Array(2),
  contents: new Uint8Array(2),
  contentsOrigin: new Uint8Array(2),
  origin: 0n,
  span: 1000,
  exact: false,
  evidences: ['fault'],
};
const lane: Lane = {
  lane: 2,
  t: new Float64Array(0),
  size: new Uint32Array(0),
  sessions: new Float64Array(0),
  mode: 'cpu-bound',
  pages: Float64Array.of(30, 20, 21),
};

const events = (...list: object[]): string => JSON.stringify({ events: list });
const unmap = { t: 100, kind: 'unmap', cause: 'guest-forbidden', ipa: '0x5000' };

function rows(...list: object[]): string[] {
  const t = mergeScenario(trace, parseScenario(events(...list), 's.json'), [lane]);
  return Array.from({ length: t.n }, (_, i) => {
    const cause = t.cause[i] === NONE ? '-' : causeClasses[t.cause[i]];
    return `${t.t[i]} ${stage2Kinds[t.kind[i]]} ${t.page[i]}+${t.pages[i]} ${cause} ${t.evidences[t.evidence[i]]}`;
  });
}

const initial = '500 initial-unmapped 7+1 - fault';
const mapped = '500 map 7+1 - fault';

test('events by address, sorted in, after the initial states and after the trace at one ns', () => {
  expect(rows({ ...unmap, t: 500, size: 8192 }, unmap)).toEqual([
    initial,
    '100 unmap 5+1 guest-forbidden scenario',
    mapped,
    '500 unmap 5+2 guest-forbidden scenario',
  ]);
});

test('events by place in a buffer, repeated', () => {
  const base = { t: 600, kind: 'write-protect', cause: 'dirty-log', lane: 2 };
  expect(rows(base)).toEqual([
    initial,
    mapped,
    ...[30, 20, 21].map((page) => `600 write-protect ${page}+1 dirty-log scenario`),
  ]);
  expect(rows({ ...base, offset: 4096, every: 50, times: 2 })).toEqual([
    initial,
    mapped,
    '600 write-protect 20+1 dirty-log scenario',
    '650 write-protect 20+1 dirty-log scenario',
  ]);
});

test.each([
  ['{', 's.json: not JSON'],
  [{ event: [] }, 's.json: events: '],
  [{ events: [{ ...unmap, t: 1.5 }] }, 's.json: events.0.t: '],
  [{ events: [unmap, { ...unmap, kind: 'explode' }] }, 's.json: events.1.kind: '],
  [{ events: [{ ...unmap, cause: 'first-touch' }] }, 's.json: events.0.cause: '],
  [{ events: [{ ...unmap, cause: undefined }] }, 's.json: events.0: wants a cause'],
  [{ events: [{ ...unmap, ipa: '5000' }] }, 's.json: events.0.ipa: wants an address'],
  [{ events: [{ ...unmap, ipa: '0x5001' }] }, 's.json: events.0.ipa: wants a page aligned address'],
  [{ events: [{ ...unmap, lane: 2 }] }, 's.json: events.0: wants either ipa or lane'],
  [{ events: [{ ...unmap, offset: 0 }] }, 's.json: events.0: offset goes with lane'],
  [{ events: [{ ...unmap, size: 100 }] }, 's.json: events.0.size: '],
  [{ events: [{ ...unmap, times: 3 }] }, 's.json: events.0: times needs every'],
  [{ events: [{ ...unmap, times: 0 }] }, 's.json: events.0.times: '],
  [{ events: [{ ...unmap, times: 1_000_001, every: 1 }] }, 's.json: events.0.times: '],
  [{ events: [{ ...unmap, every: 0 }] }, 's.json: events.0.every: '],
  [{ events: [{ ...unmap, size: 0 }] }, 's.json: events.0.size: wants at least one page'],
  [{ events: [{ ...unmap, kind: 'write-protect', contents: 'kept' }] }, 's.json: events.0: contents goes with kind'],
  [{ events: [{ ...unmap, kind: 'map', notify: 'unmap' }] }, 's.json: events.0: a map has no notify'],
  [{ events: [{ ...unmap, ipa: '0x10000000000000' }] }, 's.json: events.0.ipa: wants an address'],
])('%j is refused: %s', (file, message) => {
  const parse = (): unknown => parseScenario(typeof file === 'string' ? file : JSON.stringify(file), 's.json');
  expect(parse).toThrow(ModelError);
  expect(parse).toThrow(message);
});

test('what goes with an event is taken, to the last page of a buffer', () => {
  const taken = [
    { ...unmap, contents: 'gone', notify: 'unmap' },
    { ...unmap, kind: 'write-protect', notify: 'protect' },
    { t: 0, kind: 'map', ipa: '0xffffffffff000' },
    { ...unmap, times: 1 },
    { ...unmap, times: 2, every: 1 },
  ];
  for (const event of taken) expect(parseScenario(events(event), 's.json').events).toHaveLength(1);
  const last = { t: 600, kind: 'unmap', cause: 'kvm', lane: 2, offset: 4096, size: 8192 };
  expect(rows(last).slice(2)).toEqual(['600 unmap 20+1 kvm scenario', '600 unmap 21+1 kvm scenario']);
  const other: Lane = { ...lane, lane: 5 };
  expect(() => mergeScenario(trace, parseScenario(events({ ...last, lane: 3 }), 's.json'), [lane, other])).toThrow(
    'scenario: events.0.lane: no lane 3; there are 2, 5',
  );
});

test('places that are not there', () => {
  const base = { t: 0, kind: 'unmap', cause: 'kvm' };
  expect(() => rows({ ...base, lane: 0 })).toThrow('scenario: events.0.lane: no lane 0; there are 2');
  expect(() => rows({ ...base, lane: 2, offset: 8192, size: 8192 })).toThrow(
    "pass the end of lane 2's buffer (12288 bytes)",
  );
});
