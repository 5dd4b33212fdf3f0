// What a replay costs, and how that grows: all policies, and many placements of one, from 10^5 to 10^8 samples.
// `node test/bench/replay.bench.mjs`: the table; 10^8 samples want 4 GB. `… SAMPLES [EVENTS]`: one size, policy by policy.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { summarise } from '../../core/analysis/summary.ts';
import { checkedParams, checksOf } from '../../core/model/checks.ts';
import { defaultParams } from '../../core/model/params.ts';
import { placeBuffers } from '../../core/model/placement.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import { prepare, withBuffers } from '../../core/model/prepare.ts';
import { createRandom } from '../../core/model/random.ts';
import { replayPrepared } from '../../core/model/replay.ts';
import { causeClasses, stage2Kinds } from '../../core/model/terms.ts';
import { printGoals } from './goals.mjs';

const LANES = [0, 1, 2, 3];
const GUEST_PAGES = 2 ** 18;
/** Records a second, all lanes together: more of them make a longer capture. */
const RATE = 1e6;
const TRIALS = 200;
const settings = defaultParams();
const { params } = settings;
const UNMAP = stage2Kinds.indexOf('unmap');
const HOST = causeClasses.indexOf('host-mm');

/** vCPUs that write 64-byte records all the time. */
function makeLanes(samples, pages) {
  const random = createRandom(1);
  const step = (LANES.length * 1e9) / RATE;
  return LANES.map((lane) => {
    const n = Math.floor(samples / LANES.length);
    const t = new Float64Array(n);
    for (let i = 1; i < n; i++) t[i] = t[i - 1] + Math.round(step * 2 * random.uniform());
    const sessions = Float64Array.of(0, t[n - 1]);
    return { lane, t, size: new Uint32Array(n).fill(64), sessions, mode: 'cpu-bound', pages: pages[lane] };
  });
}

/** Unmaps of one to three pages anywhere by userspace and the host; each page is mapped again some 50 ms later. */
function makeTimeline(n, span) {
  const random = createRandom(2);
  const columns = { t: Float64Array, kind: Uint8Array, page: Float64Array, pages: Float64Array, cause: Uint8Array };
  const rows = Object.fromEntries(Object.entries(columns).map(([name, Type]) => [name, new Type(n)]));
  const unmapped = [];
  const most = (n / span) * 5e7 * 0.7;
  for (let i = 0; i < n; i++) {
    rows.t[i] = Math.floor((i / n) * span);
    const unmaps = unmapped.length === 0 || random.uniform() * most * 1.5 > unmapped.length;
    rows.kind[i] = stage2Kinds.indexOf(unmaps ? 'unmap' : 'map');
    rows.page[i] = random.below(GUEST_PAGES - 8);
    rows.pages[i] = 1;
    rows.cause[i] = 255;
    if (unmaps) {
      rows.pages[i] = 1 + random.below(3);
      rows.cause[i] = causeClasses.indexOf(random.below(2) ? 'userspace' : 'host-mm');
      for (let p = 0; p < rows.pages[i]; p++) unmapped.push(rows.page[i] + p);
    } else {
      const k = random.below(unmapped.length);
      rows.page[i] = unmapped[k];
      unmapped[k] = unmapped.at(-1);
      unmapped.pop();
    }
  }
  const evidence = new Uint8Array(n);
  const unsaid = { notify: new Uint8Array(n), contents: new Uint8Array(n), contentsOrigin: new Uint8Array(n) };
  // Half of userspace's unmaps drop the contents; the host's come with clear.
  for (let i = 0; i < n; i++) {
    unsaid.notify[i] = rows.kind[i] === UNMAP ? (rows.cause[i] === HOST ? 2 : 1) : 0;
    unsaid.contents[i] = rows.kind[i] === UNMAP && rows.cause[i] !== HOST && i % 2 ? 1 : 0;
  }
  const writable = new Uint8Array(n).fill(1);
  return { ...rows, ...unsaid, n, evidence, writable, origin: 0n, span, exact: true, evidences: [''] };
}

/** CPU time, ms: comparable even on a busy machine. */
function cpuMs(run) {
  const cpu = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1000;
}

function measure(samples, events, onPolicy = () => undefined) {
  const timeline = makeTimeline(events, (samples / RATE) * 1e9);
  const memory = { ram: Float64Array.of(0, GUEST_PAGES), timeline };
  const request = { lanes: LANES, bufferBytes: params.bufferBytes, buffers: [], seed: 1 };
  const place = (placement, trial) => placeBuffers({ ...request, placement }, memory, trial).pages;
  const lanes = makeLanes(samples, place('random'));
  let run;
  const cost = { prepare: cpuMs(() => (run = prepare(lanes, timeline))) };
  for (const placement of ['random', 'hot']) {
    const placed = placement === 'hot' ? withBuffers(run, place('hot')) : run;
    cost[placement] = 0;
    for (const policy of builtinPolicies) {
      let outcome;
      const ms = cpuMs(() => {
        outcome = replayPrepared(placed, policy, params);
        summarise(lanes, outcome);
        void outcome.fates;
      });
      cost[placement] += ms;
      onPolicy(placement, policy.id, ms, outcome.windows.n);
    }
  }
  cost.checks = cpuMs(() => {
    for (const policy of builtinPolicies) {
      summarise(lanes, replayPrepared(run, policy, params));
      for (const check of checksOf(settings, [policy])) {
        const varied = checkedParams(check, settings, policy, run);
        if (varied) summarise(lanes, replayPrepared(run, policy, varied));
      }
    }
  });
  for (const id of ['map-on-fault', 'pin-at-enable']) {
    cost[id] = cpuMs(() => {
      for (let trial = 0; trial < TRIALS; trial++) {
        summarise(
          lanes,
          replayPrepared(withBuffers(run, place('random', trial)), builtinPolicy(id), params, {}, trial),
        );
      }
    });
  }
  return { ...cost, rss: process.resourceUsage().maxRSS / 1024 };
}

const columns = [
  ['prepare', 'prepare'],
  ['random', `${builtinPolicies.length} policies`],
  ['hot', 'hot placement'],
  ['checks', 'with all checks'],
  ['map-on-fault', `${TRIALS} x map-on-fault`],
  ['pin-at-enable', `${TRIALS} x pin-at-enable`],
];
const printRow = (cells) => console.log(cells.map((cell, i) => String(cell).padStart(i < 2 ? 8 : 20)).join(''));
const cells = (samples, events, cost) => [
  samples.toExponential(0),
  events.toExponential(0),
  ...columns.map(([key]) => `${cost[key].toFixed(0)} ms`),
  `${cost.rss.toFixed(0)} MB`,
];

const [samples, events, how] = process.argv.slice(2);
if (how === 'json') console.log(JSON.stringify(measure(Number(samples), Number(events))));
else {
  const heading = ['samples', 'events', ...columns.map(([, name]) => name), 'peak memory'];
  console.log(`CPU time; ${LANES.length} lanes with buffers of ${params.bufferBytes / 2 ** 20} MiB`);
  if (samples) {
    const some = Number(events) || Number(samples) / 10;
    const cost = measure(Number(samples), some, (placement, id, ms, windows) =>
      console.log(`  ${placement.padEnd(8)}${id.padEnd(24)}${ms.toFixed(0).padStart(6)} ms ${windows} windows`),
    );
    printRow(heading);
    printRow(cells(Number(samples), some, cost));
  } else {
    printRow(heading);
    const measured = new Map();
    for (const n of [1e5, 1e6, 1e7, 1e8]) {
      const words = [...process.execArgv, fileURLToPath(import.meta.url), n, n / 10, 'json'];
      const child = spawnSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
      if (child.status !== 0) process.exit(1);
      measured.set(n, JSON.parse(child.stdout));
      printRow(cells(n, n / 10, measured.get(n)));
    }
    const seconds = (n, key) => measured.get(n)[key] / 1000;
    const at = '10^7 samples, 10^6 events';
    printGoals([
      { what: `all policies with all checks, ${at}`, figure: seconds(1e7, 'checks'), unit: 's of CPU', atMost: 3 },
      ...['map-on-fault', 'pin-at-enable'].map((id) => ({
        ...{ what: `${TRIALS} placements of ${id}, ${at}`, figure: seconds(1e7, id), unit: 's of CPU', atMost: 2 },
      })),
      { what: 'all policies, 10^8 samples', figure: seconds(1e8, 'random'), unit: 's of CPU', atMost: 10 },
    ]);
  }
}
