/**
 * Scenarios: stage 2 events that the user injects, for the cause classes that no available trace contains (model.md section 3).
 *
 * ```json
 * {"events": [
 *   {"t": 500000, "kind": "unmap", "cause": "guest-forbidden", "ipa": "0x80240000", "size": 8192},
 *   {"t": 800000, "kind": "unmap", "cause": "host-mm", "lane": 0, "offset": 0, "size": 4096, "every": 100000, "times": 5}
 * ]}
 * ```
 */
import { firstIssue, ModelError } from './errors.ts';
import type { Lane } from './outcome.ts';
import { parseJson } from './json-text.ts';
import { NONE } from './outcome.ts';
import { inWords } from './schema-words.ts';
import { causeClasses, code, contentsFates, contentsOrigins, notifies, PAGE_SHIFT, stage2Kinds } from './terms.ts';
import { scenarioFile } from './terms/scenario.ts';
import type { Scenario } from './terms/scenario.ts';
import type { Stage2Timeline } from './timeline.ts';

const PAGE = 2 ** PAGE_SHIFT;

/** @throws ModelError naming the file, the event and the field */
export function parseScenario(text: string, file: string): Scenario {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new ModelError(`${file}: ${(error as Error).message}`);
  }
  const parsed = scenarioFile.safeParse(json, inWords);
  if (!parsed.success) throw new ModelError(`${file}: ${firstIssue(parsed.error.issues)}`);
  return parsed.data;
}

interface Row {
  readonly t: number;
  readonly kind: number;
  readonly cause: number;
  readonly notify: number;
  readonly contents: number;
  readonly origin: number;
  readonly page: number;
  readonly pages: number;
}

/** Maximum timeline rows from a scenario: one per page range and repeat. More means minutes of replay per policy. */
const MAX_ROWS = 1_000_000;

/** Maximum size of a scenario file, bytes. */
export const MAX_SCENARIO_BYTES = 16 << 20;

/**
 * The timeline with a scenario's events in it. At one timestamp the scenario's come after the trace's, so that the user's word is final.
 * @param timeline in the run's time
 * @param lanes what `lane` and `offset` refer to
 * @throws ModelError when an event points at a lane that isn't there or past its buffer's end
 */
export function mergeScenario(timeline: Stage2Timeline, scenario: Scenario, lanes: readonly Lane[]): Stage2Timeline {
  const ranges = scenario.events.map((event, i) => target(event, lanes, i));
  const total = scenario.events.reduce((sum, { times }, i) => sum + times * ranges[i].length, 0);
  if (total > MAX_ROWS) {
    const most = scenario.events.map((e, i) => e.times * ranges[i].length);
    const largest = most.indexOf(most.reduce((a, b) => Math.max(a, b)));
    throw new ModelError(
      `the scenario makes ${total} stage 2 changes, ${MAX_ROWS} are the most: events.${largest} alone makes ${most[largest]} ` +
        `(${scenario.events[largest].times} times on ${ranges[largest].length} pages)`,
    );
  }
  const rows = scenario.events.flatMap((event, i) => {
    const where = ranges[i];
    const base = {
      kind: code(stage2Kinds, event.kind),
      cause: event.cause ? code(causeClasses, event.cause) : NONE,
      notify: code(notifies, event.notify ?? 'unknown'),
      contents: code(contentsFates, event.contents ?? 'kept'),
      origin: code(contentsOrigins, event.contents ? 'measured' : 'assumed'),
    };
    return Array.from({ length: event.times }, (_, k) => event.t + k * (event.every ?? 0)).flatMap((t) =>
      where.map(([page, pages]): Row => ({ t, page, pages, ...base })),
    );
  });
  rows.sort((a, b) => a.t - b.t);
  return merge(timeline, rows);
}

/** Page ranges; a buffer's pages need not be neighbours. */
function target(event: Scenario['events'][number], lanes: readonly Lane[], i: number): [number, number][] {
  if (event.ipa !== undefined) return [[Number(BigInt(event.ipa)) / PAGE, (event.size ?? PAGE) / PAGE]];
  const lane = lanes.find((l) => l.lane === event.lane);
  if (!lane)
    throw new ModelError(
      `scenario: events.${i}.lane: no lane ${event.lane}; there are ${lanes.map((l) => l.lane).join(', ')}`,
    );
  const { pages } = lane;
  const first = (event.offset ?? 0) / PAGE;
  const count = event.size === undefined ? (event.offset === undefined ? pages.length : 1) : event.size / PAGE;
  if (first + count > pages.length) {
    throw new ModelError(
      `scenario: events.${i}: bytes ${first * PAGE} to ${(first + count) * PAGE} pass the end of lane ${event.lane}'s buffer (${pages.length * PAGE} bytes)`,
    );
  }
  return Array.from(pages.subarray(first, first + count), (page) => [page, 1]);
}

function merge(timeline: Stage2Timeline, rows: readonly Row[]): Stage2Timeline {
  const n = timeline.n + rows.length;
  const out = {
    t: new Float64Array(n),
    kind: new Uint8Array(n),
    page: new Float64Array(n),
    pages: new Float64Array(n),
    cause: new Uint8Array(n),
    evidence: new Uint8Array(n),
    writable: new Uint8Array(n),
    notify: new Uint8Array(n),
    contents: new Uint8Array(n),
    contentsOrigin: new Uint8Array(n),
  };
  const scenarioEvidence = timeline.evidences.length;
  const initial = code(stage2Kinds, 'initial-unmapped');
  let next = 0;
  for (let i = 0, k = 0; i < n; i++) {
    // The trace's initial states stay in front, whatever the time of the first injected event.
    const fromTrace =
      next < timeline.n && (k >= rows.length || timeline.kind[next] === initial || timeline.t[next] <= rows[k].t);
    if (fromTrace) {
      out.t[i] = timeline.t[next];
      out.kind[i] = timeline.kind[next];
      out.page[i] = timeline.page[next];
      out.pages[i] = timeline.pages[next];
      out.cause[i] = timeline.cause[next];
      out.evidence[i] = timeline.evidence[next];
      out.writable[i] = timeline.writable[next];
      out.notify[i] = timeline.notify[next];
      out.contents[i] = timeline.contents[next];
      out.contentsOrigin[i] = timeline.contentsOrigin[next];
      next++;
    } else {
      const row = rows[k++];
      out.t[i] = row.t;
      out.kind[i] = row.kind;
      out.page[i] = row.page;
      out.pages[i] = row.pages;
      out.cause[i] = row.cause;
      out.evidence[i] = scenarioEvidence;
      out.writable[i] = 1;
      out.notify[i] = row.notify;
      out.contents[i] = row.contents;
      out.contentsOrigin[i] = row.origin;
    }
  }
  return { ...timeline, ...out, n, evidences: [...timeline.evidences, 'scenario'] };
}
