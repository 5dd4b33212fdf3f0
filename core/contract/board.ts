/** The part of the contract that records on boards: what they have, the running recording, its result in the lab. */
import { z } from 'zod';

const Host = z.string().min(1).max(255);
const Path = z.string().min(1).max(4096);
const whole = (most: number) => z.number().int().min(1).max(most);

/** A day. */
export const MAX_SECONDS = 86_400;
export const MAX_MIB = 16_384;

/** What is recorded, as the kit's options say it. */
export const RecordOptions = z.strictObject({
  /** Time limit, s. */
  seconds: whole(MAX_SECONDS),
  /** Size limit of each recording, MiB. */
  mib: whole(MAX_MIB),
  /** KVM's page-table calls, too. */
  pageTables: z.boolean().optional(),
  /** SPE: operations between samples. */
  period: whole(2 ** 31).optional(),
  /** Buffers per CPU: KVM's events, KiB; SPE's data, MiB. */
  ringKib: whole(1 << 20).optional(),
  auxMib: whole(1024).optional(),
  /** The VMM's process. */
  vmm: whole(2 ** 22).optional(),
  /** Memslots: files on the board (strace's log, the monitor's text), or a live monitor. */
  straceLog: Path.optional(),
  monitor: Path.optional(),
  monitorText: Path.optional(),
  noSpe: z.boolean().optional(),
  noKvm: z.boolean().optional(),
  /** Where the board keeps the recordings until they are sent. */
  folder: Path.optional(),
  /** What runs meanwhile; in the guest, if any. */
  command: z.array(z.string().max(4096)).max(1000).optional(),
});
export type RecordOptions = z.infer<typeof RecordOptions>;

const places = {
  host: Host,
  /** SPE is recorded there, KVM's events on the host. */
  guest: Host.optional(),
  /** The guest is reached from here, not through the host. */
  direct: z.boolean().optional(),
  /** The script runs under `sudo -n`. */
  sudo: z.boolean().optional(),
};
export const BoardPlaces = z.strictObject(places);
export type BoardPlaces = z.infer<typeof BoardPlaces>;

export const RecordJob = RecordOptions.extend({ ...places, replay: z.boolean().optional() });
export type RecordJob = z.infer<typeof RecordJob>;

export const boardStates = ['connecting', 'ready', 'recording', 'finishing', 'sending', 'sent'] as const;
export type BoardState = (typeof boardStates)[number];

/** Progress of a recording, its `soFar`. */
export interface RecordProgress {
  readonly state: BoardState;
  /** s, of `total` at most. */
  readonly seconds: number;
  readonly total: number;
  /** Recorded there, and how much of that has arrived. */
  readonly bytes: number;
  readonly received: number;
  /** KVM's; unknown where perf keeps them to itself. */
  readonly events?: number;
  readonly lost?: number;
  /** The tail of the boards' output. */
  readonly said?: readonly string[];
}

export interface CheckItem {
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'note';
  readonly text: string;
  /** What to do about it. */
  readonly todo?: string;
}

export interface BoardCheck {
  readonly host: string;
  /** SHA-256 of the script run there. */
  readonly script: string;
  /** Something can be recorded. */
  readonly usable: boolean;
  readonly items: readonly CheckItem[];
}

export interface BoardsAnswer {
  /** Why nothing can be recorded from here; missing if it can. */
  readonly off?: string;
  /** Newest first. */
  readonly recent: readonly string[];
  /** Names in ~/.ssh/config. */
  readonly configured: readonly string[];
  /** SHA-256 of the script that runs on boards. */
  readonly script: string;
}

export interface Recorded {
  readonly captures: readonly number[];
  readonly run?: number;
}

const reply = <T>() => z.custom<T>();

export const boardMethods = {
  boards: { params: z.strictObject({}), result: reply<BoardsAnswer>() },
  /** Of the host, then of the guest. */
  boardCheck: { params: BoardPlaces, result: reply<{ readonly checks: readonly BoardCheck[] }>() },
  /** Records, imports, replays if asked. A `cancel` discards the recording; nothing stays on the board. One at a time. */
  record: { params: RecordJob, result: reply<Recorded>() },
  /** Ends the current recording; what was recorded is imported. */
  stopRecording: { params: z.strictObject({}), result: reply<Record<string, never>>() },
} as const;
