import type { Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import type { PerfEvent } from './attr.ts';
import type { AuxQueue, AuxRecords, LostRecords, Switches, TaskRecords } from './columns.ts';
import { type PerfFacts, midrs, perfFacts } from './facts.ts';
import { Feature, type Features } from './features.ts';
import { warnOfLosses } from './losses.ts';
import type { MapEntry } from './maps.ts';
import { readBuildIds } from './maps.ts';
import { readAttrs, readFeature, readLayout } from './sections.ts';
import { type Exec, type Fork, type ItraceStart, SideBand } from './side-band.ts';
import type { TimeConv } from './time-conv.ts';
import { RecordType } from './types.ts';
import type { RecordCursor } from './record.ts';
import { walkRecords } from './walk.ts';

export { isPerfData } from './sections.ts';

/**
 * A perf.data file after pass 1: everything but samples and AUX data. AUX data is decoded queue by queue by
 * `core/formats/spe`; samples (PERF_RECORD_SAMPLE) are reached by `walk`.
 */
export interface PerfData {
  readonly source: ByteSource;
  readonly facts: PerfFacts;
  readonly events: readonly PerfEvent[];
  /** AUX streams in the order of their idx. Decoding one needs no other. */
  readonly queues: readonly AuxQueue[];
  readonly timeConv: TimeConv | undefined;
  readonly auxRecords: AuxRecords;
  readonly switches: Switches;
  readonly lost: LostRecords;
  readonly tasks: TaskRecords;
  /** Threads that ID_INDEX names for its events; -1 for those bound to CPUs. */
  readonly idTids: ReadonlySet<number>;
  readonly starts: readonly ItraceStart[];
  /** tid → last name. */
  readonly comms: ReadonlyMap<number, string>;
  /** tid → last pid. */
  readonly pids: ReadonlyMap<number, number>;
  readonly maps: readonly MapEntry[];
  readonly forks: readonly Fork[];
  readonly execs: readonly Exec[];
  /** MIDR_EL1 by CPU; one entry with CPU -1 if the file gives only one for all. */
  readonly midrs: ReadonlyMap<number, bigint>;
  /** The event formats of tracepoints (what trace-cmd calls the header of trace.dat), where they lie in the file. */
  readonly tracingData: { readonly offset: number; readonly size: number } | undefined;
  /** Files it is made of: more than one in directory mode. */
  readonly parts: number;
  /** `type` of the AUXTRACE_INFO record, 0 without one. */
  readonly auxType: number;
  /** SAMPLE records in the file. */
  readonly samples: number;
  /** Visits all records in file order, those in COMPRESSED records included; one object serves all calls. */
  walk(visit: (record: RecordCursor) => void, warnings: Warnings): void;
}

/**
 * Pass 1 over a perf.data file, in memory bounded by its side band. Damage within the records gives warnings, and what could be read.
 * Throws `InputError` if it isn't a perf.data, or is from a machine or perf that Umbra can't read.
 */
export function openPerfData(source: ByteSource, warnings: Warnings): PerfData {
  const layout = readLayout(source, warnings);
  const events = layout.pipe ? [] : readAttrs(source, layout);
  const features: Features = {};
  const band = new SideBand(events, features, source.size, warnings);
  if (layout.features.has(Feature.DIR_FORMAT) && !layout.more.length) {
    const message =
      'one file of a directory that `perf record --threads` made: name the directory to read the others too';
    warnings.add('data-loss', 'perf-directory', message);
  }
  for (const [bit, section] of layout.features) band.feature(bit, readFeature(source, section), section.offset);
  walkRecords(source, layout, warnings, (record) => band.visit(record));
  const buildIds = layout.features.get(Feature.BUILD_ID);
  if (buildIds) for (const [file, id] of readBuildIds(readFeature(source, buildIds))) band.buildIds.set(file, id);
  for (const map of band.maps) map.buildId ??= band.buildIds.get(map.filename);
  warnOfLosses(band, warnings);
  for (const [i, event] of band.events.entries()) event.name ||= features.eventNames?.[i] ?? '';
  return {
    source,
    facts: perfFacts(layout, band),
    events: band.events,
    queues: [...band.queues.values()].sort((a, b) => a.idx - b.idx),
    timeConv: band.timeConv,
    auxRecords: band.aux,
    switches: band.switches,
    lost: band.lost,
    tasks: band.tasks,
    idTids: band.idTids,
    starts: band.starts,
    comms: band.comms,
    pids: band.pids,
    maps: band.maps,
    forks: band.forks,
    execs: band.execs,
    midrs: midrs(band.spe, features),
    tracingData: layout.features.get(Feature.TRACING_DATA) ?? band.tracingData,
    parts: 1 + layout.more.length,
    auxType: band.auxType,
    samples: band.counts.get(RecordType.SAMPLE) ?? 0,
    walk: (visit, seen) => walkRecords(source, layout, seen, visit),
  };
}

/** True if there is SPE data to decode. */
export function hasSpe(perf: PerfData): boolean {
  return perf.facts.spe !== undefined && perf.queues.length > 0;
}

/** MIDR of the CPU that a queue belongs to; the only one there is if all CPUs share it. */
export function midrOf(perf: PerfData, cpu: number): bigint | undefined {
  const own = perf.midrs.get(cpu) ?? perf.midrs.get(-1);
  if (own !== undefined || cpu !== -1) return own;
  const all = new Set(perf.midrs.values());
  return all.size === 1 ? [...all][0] : undefined;
}
