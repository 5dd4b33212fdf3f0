/** The reference profile of a run: an SPE capture's lanes on the run's clock (model.md section 2). */
import { halves, Has } from '../../formats/spe/columns.ts';
import type { Lane } from '../../model/outcome.ts';
import type { LanePair } from '../../model/params.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readColumn, readLanes, readSessions } from '../../store/spe-store.ts';
import type { SpeLane } from '../../store/spe-store.ts';
import { RequestError } from '../about.ts';

export interface Reference {
  /** The run's zero: the first sample of any lane, ns in the capture's clock. */
  readonly origin: bigint;
  /** ns from the first to the last sample. */
  readonly span: number;
  /** Ascending by vCPU; all but the buffers. */
  readonly lanes: readonly Omit<Lane, 'pages'>[];
  /** The stored lane of each of `lanes`. */
  readonly stored: readonly SpeLane[];
}

/**
 * Reads the lanes to replay. `pairs` says which CPU is which vCPU; CPUs not in it are left out of the replay.
 * `auto` pairs by number (per-thread captures: lanes count from 0).
 */
export function loadReference(db: Db, capture: CaptureRow, pairs: readonly LanePair[] | 'auto'): Reference {
  const all = readLanes(db, capture.id);
  const numberOf = (l: SpeLane): number | undefined =>
    pairs === 'auto' ? cpuOf(l) : pairs.find((p) => p.cpu === cpuOf(l))?.vcpu;
  for (const { cpu } of pairs === 'auto' ? [] : pairs) {
    if (!all.some((l) => cpuOf(l) === cpu)) {
      throw new RequestError(`--lanes: capture ${capture.id} has no CPU ${cpu}; it has ${all.map(cpuOf).join(', ')}`);
    }
  }
  const used = all
    .filter((l) => numberOf(l) !== undefined && l.samples > 0)
    .sort((a, b) => numberOf(a)! - numberOf(b)!);
  const timed = used.filter((l) => l.t0 !== undefined);
  if (!timed.length) {
    const why = used.length ? 'its samples have no times (no TIME_CONV record)' : 'no lane with samples is left';
    throw new RequestError(`capture ${capture.id} (${capture.name}) can't be replayed: ${why}`);
  }
  const origin = timed.reduce((min, l) => (l.t0! < min ? l.t0! : min), timed[0].t0!);
  const end = timed.reduce((max, l) => (l.t1! > max ? l.t1! : max), timed[0].t1!);
  if (end - origin > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RequestError(
      `capture ${capture.id} (${capture.name}) spans more than 2^53 ns (104 days): its times can't be right`,
    );
  }
  const lanes = timed.map((l) => ({
    lane: numberOf(l)!,
    t: sampleTimes(db, capture.id, l, origin),
    size: readColumn(db, capture.id, l, 'size'),
    sessions: Float64Array.from(readSessions(db, capture.id, l.lane), (t) => Number(t - origin)),
    mode: l.mode,
  }));
  return { origin, span: Number(end - origin), lanes, stored: timed };
}

/** A lane's name in `--lanes`: its CPU, or its number in a per-thread capture. */
function cpuOf(lane: SpeLane): number {
  return lane.cpu < 0 ? lane.lane : lane.cpu;
}

/** ns after `origin`, ascending: an untimed record, or one earlier than its predecessor, takes the predecessor's time. */
function sampleTimes(db: Db, capture: number, lane: SpeLane, origin: bigint): Float64Array {
  const present = readColumn(db, capture, lane, 'present');
  const words = halves(readColumn(db, capture, lane, 't'));
  const [lo0, hi0] = halves(BigUint64Array.of(origin));
  const t = new Float64Array(lane.samples);
  let last = Number(lane.t0! - origin);
  for (let i = 0; i < t.length; i++) {
    if (present[i] & Has.TIME) last = Math.max(last, (words[2 * i + 1] - hi0) * 2 ** 32 + (words[2 * i] - lo0));
    t[i] = last;
  }
  return t;
}
