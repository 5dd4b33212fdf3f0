// What a replay costs: all policies, and many placements of one. `node test/bench/replay.bench.mjs [samples] [events]`
import { defaultParams } from '../../core/model/params.ts';
import { placeBuffers } from '../../core/model/placement.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import { prepare, withBuffers } from '../../core/model/prepare.ts';
import { createRandom } from '../../core/model/random.ts';
import { replayPrepared } from '../../core/model/replay.ts';
import { causeClasses, stage2Kinds } from '../../core/model/terms.ts';
import { indexTimeline } from '../../core/model/timeline-index.ts';

const LANES = 4;
const GUEST_PAGES = 2 ** 18;
const { params } = defaultParams();

/** Ten seconds of four vCPUs that write 64-byte records all the time. */
function makeLanes(samples, pages) {
  const random = createRandom(1);
  return Array.from({ length: LANES }, (_, lane) => {
    const n = Math.floor(samples / LANES);
    const t = new Float64Array(n);
    const step = 10e9 / n;
    for (let i = 1; i < n; i++) t[i] = t[i - 1] + Math.round(step * 2 * random.uniform());
    return {
      lane,
      t,
      size: new Uint32Array(n).fill(64),
      sessions: Float64Array.of(0, t[n - 1]),
      mode: 'per-cpu',
      pages: pages[lane],
    };
  });
}

/** Unmaps of random ranges by userspace and the host, each mapped again page by page somewhat later. */
function makeTimeline(events) {
  const random = createRandom(2);
  const unmap = stage2Kinds.indexOf('unmap');
  const map = stage2Kinds.indexOf('map');
  const rows = [];
  while (rows.length < events) {
    const t = Math.floor(random.uniform() * 10e9);
    const page = random.below(GUEST_PAGES - 8);
    const pages = 1 + random.below(3);
    const cause = causeClasses.indexOf(random.below(2) ? 'userspace' : 'host-mm');
    rows.push([t, unmap, page, pages, cause]);
    for (let i = 0; i < pages; i++) rows.push([t + random.below(1e8), map, page + i, 1, 255]);
  }
  rows.sort((a, b) => a[0] - b[0]);
  const column = (Type, k) => Type.from(rows, (r) => r[k]);
  const n = rows.length;
  return {
    n,
    t: column(Float64Array, 0),
    kind: column(Uint8Array, 1),
    page: column(Float64Array, 2),
    pages: column(Float64Array, 3),
    cause: column(Uint8Array, 4),
    evidence: new Uint8Array(n),
    writable: new Uint8Array(n).fill(1),
    origin: 0n,
    span: 10e9,
    exact: true,
    evidences: [''],
  };
}

/** Wall and CPU time: on a busy machine the second is the one that compares. */
function timed(what, run) {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(cpu);
  const wall = (performance.now() - start).toFixed(0).padStart(7);
  console.log(`${what.padEnd(58)} ${wall} ms ${((user + system) / 1000).toFixed(0).padStart(7)} ms CPU`);
  return result;
}

function bench(samples, events) {
  console.log(
    `\n${samples.toExponential(0)} samples, ${events.toExponential(0)} stage 2 events, ${LANES} lanes, 4 MiB buffers`,
  );
  const timeline = makeTimeline(events);
  const ram = Float64Array.of(0, GUEST_PAGES);
  const request = { lanes: [0, 1, 2, 3], bufferBytes: params.bufferBytes, buffers: [], seed: 1 };
  for (const placement of ['random', 'hot']) {
    const { pages } = placeBuffers({ ...request, placement }, { ram, timeline });
    const lanes = makeLanes(samples, pages);
    timed(`${placement}: all ${builtinPolicies.length} policies, preparation included`, () => {
      const run = prepare(lanes, timeline);
      for (const policy of builtinPolicies) replayPrepared(run, policy, params);
    });
    const run = prepare(lanes, timeline);
    for (const policy of builtinPolicies) {
      const { windows } = timed(`  ${policy.id}`, () => replayPrepared(run, policy, params));
      if (process.env.VERBOSE) console.log(`    ${windows.n} windows`);
    }
  }
  const index = timed('index of the timeline', () => indexTimeline(timeline));
  const first = prepare(
    makeLanes(samples, placeBuffers({ ...request, placement: 'random' }, { ram, timeline }).pages),
    index,
  );
  for (const id of ['map-on-fault', 'pin-at-enable']) {
    timed(`200 random placements of ${id}`, () => {
      for (let trial = 0; trial < 200; trial++) {
        const { pages } = placeBuffers({ ...request, placement: 'random' }, { ram, timeline }, trial);
        replayPrepared(withBuffers(first, pages), builtinPolicy(id), params, {}, trial);
      }
    });
  }
}

const [samples, events] = process.argv.slice(2).map(Number);
if (samples) bench(samples, events || samples / 10);
else for (const n of [1e5, 1e6, 1e7]) bench(n, n / 10);
