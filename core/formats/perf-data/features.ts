import { type PerfEvent, readAttr } from './attr.ts';
import { Cursor, text } from './cursor.ts';
import { ARGUMENTS, ATTRS, COMMAND_CHARS, PMUS } from './limits.ts';

/** What the feature sections hold (tools/perf/util/header.c), as `perf report --header-only` would print it. */
export interface Features {
  hostname?: string;
  release?: string;
  perfVersion?: string;
  arch?: string;
  cpuDesc?: string;
  cpuid?: string;
  cpusAvailable?: number;
  cpusOnline?: number;
  /** Bytes. */
  totalMemory?: number;
  commandLine?: string[];
  /** PMU type → name. */
  pmus?: Map<number, string>;
  /** Event names in the order of the attrs. */
  eventNames?: string[];
  /** First and last sample, ns. */
  sampleTime?: { first: bigint; last: bigint };
  /** Resolution of the clock of `clockid`, as perf records it. */
  clockidResolution?: bigint;
  /** Wall clock and perf clock at one moment, ns. */
  clockData?: { clockid: number; wall: bigint; clock: bigint };
  compression?: { version: number; type: number; level: number; ratio: number; mmapBytes: number };
}

/** Feature bits with their names in `perf report --header-only`. */
const featureNames: readonly string[] = [
  '',
  'TRACING_DATA',
  'BUILD_ID',
  'HOSTNAME',
  'OSRELEASE',
  'VERSION',
  'ARCH',
  'NRCPUS',
  'CPUDESC',
  'CPUID',
  'TOTAL_MEM',
  'CMDLINE',
  'EVENT_DESC',
  'CPU_TOPOLOGY',
  'NUMA_TOPOLOGY',
  'BRANCH_STACK',
  'PMU_MAPPINGS',
  'GROUP_DESC',
  'AUXTRACE',
  'STAT',
  'CACHE',
  'SAMPLE_TIME',
  'MEM_TOPOLOGY',
  'CLOCKID',
  'DIR_FORMAT',
  'BPF_PROG_INFO',
  'BPF_BTF',
  'COMPRESSED',
  'CPU_PMU_CAPS',
  'CLOCK_DATA',
  'HYBRID_TOPOLOGY',
  'PMU_CAPS',
  'CPU_DOMAIN_INFO',
  'E_MACHINE',
  'CLN_SIZE',
];

export function featureName(bit: number): string {
  return featureNames[bit] ?? `feature ${bit}`;
}

export const Feature = { TRACING_DATA: 1, BUILD_ID: 2, DIR_FORMAT: 24 } as const;

/** Decodes one section into `features`. False if the section ends too early. Sections of no use here are ignored. */
export function decodeFeature(features: Features, bit: number, bytes: Uint8Array): boolean {
  const c = new Cursor(bytes);
  switch (featureName(bit)) {
    case 'HOSTNAME':
      features.hostname = c.string();
      break;
    case 'OSRELEASE':
      features.release = c.string();
      break;
    case 'VERSION':
      features.perfVersion = c.string();
      break;
    case 'ARCH':
      features.arch = c.string();
      break;
    case 'NRCPUS':
      features.cpusAvailable = c.u32();
      features.cpusOnline = c.u32();
      break;
    case 'CPUDESC':
      features.cpuDesc = c.string();
      break;
    case 'CPUID':
      features.cpuid = c.string();
      break;
    case 'TOTAL_MEM':
      features.totalMemory = Number(c.u64()) * 1024;
      break;
    case 'CMDLINE':
      features.commandLine = strings(c, c.u32());
      break;
    case 'EVENT_DESC':
      features.eventNames = eventNames(c);
      break;
    case 'PMU_MAPPINGS':
      features.pmus = pmus(c);
      break;
    case 'SAMPLE_TIME':
      features.sampleTime = { first: c.u64(), last: c.u64() };
      break;
    case 'CLOCKID':
      features.clockidResolution = c.u64();
      break;
    case 'CLOCK_DATA': {
      c.u32(); // version
      features.clockData = { clockid: c.u32(), wall: c.u64(), clock: c.u64() };
      break;
    }
    case 'COMPRESSED':
      features.compression = {
        version: c.u32(),
        type: c.u32(),
        level: c.u32(),
        ratio: c.u32(),
        mmapBytes: c.u32(),
      };
      break;
  }
  return !c.short;
}

function strings(c: Cursor, count: number): string[] {
  const list: string[] = [];
  let chars = 0;
  for (let i = 0; i < count && !c.short; i++) {
    if (i === ARGUMENTS || chars > COMMAND_CHARS) return [...list, '…'];
    chars += list[list.push(c.string()) - 1].length;
  }
  return list;
}

function pmus(c: Cursor): Map<number, string> {
  const byType = new Map<number, string>();
  const count = c.u32();
  for (let i = 0; i < Math.min(count, PMUS) && !c.short; i++) {
    const type = c.u32();
    const name = c.string();
    if (!c.short) byType.set(type, name);
  }
  return byType;
}

/** u32 count, u32 attr size; then per event: attr, u32 ids, name, ids. */
function eventNames(c: Cursor): string[] {
  const list: string[] = [];
  const count = c.u32();
  const attrSize = c.u32();
  for (let i = 0; i < Math.min(count, ATTRS) && !c.short; i++) {
    c.skip(attrSize);
    const ids = c.u32();
    list.push(c.string());
    c.skip(ids * 8);
  }
  return list;
}

/** An event described by a record, as pipe mode does (HEADER_ATTR): the attr, then ids to the record's end. */
export function eventOfRecord(view: DataView, at: number, size: number): PerfEvent {
  const attr = readAttr(view, at + 8, size - 8);
  const ids: bigint[] = [];
  for (let o = at + 8 + attr.size; o + 8 <= at + size; o += 8) ids.push(view.getBigUint64(o, true));
  return { attr, ids, name: '' };
}

/** EVENT_UPDATE of type NAME (2): the event with this id has that name. Other updates (unit, scale, CPUs): undefined. */
export function nameUpdate(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  size: number,
): { id: bigint; name: string } | undefined {
  if (size < 32 || view.getUint32(at + 8, true) !== 2) return undefined;
  return { id: view.getBigUint64(at + 16, true), name: text(bytes, at + 24, at + size) };
}
