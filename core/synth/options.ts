import { adviceOf, advices, backings } from './advice.ts';
import type { Advice, Backing } from './advice.ts';

/** The contents of a capture pair. Rates are per second of the whole VM. */
export interface PhaseShare {
  readonly name: string;
  /** Weight of its length. */
  readonly share: number;
}

/** Stage 2 changes by the host. */
export interface HostRates {
  /** The VMM's madvise, or munmap, every fourth time: class `userspace`. */
  readonly unmaps: number;
  /** Reclaim by kswapd: class `host-mm`. */
  readonly reclaims: number;
  /** Pages that ksmd merges: read-only until the next write. */
  readonly merges: number;
  /** Page aging by kswapd. */
  readonly aging: number;
  /** The buffers' memslot deleted and added again. */
  readonly memslots: number;
  /** The buffers' memslot moved away and back. */
  readonly moves: number;
  /** KVM_GET_DIRTY_LOG; logging is switched on with the first. */
  readonly dirtyLogs: number;
}

export interface SynthOptions extends HostRates {
  /** 0 … 2^53 - 1. */
  readonly seed: number;
  /** SPE records, all lanes together. */
  readonly samples: number;
  /** CPUs, and vCPUs. Per-thread: threads. */
  readonly cpus: number;
  readonly mode: 'per-cpu' | 'per-thread';
  /** Phases of the workload in their order; they take turns, `rounds` times. */
  readonly phases: readonly PhaseShare[];
  readonly rounds: number;
  /** Mean time from one record of a lane to its next, ns. */
  readonly intervalNs: number;
  /** Bytes of the SPE buffer of each vCPU in the VM, whole pages. */
  readonly bufferBytes: number;
  /** Pages of other guest RAM. */
  readonly ramPages: number;
  /** Share of the host's changes that hit SPE buffers, 0 … 1. */
  readonly bufferShare: number;
  /** Maximum pages per unmap. */
  readonly unmapPages: number;
  /** What guest memory is to the VMM. */
  readonly backing: Backing;
  /** What its madvise says, drawn at random. */
  readonly advice: readonly Advice[];
  /** Share of its munmaps left unmapped until the guest touches a page there, 0 … 1. */
  readonly holes: number;
  /** Rates of `unmaps` and `reclaims` are this many times as high in that phase. */
  readonly burst: { readonly phase: string; readonly factor: number } | undefined;
  /** 2 MiB blocks where the addresses agree. */
  readonly thp: boolean;
  /** Events in the trace, about: filled up with exits unrelated to stage 2. */
  readonly kvmEvents: number;
  /** Pages of the ring buffer that the tracer lost. */
  readonly lostPages: number;
  readonly auxtraceInfo: 1 | 2;
  /** Per-thread: sample times and SWITCH records in perf.data, as `perf record -T --switch-events` gives. */
  readonly switchEvents: boolean;
  readonly traceVersion: 6 | 7;
  /** The bytes then depend on Node's zstd; the content does not. */
  readonly zstd: boolean;
  /** The truth has a row per record up to this many. */
  readonly truthRecords: number;
}

export const defaultSynthOptions: SynthOptions = {
  seed: 1,
  samples: 24_000,
  cpus: 2,
  mode: 'per-cpu',
  phases: [
    { name: 'load', share: 1 },
    { name: 'scan', share: 2 },
    { name: 'probe', share: 4 },
    { name: 'compact', share: 1 },
  ],
  rounds: 4,
  intervalNs: 20_000,
  bufferBytes: 128 * 4096,
  ramPages: 1024,
  bufferShare: 0.5,
  unmapPages: 8,
  backing: 'anonymous',
  advice: ['dontneed'],
  holes: 0,
  burst: undefined,
  unmaps: 100,
  reclaims: 0,
  merges: 0,
  aging: 0,
  memslots: 0,
  moves: 0,
  dirtyLogs: 0,
  thp: false,
  kvmEvents: 5_000,
  lostPages: 0,
  auxtraceInfo: 1,
  switchEvents: false,
  traceVersion: 7,
  zstd: false,
  truthRecords: 200_000,
};

/**
 * What can't happen to a kind of memory. KSM merges anonymous memory only; huge pages of hugetlbfs and a guest_memfd's pages are on no
 * LRU list. A guest_memfd's slot is only ever deleted, and has no dirty log (check_memory_region_flags, kvm_set_memory_region); the
 * guest has its pages whatever the VMM maps; and they are pages of 4 KiB (gmem_abort).
 */
const notOf: Readonly<Record<Backing, readonly (keyof HostRates | 'holes' | 'thp')[]>> = {
  anonymous: [],
  shared: ['merges'],
  hugetlb: ['merges', 'reclaims', 'aging'],
  guest_memfd: ['merges', 'reclaims', 'aging', 'moves', 'dirtyLogs', 'holes', 'thp'],
};

/** The options can't be carried out as asked; the message names the option. */
export class SynthError extends Error {
  override readonly name = 'SynthError';
}

/** 13 GB, and minutes. */
const MOST_SAMPLES = 2e8;

/** Fills in the defaults and checks what types don't. @throws SynthError */
export function synthOptions(given: Partial<SynthOptions> = {}): SynthOptions {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = { ...defaultSynthOptions, ...Object.fromEntries(set) };
  const whole = (name: keyof SynthOptions, least: number, most: number): void => {
    const value = options[name];
    if (!Number.isSafeInteger(value) || Number(value) < least || Number(value) > most)
      throw new SynthError(`${name} must be a whole number from ${least} to ${most}, not ${String(value)}`);
  };
  whole('seed', 0, Number.MAX_SAFE_INTEGER);
  whole('cpus', 1, 256);
  whole('samples', options.cpus, MOST_SAMPLES);
  whole('rounds', 1, 1e6);
  whole('intervalNs', 160, 1e9);
  whole('bufferBytes', 4096, 2 ** 30);
  whole('ramPages', 1, 2 ** 24);
  whole('unmapPages', 1, 2 ** 20);
  whole('kvmEvents', 0, 1e8);
  whole('lostPages', 0, 1e6);
  if (options.bufferBytes % 4096) throw new SynthError('bufferBytes must be a multiple of 4096');
  if (!(options.bufferShare >= 0 && options.bufferShare <= 1)) throw new SynthError('bufferShare must lie in 0 … 1');
  for (const name of ['unmaps', 'reclaims', 'merges', 'aging', 'memslots', 'moves', 'dirtyLogs'] as const) {
    const rate = options[name];
    if (!(rate >= 0 && rate <= 1e6)) throw new SynthError(`${name} must be a rate a second, 0 … 1000000`);
  }
  if (!(options.holes >= 0 && options.holes <= 1)) throw new SynthError('holes must lie in 0 … 1');
  const { phases, burst, backing, advice } = options;
  if (!backings.includes(backing)) throw new SynthError(`backing must be ${backings.join(' or ')}, not ${backing}`);
  if (!advice.length) throw new SynthError(`advice: name at least one of ${advices.join(', ')}`);
  for (const one of advice) {
    if (!advices.includes(one)) throw new SynthError(`advice must be of ${advices.join(', ')}, not ${one}`);
    if (adviceOf[one].refusedFor.includes(backing))
      throw new SynthError(`advice: the kernel refuses ${one} for ${backing} memory (EINVAL)`);
  }
  for (const name of notOf[backing]) {
    if (options[name] === false || options[name] === 0) continue;
    const what =
      name === 'merges' ? `ksmd merges no ${backing} memory` : `there is no such thing with ${backing} memory`;
    throw new SynthError(`${name}: ${what}`);
  }
  if (!phases.length) throw new SynthError('phases: name at least one');
  for (const { name, share } of phases) {
    if (!(share > 0 && share <= 1e6)) throw new SynthError(`phases: ${name} needs a share above 0`);
  }
  if (burst && !phases.some((p) => p.name === burst.phase))
    throw new SynthError(`burst: there is no phase ${burst.phase}`);
  if (burst && !(burst.factor >= 0 && burst.factor <= 1e6))
    throw new SynthError('burst: the factor must lie in 0 … 1000000');
  return options;
}
