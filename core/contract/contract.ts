/**
 * The service contract: what a window may ask of a lab, and what it gets. One envelope for everything, whatever the transport (a
 * MessagePort of Electron's utility process, a loopback web socket). No I/O here: of core the renderer imports this folder, core/model and
 * core/words alone.
 *
 * Times are ns as decimal strings where they may exceed 2^53, durations are numbers. Typed arrays may occur anywhere in a result: a
 * MessagePort clones them, wire.ts carries them over a web socket as bytes.
 */
import { z } from 'zod';
import { CaptureFacts } from '../model/terms/capture-facts.ts';
import type { ResolvedParams } from '../model/terms/params.ts';
import type { RunFacts } from '../model/terms/run-facts.ts';
import { boardMethods } from './board.ts';
import { campaignMethods } from './campaign.ts';
import { jobMethods } from './jobs.ts';
import { RunPolicy } from './run-policy.ts';
import { runMethods } from './runs.ts';
import { timelineMethods } from './timeline.ts';

const Ns = z.string().regex(/^\d{1,20}$/);
const Count = z.number().int().nonnegative();

export const LabInfo = z.strictObject({
  /** Path of the lab file, as given. */
  path: z.string(),
  /** File name alone, for titles. */
  name: z.string(),
  umbra: z.string(),
  /** Version of the lab file's format (user_version). */
  format: Count,
  bytes: Count,
  captures: Count,
  runs: Count,
  /** Deleted, but its space not yet freed: can be restored. */
  removed: z.strictObject({ captures: z.array(Count), runs: z.array(Count) }),
});
export type LabInfo = z.infer<typeof LabInfo>;

export const CaptureWarning = z.strictObject({
  severity: z.enum(['info', 'undecoded', 'data-loss']),
  kind: z.string(),
  message: z.string(),
  count: Count,
  offset: Count.optional(),
  bytes: Count.optional(),
  t0: Ns.optional(),
  t1: Ns.optional(),
});
export type CaptureWarning = z.infer<typeof CaptureWarning>;

export const Capture = z.strictObject({
  id: Count,
  kind: z.enum(['spe', 'kvm']),
  name: z.string(),
  file: z.string(),
  format: z.string(),
  bytes: Count,
  sha256: z.string(),
  /** SPE records or trace events. */
  records: Count,
  t0: Ns.optional(),
  t1: Ns.optional(),
  clock: z.string().optional(),
  /** CPUs that the records come from, ascending. Empty if the file doesn't say (a per-thread capture). */
  cpus: z.array(z.number().int()),
  /** kvm: whether a VM description (memslots, vCPU threads) came with it. */
  hasVm: z.boolean(),
  /** What the file, and what was recorded with it, says about the recording. */
  facts: CaptureFacts,
  warnings: z.array(CaptureWarning),
});
export type Capture = z.infer<typeof Capture>;

export { RunPolicy, RunSkew } from './run-policy.ts';

export const Run = z.strictObject({
  id: Count,
  /** The user's name for it, if any. */
  name: z.string().optional(),
  spe: Count,
  kvm: Count,
  umbra: z.string(),
  /** The command line that reproduces it. */
  command: z.string(),
  params: z.custom<ResolvedParams>(),
  /** What the run determined before replaying: alignment, how sure the stage 2 timeline is, calibration. */
  facts: z.custom<RunFacts>(),
  policies: z.array(RunPolicy),
});
export type Run = z.infer<typeof Run>;

/** Every request by name. Strict parameters: an unknown field is a caller's mistake. */
export const methods = {
  lab: { params: z.strictObject({}), result: LabInfo },
  captures: { params: z.strictObject({}), result: z.array(Capture) },
  runs: { params: z.strictObject({}), result: z.array(Run) },
  ...runMethods,
  ...jobMethods,
  ...boardMethods,
  ...campaignMethods,
  ...timelineMethods,
} as const;

export type Method = keyof typeof methods;
export type Params<M extends Method> = z.infer<(typeof methods)[M]['params']>;
export type Result<M extends Method> = z.infer<(typeof methods)[M]['result']>;

/** Progress of a long request; rate and time left follow from two of them. */
export const Progress = z.strictObject({
  /** The current step, as a progress line words it: `reading records`. */
  phase: z.string(),
  done: z.number(),
  /** Missing if unknowable. */
  total: z.number().optional(),
  unit: z.enum(['bytes', 'records', 'policies', 'pairs', 'steps']),
  /** The partial result, for requests that build it piece by piece. */
  soFar: z.unknown().optional(),
});
export type Progress = z.infer<typeof Progress>;

/**
 * `bad-message`: not of this contract. `unknown-method`, `bad-params`: of it, but wrong. `busy`: too many requests at once.
 * `cancelled`: as asked. `failed`: the message is for the user, complete. `internal`: a bug.
 */
export const errorCodes = [
  'bad-message',
  'unknown-method',
  'bad-params',
  'busy',
  'cancelled',
  'failed',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** Ids are the client's, unique among its open requests. */
const Id = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** What a client sends. Parameters are then checked against their method's schema. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('request'), id: Id, method: z.string().max(64), params: z.unknown() }),
  z.strictObject({ type: z.literal('cancel'), id: Id }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** What a host sends: to each request any number of `progress`, then one `reply` or `error`; `changed` at any time. */
export const HostMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('reply'), id: Id, result: z.unknown() }),
  z.strictObject({
    type: z.literal('error'),
    /** Missing if the message was too broken to have one. */
    id: Id.optional(),
    code: z.enum(errorCodes),
    message: z.string(),
  }),
  z.strictObject({ type: z.literal('progress'), id: Id, progress: Progress }),
  /** The lab file was written to, by anyone: what was read before may be stale. */
  z.strictObject({ type: z.literal('changed') }),
]);
export type HostMessage = z.infer<typeof HostMessage>;

/**
 * Over a web socket only: the client's first message, answered by `{type: 'welcome', session}` or by closing with
 * wire.ts' UNAUTHORISED. `token`: the one-time token of the link. `session`: the key that a welcome gave, for later connections.
 */
export const Hello = z.strictObject({
  type: z.literal('hello'),
  token: z.string().max(128).optional(),
  session: z.string().max(128).optional(),
});
export type Hello = z.infer<typeof Hello>;

/** What a request's handler gets besides its parameters. */
export interface Call {
  /** Aborted by a `cancel`, or when the client has gone. */
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

/** A lab as seen by one client's requests. */
export interface LabService {
  readonly handlers: { readonly [M in Method]: (params: Params<M>, call: Call) => Result<M> | Promise<Result<M>> };
  /** Calls back after each change of the lab file; returns the unsubscriber. */
  onChange(listener: () => void): () => void;
  /** An error's message for the user; undefined for a bug. */
  explain(error: unknown): string | undefined;
  close(): void;
}
