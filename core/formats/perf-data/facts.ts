import { AttrFlag, type PerfEvent } from './attr.ts';
import type { SpeInfo } from './auxtrace-info.ts';
import { type Binding, bindingOf } from './binding.ts';
import { coreName } from './cores.ts';
import { featureName, type Features } from './features.ts';
import type { SideBand } from './side-band.ts';
import { eventName } from './event-name.ts';
import { AuxFlag, recordName } from './types.ts';
import type { FileLayout } from './sections.ts';

/** What `umbra inspect FILE` shows: plain values, ready for JSON (64-bit ones as strings). */
export interface PerfFacts {
  readonly format: 'perf.data';
  readonly mode: 'file' | 'pipe' | 'directory';
  /** As perf prints it: 1 for every file with the magic PERFILE2. */
  readonly headerVersion: 1;
  readonly features: readonly string[];
  readonly hostname?: string;
  readonly release?: string;
  readonly perfVersion?: string;
  readonly arch?: string;
  readonly cpuDesc?: string;
  readonly cpusOnline?: number;
  readonly cpusAvailable?: number;
  readonly totalMemory?: number;
  readonly commandLine?: readonly string[];
  readonly events: readonly EventFacts[];
  readonly spe?: SpeFacts;
  readonly clock?: string;
  /** Time of the first and last sample according to the header, ns. */
  readonly sampleTime?: { readonly first: string; readonly last: string };
  readonly timeConv?: {
    readonly shift: string;
    readonly mult: string;
    readonly zero: string;
    readonly cycles?: string;
    readonly mask?: string;
  };
  readonly compression?: { readonly level: number; readonly ratio: number };
  /** Records by the name that `perf report --stats` gives them, TOTAL first. */
  readonly records: Readonly<Record<string, number>>;
  /** AUX records by flag; `none`: without any. */
  readonly auxFlags: Readonly<Record<string, number>>;
  readonly lost: { readonly records: number; readonly samples: number };
}

export interface EventFacts {
  readonly name: string;
  readonly type: number;
  readonly config: string;
  readonly period: string;
  readonly sampleType: string;
  readonly ids: number;
}

export interface SpeFacts {
  /** Version of the AUXTRACE_INFO record. */
  readonly metadata: 1 | 2;
  readonly pmus: readonly { readonly type: number; readonly name?: string }[];
  /** MIDR_EL1 of the cores, each once. */
  readonly cores: readonly { readonly midr: string; readonly name?: string; readonly cpus?: readonly number[] }[];
  readonly config?: SpeConfig;
  /** Layout of the AUX areas: one per CPU or one per thread. */
  readonly mode: 'per-cpu' | 'per-thread';
  /** What the events follow: the default `perf record -- cmd` follows tasks with AUX areas per CPU. */
  readonly binding: Binding;
  /** AUX areas, one per queue. */
  readonly queues: number;
  readonly auxBytes: number;
  /** Size of each AUX area by `perf record -m`, if the command line says. */
  readonly auxBufferBytes?: number;
}

/** The SPE event's attr, decoded (drivers/perf/arm_spe_pmu.c, format attributes). */
export interface SpeConfig {
  readonly ts_enable: boolean;
  readonly pa_enable: boolean;
  readonly pct_enable: boolean;
  readonly jitter: boolean;
  readonly branch_filter: boolean;
  readonly load_filter: boolean;
  readonly store_filter: boolean;
  readonly discard: boolean;
  /** FEAT_SPE_EFT: these operations too must, or must not, be of the kind. */
  readonly simd_filter: boolean;
  readonly float_filter: boolean;
  readonly branch_filter_mask: boolean;
  readonly load_filter_mask: boolean;
  readonly store_filter_mask: boolean;
  readonly simd_filter_mask: boolean;
  readonly float_filter_mask: boolean;
  /** Event bits that a sample must have. */
  readonly event_filter: string;
  /** Event bits that a sample must not have. */
  readonly inv_event_filter: string;
  /** Data sources that a load must not have come from: the inverse of PMSDSFR_EL1 (FEAT_SPE_FDS). */
  readonly inv_data_src_filter: string;
  /** Cycles. */
  readonly min_latency: number;
  /** Operations between samples. */
  readonly period: string;
  readonly exclude_host: boolean;
  readonly exclude_guest: boolean;
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;
const flag = (value: bigint, bit: bigint): boolean => ((value >> bit) & 1n) === 1n;

function speConfig({ attr }: PerfEvent): SpeConfig {
  const { config, flags } = attr;
  return {
    ts_enable: flag(config, 0n),
    pa_enable: flag(config, 1n),
    pct_enable: flag(config, 2n),
    jitter: flag(config, 16n),
    branch_filter: flag(config, 32n),
    load_filter: flag(config, 33n),
    store_filter: flag(config, 34n),
    discard: flag(config, 35n),
    branch_filter_mask: flag(config, 36n),
    load_filter_mask: flag(config, 37n),
    store_filter_mask: flag(config, 38n),
    simd_filter: flag(config, 39n),
    simd_filter_mask: flag(config, 40n),
    float_filter: flag(config, 41n),
    float_filter_mask: flag(config, 42n),
    event_filter: hex(attr.config1),
    inv_event_filter: hex(attr.config3),
    inv_data_src_filter: hex(attr.config4),
    min_latency: Number(attr.config2 & 0xfffn),
    period: String(attr.period),
    exclude_host: flag(flags, AttrFlag.EXCLUDE_HOST),
    exclude_guest: flag(flags, AttrFlag.EXCLUDE_GUEST),
  };
}

/** clockid_t by number (include/uapi/linux/time.h). */
const clocks = [
  'realtime',
  'monotonic',
  'process_cputime',
  'thread_cputime',
  'monotonic_raw',
  'realtime_coarse',
  'monotonic_coarse',
  'boottime',
  'realtime_alarm',
  'boottime_alarm',
  'sgi_cycle',
  'tai',
];

function clockOf(events: readonly PerfEvent[]): string | undefined {
  const attr = events[0]?.attr;
  if (!attr) return undefined;
  if (!flag(attr.flags, AttrFlag.USE_CLOCKID)) return 'perf (sched_clock)';
  return clocks[attr.clockid] ?? `clock ${attr.clockid}`;
}

/** MIDR by CPU: from AUXTRACE_INFO v2, else one for all from the CPUID feature. */
export function midrs(spe: SpeInfo | undefined, features: Features): Map<number, bigint> {
  const byCpu = new Map((spe?.cpus ?? []).map((c) => [c.cpu, c.midr]));
  const cpuid = /^0x[0-9a-f]{1,16}/i.exec(features.cpuid ?? '');
  if (byCpu.size === 0 && cpuid) byCpu.set(-1, BigInt(cpuid[0]));
  return byCpu;
}

/** Sizes for `-m`: bytes with a suffix, else pages, which count here as 4 KiB. */
function mmapBytes(argument: string): number | undefined {
  const match = /^(\d+)([BKMG]?)/i.exec(argument);
  if (!match) return undefined;
  const unit = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[match[2].toLowerCase()] ?? 4096;
  return Number(match[1]) * unit;
}

/** The AUX area's size by `perf record -m PAGES,AUXPAGES`; perf keeps it nowhere else. */
export function auxBufferBytes(commandLine: readonly string[] | undefined): number | undefined {
  for (const [i, word] of (commandLine ?? []).entries()) {
    const option = /^(?:-m|--mmap-pages=?)(.*)$/.exec(word);
    const value = option && (option[1] || commandLine?.[i + 1]);
    const aux = value?.split(',')[1];
    if (aux) return mmapBytes(aux);
  }
  return undefined;
}

export function perfFacts(layout: FileLayout, band: SideBand): PerfFacts {
  const { features, events, timeConv } = band;
  const bits = layout.pipe ? band.featureBits : [...layout.features.keys()];
  let total = 0;
  for (const n of band.counts.values()) total += n;
  const records: Record<string, number> = { TOTAL: total };
  for (const [type, n] of [...band.counts].sort((a, b) => a[0] - b[0])) records[recordName(type)] = n;
  return {
    format: 'perf.data',
    mode: layout.pipe ? 'pipe' : layout.more.length ? 'directory' : 'file',
    headerVersion: 1,
    features: bits.map(featureName),
    hostname: features.hostname,
    release: features.release,
    perfVersion: features.perfVersion,
    arch: features.arch,
    cpuDesc: features.cpuDesc,
    cpusOnline: features.cpusOnline,
    cpusAvailable: features.cpusAvailable,
    totalMemory: features.totalMemory,
    commandLine: features.commandLine,
    events: events.map((event) => eventFacts(event, features.pmus)),
    spe: band.spe && speFacts(band.spe, band),
    clock: clockOf(events),
    sampleTime: features.sampleTime && {
      first: String(features.sampleTime.first),
      last: String(features.sampleTime.last),
    },
    timeConv: timeConv && {
      shift: String(timeConv.shift),
      mult: String(timeConv.mult),
      zero: String(timeConv.zero),
      ...(timeConv.short && { cycles: String(timeConv.short.cycles), mask: hex(timeConv.short.mask) }),
    },
    compression: features.compression && { level: features.compression.level, ratio: features.compression.ratio },
    records,
    auxFlags: auxFlags(band),
    lost: lostCounts(band),
  };
}

function eventFacts(event: PerfEvent, pmus: ReadonlyMap<number, string> | undefined): EventFacts {
  const { attr, ids } = event;
  return {
    name: eventName(event, pmus),
    type: attr.type,
    config: hex(attr.config),
    period: String(attr.period),
    sampleType: `0x${attr.sampleType.toString(16)}`,
    ids: ids.length,
  };
}

function speFacts(spe: SpeInfo, band: SideBand): SpeFacts {
  const { features, events, queues } = band;
  const event = events.find((e) => spe.pmuTypes.includes(e.attr.type));
  const byMidr = new Map<bigint, number[]>();
  for (const [cpu, midr] of midrs(spe, features)) byMidr.set(midr, [...(byMidr.get(midr) ?? []), cpu]);
  let auxBytes = 0;
  let perThread = queues.size > 0;
  for (const { cpu, buffers } of queues.values()) {
    perThread &&= cpu === -1;
    for (let i = 0; i < buffers.n; i++) auxBytes += buffers.size[i];
  }
  return {
    metadata: spe.version,
    pmus: spe.pmuTypes.map((type) => ({ type, name: features.pmus?.get(type) })),
    cores: [...byMidr].map(([midr, cpus]) => ({
      midr: hex(midr),
      name: coreName(midr),
      ...(cpus[0] >= 0 && { cpus }),
    })),
    config: event && speConfig(event),
    mode: perThread ? 'per-thread' : 'per-cpu',
    binding: bindingOf(band),
    queues: queues.size,
    auxBytes,
    auxBufferBytes: auxBufferBytes(features.commandLine),
  };
}

function auxFlags({ aux }: SideBand): Record<string, number> {
  const counts: Record<string, number> = { none: 0, TRUNCATED: 0, OVERWRITE: 0, PARTIAL: 0, COLLISION: 0 };
  for (let i = 0; i < aux.n; i++) {
    const flags = aux.flags[i];
    if (!flags) counts.none++;
    for (const [name, bit] of Object.entries(AuxFlag)) if (flags & bit) counts[name]++;
  }
  return counts;
}

function lostCounts({ lost }: SideBand): { records: number; samples: number } {
  const counts = { records: 0, samples: 0 };
  for (let i = 0; i < lost.n; i++) counts[lost.samples[i] ? 'samples' : 'records'] += lost.count[i];
  return counts;
}
