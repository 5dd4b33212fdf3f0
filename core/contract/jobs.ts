/**
 * The part of the contract that changes the lab (imports, replays, VM descriptions), or computes for long (sweeps). These are long
 * requests: they report progress, a `cancel` ends them within 100 ms, and a job that is cancelled, fails or crashes leaves the lab as it
 * was. One runs at a time; the others wait their turn.
 */
import { z } from 'zod';
import type { FlagEdit } from './timeline.ts';
import { MAX_UPLOAD } from './limits.ts';
import type { RunPolicy } from './run-policy.ts';
import { SweepJob } from './sweep.ts';
import type { SweepAnswer } from './sweep.ts';

const Id = z.number().int().nonnegative();
const Path = z.string().min(1).max(4096);

/** A file of this machine, or an uploaded one; `name` is what the lab calls the latter. */
const FileRef = z.union([z.strictObject({ path: Path }), z.strictObject({ upload: Id, name: Path })]);
export type FileRef = z.infer<typeof FileRef>;

export const ImportJob = z.strictObject({
  files: z.array(FileRef).min(1).max(64),
  /** VM description of the KVM traces among the files. */
  vm: FileRef.optional(),
  notes: z.array(z.string().max(2000)).max(20).optional(),
});
export const ReplayJob = z.strictObject({
  spe: Id,
  kvm: Id,
  /** Ids of built-in policies, or `all`. */
  policies: z.array(z.string().max(64)).max(100),
  /** Own policies, as a policy file's text: replayed beside those. */
  own: z
    .string()
    .max(1 << 18)
    .optional(),
  /** Parameters over the defaults, as in a params file. */
  settings: z.record(z.string().max(64), z.unknown()),
  /** A scenario file's text. */
  scenario: z
    .string()
    .max(1 << 20)
    .optional(),
  notes: z.array(z.string().max(2000)).max(20).optional(),
});
const Kept = { kind: z.enum(['capture', 'run']), id: Id };
/** A replay's progress, `soFar`: the policies finished. Nothing is stored yet. */
export interface ReplaySoFar {
  readonly policies: readonly RunPolicy[];
}
/** An empty name removes a run's. */
export const RenameJob = z.strictObject({ ...Kept, name: z.string().max(500) });
/** All its notes: what readers of results must know. */
export const NotesJob = z.strictObject({ ...Kept, notes: z.array(z.string().max(2000)).max(20) });
const Ids = z.array(Id).max(100_000);
const Chosen = z.strictObject({ captures: Ids, runs: Ids });
export type Chosen = z.infer<typeof Chosen>;
export const RemoveJob = z.strictObject({
  ...Chosen.shape,
  /** Deletes runs of these captures, too; without it they block deleting their captures. */
  withRuns: z.boolean().optional(),
});
export const VmJob = z.strictObject({ kvm: Id, text: z.string().max(1 << 20) });

export const SymbolsJob = z.strictObject({
  spe: Id,
  /** Binaries, a vmlinux, kallsyms, perf-PID.map: distinguished by their contents. */
  files: z.array(FileRef).max(64).optional(),
  /** Folders on the lab's machine: the root file system of what was recorded, and perf's build-id caches. */
  symfs: Path.optional(),
  buildIdDirs: z.array(Path).max(16).optional(),
});
/** A named query of the SQL console; without `sql` it is deleted. */
export const QueryJob = z.strictObject({
  name: z.string().trim().min(1).max(120),
  sql: z
    .string()
    .max(1 << 16)
    .optional(),
});

/** How the samples of one binary in an SPE capture resolved. */
export interface BinaryCoverage {
  readonly binary: string;
  readonly buildId?: string;
  /** Where its functions were just read from. */
  readonly file?: string;
  readonly samples: number;
  /** Samples in a known function. */
  readonly named: number;
  readonly functions: number;
}

const reply = <T>() => z.custom<T>();

export const jobMethods = {
  /** All of the files or none. Ids of the captures, in the order of the files. */
  import: { params: ImportJob, result: reply<{ readonly captures: readonly number[] }>() },
  /** The new run's id; its progress holds the finished policies (`ReplaySoFar`). */
  replay: { params: ReplayJob, result: reply<{ readonly run: number }>() },
  /** Stores nothing; its progress holds the partial result. */
  sweep: { params: SweepJob, result: reply<SweepAnswer>() },
  /** Replaces a trace's VM description (a `*.vm.json`'s text); its timeline is reconstructed again. */
  setVm: { params: VmJob, result: reply<Record<string, never>>() },
  /** Finds the functions that samples lie in, and keeps them; earlier finds stay. */
  addSymbols: {
    params: SymbolsJob,
    result: reply<{ readonly binaries: readonly BinaryCoverage[]; readonly warnings: readonly string[] }>(),
  },
  saveQuery: { params: QueryJob, result: reply<Record<string, never>>() },
  rename: { params: RenameJob, result: reply<Record<string, never>>() },
  annotate: { params: NotesJob, result: reply<Record<string, never>>() },
  /** Deletes so that it can be undone. Returns what `restore` takes. */
  remove: { params: RemoveJob, result: reply<Chosen>() },
  /** Brings back what was removed, unless its space was freed. */
  restore: { params: Chosen, result: reply<Record<string, never>>() },
  /** Deletes for good what was removed, and frees its disk space: bytes. */
  freeSpace: { params: z.strictObject({}), result: reply<Chosen & { readonly bytes: number }>() },
  /** The problem with such a text, if any; it names the field. */
  checkVm: {
    params: z.strictObject({ text: z.string().max(1 << 20) }),
    result: reply<{ readonly problem?: string }>(),
  },
  /** A description from what the trace itself shows, on top of the existing one; `notes` says what came from where. Stores nothing. */
  vmDraft: {
    params: z.strictObject({ kvm: Id }),
    result: reply<{ readonly text: string; readonly notes: readonly string[] }>(),
  },
  /** How many samples lie in known functions, by binary, most samples first. */
  symbolCoverage: { params: z.strictObject({ spe: Id }), result: reply<readonly BinaryCoverage[]>() },
  /** A trace's description as text; missing if it has none. */
  vm: { params: z.strictObject({ kvm: Id }), result: reply<{ readonly text?: string }>() },
  /** Puts a synthesised pair into the lab, and replays it under all policies. The run's id. */
  example: { params: z.strictObject({}), result: reply<{ readonly run: number }>() },
  /** Builds the levels of detail of captures that have none: those of older labs. */
  prepare: { params: z.strictObject({}), result: reply<Record<string, never>>() },
  /** Reserves room for a file that only the page has. */
  upload: {
    params: z.strictObject({ bytes: z.number().int().nonnegative().max(MAX_UPLOAD), name: Path.optional() }),
    result: reply<{ readonly upload: number }>(),
  },
  /** Its next bytes, in order. */
  uploadPart: {
    params: z.strictObject({ upload: Id, data: z.instanceof(Uint8Array) }),
    result: reply<Record<string, never>>(),
  },
  /** Drops it; an import does that automatically. */
  uploadDrop: { params: z.strictObject({ upload: Id }), result: reply<Record<string, never>>() },
} as const;

/** What a job's worker gets: uploads are paths by then. */
export type LocalFile = { readonly path: string; readonly name?: string };
export type Job =
  | {
      readonly kind: 'import';
      readonly files: readonly LocalFile[];
      readonly vm?: LocalFile;
      readonly notes?: readonly string[];
    }
  | ({ readonly kind: 'replay' } & z.infer<typeof ReplayJob>)
  | ({ readonly kind: 'sweep' } & SweepJob)
  | ({ readonly kind: 'vm' } & z.infer<typeof VmJob>)
  | { readonly kind: 'example' }
  | {
      readonly kind: 'symbols';
      readonly spe: number;
      readonly files: readonly LocalFile[];
      readonly symfs?: string;
      readonly buildIdDirs?: readonly string[];
    }
  | { readonly kind: 'query'; readonly of: z.infer<typeof QueryJob> }
  | { readonly kind: 'rename'; readonly of: z.infer<typeof RenameJob> }
  | { readonly kind: 'annotate'; readonly of: z.infer<typeof NotesJob> }
  | ({ readonly kind: 'remove' } & z.infer<typeof RemoveJob>)
  | ({ readonly kind: 'restore' } & Chosen)
  | { readonly kind: 'flag'; readonly of: FlagEdit }
  | { readonly kind: 'unflag'; readonly id: number }
  | { readonly kind: 'free' }
  /** Levels of detail of captures that have none: those of older labs. */
  | { readonly kind: 'levels' };
