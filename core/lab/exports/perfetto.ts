/**
 * A run as a Perfetto trace: per vCPU its samples as a counter, the stage 2 events on its buffer, and a track per policy with
 * blackout windows as slices and the faults that began them as instants. Field numbers are those of the published schema,
 * protos/perfetto/trace/perfetto_trace.proto. Times are ns in the clock of the SPE capture.
 */
import { density } from '../../analysis/tracks.ts';
import { ProtoMessage } from '../../formats/protobuf.ts';
import { unsigned } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun, readResults, readWindows, variantOf } from '../../store/run-store.ts';
import type { DlDiscard, WindowRow } from '../../store/run-store.ts';
import type { OnRows } from './writers.ts';
import type { OutputFile } from '../output-file.ts';
import { loadRunInputs } from '../runs/run-inputs.ts';

const PACKET = 1;
const TracePacket = { timestamp: 8, sequence: 10, event: 11, track: 60 } as const;
const Track = { uuid: 1, name: 2, parent: 5, counter: 8, order: 11, rank: 12 } as const;
const Counter = { unitName: 6 } as const;
const Event = { annotation: 4, type: 9, track: 11, category: 22, name: 23, double: 44 } as const;
const Annotation = { uint: 3, text: 6, name: 10 } as const;
const EventType = { BEGIN: 1, END: 2, INSTANT: 3, COUNTER: 4 } as const;
/** TrackDescriptor.ChildTracksOrdering. */
const EXPLICIT = 3;
/** Any number will do: there is only one writer. */
const SEQUENCE = 1;

/** Points of the sample rate's curve. */
const BINS = 1000;

/** Windows. */
const TELL_EVERY = 4096;

type Arg = readonly [name: string, value: string | number | bigint | null];

export function writePerfetto(
  db: Db,
  runId: number,
  chosen: DlDiscard | undefined,
  file: OutputFile,
  onRows?: OnRows,
): void {
  const run = getRun(db, runId);
  const facts = run.facts;
  const settings = run.params;
  const inputs = loadRunInputs(db, run.speId, run.kvmId, settings, facts.scenario);
  const dlDiscard = chosen ?? variantOf(settings.params.dlDiscard);
  const origin = BigInt(facts.origin);
  const trace = new TraceWriter(file);
  const { scale } = facts.alignment;
  const title = `umbra run ${runId}: ${inputs.spe.name} × ${inputs.kvm.name}${scale === 1 ? '' : ` (KVM times × ${scale.toPrecision(3)})`}`;
  const root = trace.track(title);
  const policyTracks = new Map<string, number>();
  const policies = [...new Set(readResults(db, runId).map((r) => r.policy.id))];
  for (const { lane, t } of inputs.lanes) {
    const vcpu = trace.track(`vCPU ${lane}`, root);
    writeRate(trace, trace.counter('samples', 'samples/s', vcpu), origin, t, inputs.reference.span);
    writeStage2(trace, trace.track('stage 2 events on the buffer', vcpu), db, runId, lane);
    for (const id of policies) policyTracks.set(`${lane} ${id}`, trace.track(id, vcpu));
  }
  let done = 0;
  for (const id of policies) {
    for (const window of readWindows(db, runId, id, dlDiscard)) {
      if (done++ % TELL_EVERY === 0) onRows?.(done, undefined);
      const track = policyTracks.get(`${window.lane} ${id}`);
      if (track !== undefined) writeWindow(trace, track, window);
    }
  }
}

function writeRate(trace: TraceWriter, track: number, origin: bigint, t: Float64Array, span: number): void {
  if (span <= 0) return;
  const width = span / BINS;
  density(t, 0, span, BINS).forEach((n, bin) => {
    trace.event(origin + BigInt(Math.round(bin * width)), EventType.COUNTER, track, { value: (n * 1e9) / width });
  });
}

function writeStage2(trace: TraceWriter, track: number, db: Db, run: number, lane: number): void {
  const query = db
    .prepare(
      'SELECT t_ns, kind, cause, notify, contents FROM buffer_change WHERE run_id = ? AND lane = ? ORDER BY t_ns',
    )
    .raw();
  type Row = [bigint, string, string | null, string | null, string | null];
  for (const [t, kind, cause, notify, contents] of query.iterate(run, lane) as Iterable<Row>) {
    const args: Arg[] = [
      ['cause', cause],
      ...(notify === null
        ? []
        : ([
            ['notify', notify],
            ['contents', contents],
          ] as Arg[])),
    ];
    trace.event(unsigned(t)!, EventType.INSTANT, track, { name: cause ? `${kind}: ${cause}` : kind, args });
  }
}

function writeWindow(trace: TraceWriter, track: number, w: WindowRow): void {
  const args: Arg[] = [
    ['cause', w.cause],
    ['ipa', w.ipa],
    ['action', w.action],
    ['lost_samples', w.lost],
    ['duration_ns', w.end - w.start],
  ];
  trace.event(w.start, EventType.BEGIN, track, { name: w.kind, args });
  // A discarded window begins at the first sample thrown away, long before its fault.
  if (w.cause !== null && w.kind !== 'discarded')
    trace.event(w.start, EventType.INSTANT, track, { name: `stage 2 fault: ${w.cause}`, args: args.slice(0, 3) });
  trace.event(w.end, EventType.END, track);
}

/** Packets of a trace, in sequence: Trace is just a list of them. */
class TraceWriter {
  readonly #file: OutputFile;
  #tracks = 0;

  constructor(file: OutputFile) {
    this.#file = file;
  }

  /** Children stay in creation order. */
  track(name: string, parent?: number, counter?: ProtoMessage): number {
    const uuid = ++this.#tracks;
    const track = new ProtoMessage().uint(Track.uuid, uuid).text(Track.name, name);
    if (parent !== undefined) track.uint(Track.parent, parent).int(Track.rank, uuid);
    if (counter) track.message(Track.counter, counter);
    else track.uint(Track.order, EXPLICIT);
    this.#packet(new ProtoMessage().message(TracePacket.track, track));
    return uuid;
  }

  counter(name: string, unit: string, parent: number): number {
    return this.track(name, parent, new ProtoMessage().text(Counter.unitName, unit));
  }

  event(
    t: bigint,
    type: number,
    track: number,
    more: { name?: string; args?: readonly Arg[]; value?: number } = {},
  ): void {
    const event = new ProtoMessage().uint(Event.type, type).uint(Event.track, track);
    if (more.name !== undefined) event.text(Event.category, 'umbra').text(Event.name, more.name);
    if (more.value !== undefined) event.double(Event.double, more.value);
    for (const [name, value] of more.args ?? []) {
      if (value === null) continue;
      const annotation = new ProtoMessage().text(Annotation.name, name);
      if (typeof value === 'string') annotation.text(Annotation.text, value);
      else annotation.uint(Annotation.uint, value);
      event.message(Event.annotation, annotation);
    }
    this.#packet(new ProtoMessage().uint(TracePacket.timestamp, t).message(TracePacket.event, event));
  }

  #packet(packet: ProtoMessage): void {
    packet.uint(TracePacket.sequence, SEQUENCE);
    this.#file.bytes(new ProtoMessage().message(PACKET, packet).finish());
  }
}
