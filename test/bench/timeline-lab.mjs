/** The lab of timeline.bench.mjs: as many samples as wanted, and a run with windows in proportion, without importing or replaying anything. */
import { fileURLToPath } from 'node:url';
import { halves, Has, SpeColumns } from '../../core/formats/spe/columns.ts';
import { importFile } from '../../core/lab/import/import.ts';
import { builtinPolicies } from '../../core/model/policies.ts';
import { defaultParams } from '../../core/model/params.ts';
import { createRandom } from '../../core/model/random.ts';
import { causeClasses, stallKinds, windowKinds } from '../../core/model/terms.ts';
import { addCapture, finishCapture } from '../../core/store/captures.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { storeLevels } from '../../core/store/lod.ts';
import { LodCounter } from '../../core/store/lod-counter.ts';
import { addResult, addRun, addWindows } from '../../core/store/run-store.ts';
import { encodeSpeChunk } from '../../core/store/spe-chunk.ts';
import { addLane, addSessions, speWriter } from '../../core/store/spe-store.ts';
import { someFacts } from '../unit/run-facts.sample.ts';

const LANES = 4;
/** ns between samples; the low 8 bits are random, as PMSIRR_EL1.RND makes them. */
const INTERVAL = 1000;
const JITTER = 0xff;
/** A code path of so many instructions is sampled. */
const CODE = 4096;
/**
 * A lane, for 10^7 samples, as a replay of a synthesised pair has them (docs/views' lab, five times as long): many where each fault costs
 * one, few where pages are pinned.
 */
const WINDOWS = 5000;
const PINNED_WINDOWS = 325;
const faulting = ['map-on-fault', 'guest-memfd-prefault'];
const origin = 1_790_790_210_043n;
const SEED = 16;

/** Windows of a policy on all lanes: of those that have most. */
export const mostWindows = (samples) => windowsOf(faulting[0], samples) * LANES;

const windowsOf = (policy, samples) =>
  Math.max(1, Math.round(((faulting.includes(policy) ? WINDOWS : PINNED_WINDOWS) * samples) / 1e7));

export function writeLab(path, samples) {
  inLabFile(path, 'create', (db) => {
    const spe = addCapture(db, { kind: 'spe', name: 'generated', file: 'generated', format: 'perf.data', bytes: 1 });
    const writer = speWriter(db, spe);
    const random = createRandom(SEED);
    const each = Math.floor(samples / LANES);
    const batch = new SpeColumns();
    const map = new Int32Array(batch.capacity).fill(-1);
    batch.present.fill(Has.TIME | Has.PC);
    const pc = halves(batch.pc);
    let last = origin;
    for (let lane = 0; lane < LANES; lane++) {
      const density = new LodCounter();
      let t = Number(origin);
      for (let done = 0; done < each; done += batch.n) {
        batch.n = Math.min(batch.capacity, each - done);
        for (let i = 0; i < batch.n; i++) {
          const bits = random.next();
          t += INTERVAL + (bits & JITTER) + ((done + i) % 7919 ? 0 : 400_000);
          batch.t[i] = BigInt(t);
          pc[2 * i] = 0x400000 + 4 * ((bits >>> 8) % CODE);
        }
        density.addRows(halves(batch.t), batch.present, Has.TIME, batch.n);
        writer.write(lane, encodeSpeChunk(batch, map));
      }
      last = BigInt(t) > last ? BigInt(t) : last;
      addLane(db, spe, { lane, cpu: lane, tid: -1, mode: 'cpu-bound', samples: each, t0: origin, t1: BigInt(t) });
      addSessions(db, spe, lane, [origin, BigInt(t)]);
      storeLevels(db, spe, 'samples', lane, density.levels());
    }
    const facts = { cpuList: [0, 1, 2, 3] };
    const common = { sha256: '', clock: 'monotonic', vm: undefined, warnings: [] };
    finishCapture(db, spe, { ...common, records: each * LANES, t0: origin, t1: last, facts });
    const [kvm] = importFile(db, fileURLToPath(new URL('../fixtures/pair/two-vcpu.trace.dat', import.meta.url)), {});
    writeRun(db, { samples, speId: spe, kvm, span: Number(last - origin) });
  });
}

function writeRun(db, { samples, speId, kvm, span }) {
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
  const facts = { ...someFacts, origin: String(origin), span, alignment, vm };
  const run = addRun(db, { speId, kvmId: kvm.id, umbra: '0', command: 'generated', params: defaultParams(), facts });
  for (const policy of builtinPolicies) {
    const each = windowsOf(policy.id, samples);
    const n = each * LANES;
    const at = (i) => Math.floor(((i % each) * span) / each);
    const columns = {
      n,
      lane: Int32Array.from({ length: n }, (_, i) => Math.floor(i / each)),
      start: Float64Array.from({ length: n }, (_, i) => at(i)),
      end: Float64Array.from({ length: n }, (_, i) => at(i) + 1000 + (i % 50 ? 0 : 200_000)),
      kind: Uint8Array.from({ length: n }, (_, i) => i % 6),
      cause: new Uint8Array(n).fill(1),
      page: new Float64Array(n).fill(-1),
      action: new Uint8Array(n),
      lost: new Uint32Array(n).fill(1),
    };
    addWindows(db, run, policy.id, 'record', origin, columns);
    const shared = { kept: samples - n, lost: n, coverage: 1 - n / samples, windows: n };
    const counts = { ...shared, blackoutNs: 1, stallNs: 0, pinnedBytesPeak: 0 };
    const none = (names) => Object.fromEntries(names.map((name) => [name, 0]));
    const summary = {
      ...{ policy: policy.id, reference: samples, sessionNs: span * LANES, ...counts, vmDead: false },
      ...{ blackoutShare: 0, slowdown: 0, pinnedByteSeconds: 0, faults: 0, faultsByCause: none(causeClasses) },
      ...{ lostByKind: none(windowKinds), lostByCause: none([...causeClasses, 'none']), stallByKind: none(stallKinds) },
    };
    addResult(db, run, { policy, dlDiscard: 'record', ...counts, summary: { summary } });
  }
}
