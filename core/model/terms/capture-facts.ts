/**
 * What a capture's file, and files recorded with it, say about the recording. How much they say varies widely, so every field may be
 * missing. Stored as plain JSON (64-bit values as decimal or hex text) and checked when read: a lab file may have been changed by others.
 */
import { z } from 'zod';

const Whole = z.string().regex(/^-?\d{1,19}$/);
const Ns = z.number().nonnegative();
const Text = z.string().max(4096);
const Counts = z.record(z.string(), z.number()).readonly();

/** The clock of a guest's SPE data relative to that of its host's trace: see `ClockPair`. */
const Clocks = z.object({
  at: Whole,
  offsetNs: Whole,
  driftPpb: z.number(),
  uncertaintyNs: Ns,
  driftUncertaintyPpb: Ns,
  spanNs: Ns,
  readings: z.tuple([z.number().int(), z.number().int()]),
  strainNs: Ns,
});

/** `umbra.json` in a tar made by `umbra capture`: where and with what it was recorded, and how two machines' clocks relate. */
export const BoardFacts = z.object({
  format: z.literal(1),
  umbra: Text,
  /** SHA-256 of the recording script. */
  script: Text,
  host: Text,
  guest: Text.optional(),
  /** UTC, ISO 8601, on the requesting machine. */
  started: Text,
  /** Time limit, s. */
  seconds: z.number(),
  command: z.array(Text).max(1000).optional(),
  pageTables: z.boolean(),
  /** The user ended it early. */
  stopped: z.boolean().optional(),
  /** KVM's events that didn't fit in the ring buffers; unknown where perf recorded them. */
  lost: z.number().optional(),
  clocks: Clocks.optional(),
});
export type BoardFacts = z.infer<typeof BoardFacts>;

/** `X.host.json` beside `X.trace.dat`: what the board kit found out about the recording host. */
export const HostFileFacts = z.object({
  /** uname -r. */
  kernel: z.string().max(256).optional(),
  /** Bytes. */
  pageSize: z.literal([4096, 16384, 65536]).optional(),
  /** KVM_PGTABLE_PROT_W, by BTF. */
  protW: z.int().min(1).max(128).optional(),
  /** The probes available in this kernel. */
  probes: z.array(z.string().max(64)).max(100).optional(),
});
export type HostFileFacts = z.infer<typeof HostFileFacts>;

const Flag = z.boolean();

/** The SPE event's attr, decoded (drivers/perf/arm_spe_pmu.c, format attributes); older labs hold fewer of its fields. */
const SpeConfig = z
  .object({
    ...{ ts_enable: Flag, pa_enable: Flag, pct_enable: Flag, jitter: Flag, discard: Flag },
    ...{ branch_filter: Flag, load_filter: Flag, store_filter: Flag, simd_filter: Flag, float_filter: Flag },
    ...{ branch_filter_mask: Flag, load_filter_mask: Flag, store_filter_mask: Flag },
    ...{ simd_filter_mask: Flag, float_filter_mask: Flag, exclude_host: Flag, exclude_guest: Flag },
    ...{ event_filter: z.string(), inv_event_filter: z.string(), inv_data_src_filter: z.string() },
    ...{ min_latency: z.number(), period: z.string() },
  })
  .partial();

const Binding = z.object({
  bound: z.enum(['task-bound', 'cpu-bound']),
  evidence: z.array(z.string()).readonly(),
  against: z.array(z.string()).readonly().optional(),
});

const Spe = z.object({
  /** Of the AUXTRACE_INFO record. */
  metadata: z.number().optional(),
  pmus: z
    .array(z.object({ type: z.number(), name: z.string().optional() }))
    .readonly()
    .optional(),
  cores: z
    .array(z.object({ midr: z.string(), name: z.string().optional(), cpus: z.array(z.number()).readonly().optional() }))
    .readonly()
    .optional(),
  config: SpeConfig.optional(),
  mode: z.enum(['per-cpu', 'per-thread']).optional(),
  binding: Binding.optional(),
  queues: z.number().optional(),
  auxBytes: z.number().optional(),
  /** Of each AUX area. */
  auxBufferBytes: z.number().optional(),
});

const PerfEvent = z.object({
  ...{ name: z.string(), type: z.number(), config: z.string(), period: z.string() },
  ...{ sampleType: z.string(), ids: z.number() },
});

export const CaptureFacts = z.object({
  /** As the reader calls it; the lab's own word is `Capture.format`. */
  format: z.string().optional(),
  /** CPUs with records, ascending. */
  cpuList: z.array(z.number()).readonly().optional(),
  /** Sentences that a reader must know: a synthesised capture, emulated timings. */
  notes: z.array(z.string()).readonly().optional(),
  /** What the file was packed with, outermost first. */
  packedIn: z.array(z.string()).readonly().optional(),
  /** File of the VM description imported with it. */
  vmFile: z.string().optional(),
  host: HostFileFacts.optional(),
  board: BoardFacts.optional(),
  /** By name, of a trace; as recorded, of a perf.data. */
  events: z.union([Counts, z.array(PerfEvent).readonly()]).optional(),

  // perf.data
  mode: z.enum(['file', 'pipe', 'directory']).optional(),
  headerVersion: z.number().optional(),
  features: z.array(z.string()).readonly().optional(),
  hostname: z.string().optional(),
  release: z.string().optional(),
  perfVersion: z.string().optional(),
  arch: z.string().optional(),
  cpuDesc: z.string().optional(),
  cpusOnline: z.number().optional(),
  cpusAvailable: z.number().optional(),
  totalMemory: z.number().optional(),
  commandLine: z.array(z.string()).readonly().optional(),
  spe: Spe.optional(),
  clock: z.string().optional(),
  /** Of the first and last sample by the header, ns. */
  sampleTime: z.object({ first: z.string(), last: z.string() }).optional(),
  timeConv: z
    .object({
      ...{ shift: z.string(), mult: z.string(), zero: z.string() },
      ...{ cycles: z.string().optional(), mask: z.string().optional() },
    })
    .optional(),
  /** Of perf.data's records; of a trace.dat's sections. */
  compression: z.union([z.string(), z.object({ level: z.number(), ratio: z.number() })]).optional(),
  /** Records by the name that `perf report --stats` gives them, TOTAL first. */
  records: Counts.optional(),
  /** AUX records by flag; `none`: no flags. */
  auxFlags: Counts.optional(),
  lost: z.object({ records: z.number(), samples: z.number().optional() }).optional(),

  // Text
  textEvents: z.array(z.string()).readonly().optional(),
  /** What comparisons with another capture may need. */
  told: z.object({ latency: z.boolean(), thread: z.boolean(), binary: z.boolean() }).optional(),

  // Traces
  version: z.number().optional(),
  nanoseconds: z.boolean().optional(),
  cpus: z.number().optional(),
  /** Bytes of a ring buffer page. */
  pageSize: z.number().optional(),
  /** The recording kernel: `Linux host 6.1.0 aarch64`. */
  uname: z.string().optional(),
  recorder: z.string().optional(),
  traceId: z.string().optional(),
  guests: z
    .array(
      z.object({
        ...{ name: z.string(), traceId: z.string() },
        vcpus: z.array(z.object({ vcpu: z.number(), tid: z.number() })).readonly(),
      }),
    )
    .readonly()
    .optional(),
  buffers: z
    .array(
      z.object({
        ...{ name: z.string(), clock: z.string() },
        cpus: z.array(z.object({ cpu: z.number(), bytes: z.number() })).readonly(),
      }),
    )
    .readonly()
    .optional(),
  options: z
    .array(z.object({ name: z.string(), bytes: z.number() }))
    .readonly()
    .optional(),
  cpuStats: z.array(z.string()).readonly().optional(),
  eventFormats: z.number().optional(),
});
export type CaptureFacts = z.infer<typeof CaptureFacts>;

/** Events of a trace by name, most frequent first; none of a perf.data, whose records are counted by kind. */
export function eventCounts({ events = {} }: CaptureFacts): [name: string, count: number][] {
  return 'length' in events ? [] : Object.entries(events).sort((a, b) => b[1] - a[1]);
}
