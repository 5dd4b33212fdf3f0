/**
 * The timeline on a lab of 10^7 samples (argument: another number): time from opening the page to the first painted timeline, and
 * frame times of zooming, panning and dragging in a headless Chromium. `npm run build` first.
 *
 *   node test/bench/timeline.bench.mjs [SAMPLES]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { halves, Has, SpeColumns } from '../../core/formats/spe/columns.ts';
import { startServer } from '../../core/host/web-socket.ts';
import { importFile } from '../../core/lab/import/import.ts';
import { builtinPolicies } from '../../core/model/policies.ts';
import { defaultParams } from '../../core/model/params.ts';
import { addCapture, finishCapture } from '../../core/store/captures.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { LodCounter } from '../../core/store/lod-counter.ts';
import { addResult, addRun, addWindows } from '../../core/store/run-store.ts';
import { addLane, addSessions, speWriter } from '../../core/store/spe-store.ts';
import { encodeSpeChunk } from '../../core/store/spe-chunk.ts';
import { launchBrowser } from '../e2e/browser.ts';

const samples = Number(process.argv[2] ?? 1e7);
const LANES = 4;
const INTERVAL = 1000;
const WINDOWS = 5000;
const origin = 1_790_790_210_043n;

function writeLab(path) {
  inLabFile(path, 'create', (db) => {
    const spe = addCapture(db, { kind: 'spe', name: 'generated', file: 'generated', format: 'perf.data', bytes: 1 });
    const writer = speWriter(db, spe);
    const each = Math.floor(samples / LANES);
    const batch = new SpeColumns();
    const map = new Int32Array(batch.capacity).fill(-1);
    batch.present.fill(Has.TIME | Has.PC);
    let last = origin;
    for (let lane = 0; lane < LANES; lane++) {
      const density = new LodCounter();
      let t = Number(origin);
      for (let done = 0; done < each; done += batch.n) {
        batch.n = Math.min(batch.capacity, each - done);
        for (let i = 0; i < batch.n; i++) {
          t += INTERVAL + ((done + i) % 7919 ? 0 : 400_000);
          batch.t[i] = BigInt(t);
          batch.pc[i] = 0x400000n;
        }
        density.addRows(halves(batch.t), batch.present, Has.TIME, batch.n);
        writer.write(lane, encodeSpeChunk(batch, map));
      }
      last = BigInt(t) > last ? BigInt(t) : last;
      addLane(db, spe, { lane, cpu: lane, tid: -1, mode: 'cpu-bound', samples: each, t0: origin, t1: BigInt(t) });
      addSessions(db, spe, lane, [origin, BigInt(t)]);
      storeLevels(db, spe, 'samples', lane, density.levels());
    }
    const facts = { cpus: [0, 1, 2, 3] };
    const common = { sha256: '', clock: 'monotonic', vm: undefined, warnings: [] };
    finishCapture(db, spe, { ...common, records: each * LANES, t0: origin, t1: last, facts });
    const [kvm] = importFile(db, fileURLToPath(new URL('../fixtures/pair/two-vcpu.trace.dat', import.meta.url)), {});
    writeRun(db, spe, kvm, Number(last - origin));
  });
}

function writeRun(db, speId, kvm, span) {
  const period = Number(kvm.t1 - kvm.t0);
  const alignment = {
    align: 'loop',
    offsetNs: 0,
    scale: 1,
    scaled: false,
    shiftNs: 0,
    copies: Math.ceil(span / period),
  };
  const vm = { slots: [], vcpus: kvm.vm.vms[0].vcpus };
  const facts = { origin: String(origin), span, alignment, buffers: [], placementWarnings: [], vm, timeline: {} };
  const run = addRun(db, { speId, kvmId: kvm.id, umbra: '0', command: 'generated', params: defaultParams(), facts });
  for (const policy of builtinPolicies) {
    const n = WINDOWS * LANES;
    const at = (i) => Math.floor(((i % WINDOWS) * span) / WINDOWS);
    const columns = {
      n,
      lane: Int32Array.from({ length: n }, (_, i) => Math.floor(i / WINDOWS)),
      start: Float64Array.from({ length: n }, (_, i) => at(i)),
      end: Float64Array.from({ length: n }, (_, i) => at(i) + 1000 + (i % 50 ? 0 : 200_000)),
      kind: Uint8Array.from({ length: n }, (_, i) => i % 6),
      cause: new Uint8Array(n).fill(1),
      page: new Float64Array(n).fill(-1),
      action: new Uint8Array(n),
      lost: new Uint32Array(n).fill(1),
    };
    addWindows(db, run, policy.id, 'record', origin, columns);
    const counts = { kept: samples - n, lost: n, coverage: 1 - n / samples, windows: n };
    addResult(db, run, {
      policy,
      dlDiscard: 'record',
      ...counts,
      blackoutNs: 1,
      stallNs: 0,
      pinnedPeakBytes: 0,
      summary: {},
    });
  }
}

/** The pages' policy allows no eval, so waiting is done from here. */
async function until(page, expression) {
  while (!(await page.evaluate(expression))) await page.waitForTimeout(10);
}

/**
 * Frame intervals while `act` goes on, ms: p50, p95, max, and how many were longer than 1.5 frames of 60 Hz; and the CPU time of the
 * page's main thread a frame, which tells even where others use the machine: at 60 frames/s a frame has 16.7 ms.
 */
async function frames(page, act) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' }).catch(() => undefined);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    return metrics.find((m) => m.name === 'TaskDuration').value * 1000;
  };
  const before = await busy();
  await page.evaluate(`window.frameTimes = []; window.measuring = true; (() => {
    let last = performance.now();
    const tick = (now) => { frameTimes.push(now - last); last = now; if (measuring) requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
  })()`);
  await act();
  const times = await page.evaluate('measuring = false, frameTimes.slice(1).sort((a, b) => a - b)');
  const at = (q) => times[Math.min(times.length - 1, Math.floor(q * times.length))].toFixed(1);
  const late = times.filter((ms) => ms > 25).length;
  const cpu = (((await busy()) - before) / times.length).toFixed(1);
  await cdp.detach();
  return { frames: times.length, p50: at(0.5), p95: at(0.95), max: at(1), late, 'CPU a frame': cpu };
}

const folder = mkdtempSync(join(tmpdir(), 'umbra-bench-'));
const lab = join(folder, 'large.umbra');
try {
  let began = performance.now();
  writeLab(lab);
  const size = (statSync(lab).size / 2 ** 20).toFixed(0);
  console.log(
    `lab of ${samples} samples, ${WINDOWS * LANES} windows a policy: ${size} MiB, written in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );

  const server = await startServer({ lab });
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1360, height: 860 } });
  began = performance.now();
  await page.goto(`${server.url}`);
  await page.getByRole('link', { name: 'Timeline' }).waitFor();
  await page.keyboard.press('2');
  const painted = 'performance.getEntriesByName("umbra:timeline")[0]?.startTime';
  await until(page, painted);
  console.log(
    `first timeline painted ${(await page.evaluate(painted)).toFixed(0)} ms after the page was opened (Captures first)`,
  );
  await page.reload();
  await until(page, painted);
  console.log(`reloaded on the timeline: ${(await page.evaluate(painted)).toFixed(0)} ms`);

  await page.mouse.move(700, 300);
  await page.waitForTimeout(500);
  const hold = (key, times) => async () => {
    for (let i = 0; i < times; i++) {
      await page.keyboard.press(key);
      await page.waitForTimeout(60);
    }
  };
  const drag = async () => {
    await page.mouse.down();
    for (let i = 0; i < 60; i++) {
      await page.mouse.move(700 - i * 6, 300);
      await page.waitForTimeout(16);
    }
    await page.mouse.up();
  };
  const rows = {
    'at rest': await frames(page, () => page.waitForTimeout(1500)),
    'zoom in (W)': await frames(page, hold('w', 30)),
    'pan (D)': await frames(page, hold('d', 25)),
    drag: await frames(page, drag),
    'zoom out (S)': await frames(page, hold('s', 30)),
  };
  console.table(rows);
  await browser.close();
  await server.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
