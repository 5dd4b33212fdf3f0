/** Records on a board, or on a host and its guest at the same time: one tar here, nothing left there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compareClocks } from '../../model/clocks.ts';
import type { ClockReading } from '../../model/clocks.ts';
import { version } from '../version.ts';
import { BOARD_FACTS, clockFacts } from '../import/board-facts.ts';
import type { BoardFacts } from '../../model/terms/capture-facts.ts';
import type { BoardPlaces, RecordOptions, RecordProgress } from '../../contract/board.ts';
import type { BoardLine } from './lines.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';
import { kitScript } from './ssh.ts';
import { joinTars } from './tar-parts.ts';

export interface RecordRequest extends RecordOptions, BoardPlaces {
  /** ssh may ask on this terminal. */
  readonly terminal?: boolean;
}

export interface RecordHooks {
  readonly onProgress: (progress: RecordProgress) => void;
  /** What a board's script or ssh says, for the user. */
  readonly onSaid: (host: string, text: string) => void;
}

export interface Recorder {
  /** Ends the recording; what was recorded is sent. */
  stop(): void;
  /** Abandons it: nothing is sent. */
  abort(): void;
  /** Resolves when the tar is complete. Rejects with a RequestError. */
  readonly done: Promise<BoardFacts>;
}

/** Round trips through both clocks at the start and, if it is stopped, at the end; one a second in between. */
const ROUNDS = 16;
const ROUND_MS = 1000;
/** Time allowed a board on top of the recording itself, s: setup, querying monitors, writing facts. */
const MARGIN_S = 120;
/** A pair's trace is stopped when its profile has ended; it ends on its own only if nobody stops it. */
const OUTLIVES_S = 60;
const MIB = 1 << 20;

/** @param file the tar to make, which must not exist. @throws RequestError if a name isn't one */
export function recordFromBoard(request: RecordRequest, file: string, hooks: RecordHooks): Recorder {
  const script = kitScript();
  const folder = mkdtempSync(join(dirname(file), '.umbra-capture-'));
  const started = new Date();
  const sessions: { session: Session; from: string; part: string }[] = [];
  let stopped = false;
  let given: string | undefined;
  let progress: RecordProgress = { state: 'connecting', seconds: 0, total: request.seconds, bytes: 0, received: 0 };
  const tell = (change: Partial<RecordProgress>) => hooks.onProgress((progress = { ...progress, ...change }));
  const recorded: [number, number] = [0, 0];
  const received: [number, number] = [0, 0];

  const open = (
    which: 0 | 1,
    host: string,
    jump: string | undefined,
    words: readonly string[],
    seconds: number,
  ): Session => {
    const part = join(folder, `${which}.tar`);
    const onLine = (line: BoardLine) => {
      if (line.kind === 'said') hooks.onSaid(host, line.text);
      else if (line.kind === 'progress') {
        recorded[which] = line.bytes;
        // Events come from the host's trace, elapsed time from where the profile is.
        const { events, lost } = line;
        tell({
          bytes: recorded[0] + recorded[1],
          ...(which === (request.guest === undefined ? 0 : 1) && { seconds: line.seconds }),
          ...(which === 0 && events !== undefined && { events, lost }),
        });
      } else if (line.kind === 'state') tell({ state: line.state });
    };
    const session = openSession({
      target: { host, jump, sudo: request.sudo, terminal: request.terminal },
      script,
      words,
      file: part,
      maxBytes: (2 * request.mib + 64) * MIB,
      maxMs: (seconds + MARGIN_S) * 1000,
      onLine,
      onBytes: (bytes) => {
        received[which] = bytes;
        tell({ received: received[0] + received[1] });
      },
    });
    sessions.push({ session, from: host, part });
    return session;
  };

  const run = async (): Promise<BoardFacts> => {
    try {
      const clocks =
        request.guest === undefined ? await alone(open, request) : await together(open, request, () => stopped);
      if (given !== undefined) throw new Error(given);
      const facts: BoardFacts = {
        format: 1,
        umbra: version,
        script: script.sha256,
        host: request.host,
        ...(request.guest !== undefined && { guest: request.guest }),
        started: started.toISOString(),
        seconds: request.seconds,
        ...(request.command?.length && { command: [...request.command] }),
        pageTables: request.pageTables ?? false,
        ...(stopped && { stopped }),
        ...(progress.lost !== undefined && { lost: progress.lost }),
        ...(clocks && { clocks: clockFacts(clocks) }),
      };
      const text = `${JSON.stringify(facts, undefined, 1)}\n`;
      joinTars(
        sessions.map(({ part, from }) => ({ path: part, from })),
        { path: `umbra/${BOARD_FACTS}`, text },
        file,
      );
      return facts;
    } finally {
      for (const { session } of sessions) session.abort('the recording is over');
      await Promise.allSettled(sessions.map(({ session }) => session.ended));
      rmSync(folder, { recursive: true, force: true });
    }
  };
  const done = run();
  done.catch(() => undefined);
  return {
    stop() {
      if (stopped) return;
      stopped = true;
      for (const { session } of sessions.slice(-1)) session.stop();
    },
    abort() {
      given ??= 'given up';
      for (const { session } of sessions) session.abort('given up');
    },
    done,
  };
}

type Open = (
  which: 0 | 1,
  host: string,
  jump: string | undefined,
  words: readonly string[],
  seconds: number,
) => Session;

async function alone(open: Open, request: RecordRequest): Promise<undefined> {
  await open(0, request.host, undefined, kitWords(request, request.host), request.seconds).ended;
  return undefined;
}

/** The trace begins before the profile and ends after it; both clocks are read while both run. */
async function together(open: Open, request: RecordRequest, isStopped: () => boolean) {
  const { host, guest = '' } = request;
  const seconds = request.seconds + OUTLIVES_S;
  // Memslots and the VMM belong to the host, the profiled command to the guest.
  const ofHost: RecordRequest = { ...request, seconds, noSpe: true, command: undefined };
  const ofGuest: RecordRequest = {
    ...request,
    noKvm: true,
    ...{ straceLog: undefined, monitor: undefined, monitorText: undefined, vmm: undefined, pageTables: undefined },
  };
  const trace = open(0, host, undefined, kitWords(ofHost, host), seconds);
  await Promise.race([trace.reached('recording'), trace.ended]);
  const profile = open(1, guest, request.direct ? undefined : host, kitWords(ofGuest, guest), request.seconds);
  // Asked to stop while connecting to the guest.
  if (isStopped()) profile.stop();
  const ofTrace: ClockReading[] = [];
  const ofProfile: ClockReading[] = [];
  const round = async (): Promise<void> => {
    const [a, b] = [await trace.readClock(), await profile.readClock()];
    if (a) ofTrace.push(a);
    if (b) ofProfile.push(b);
  };
  await Promise.race([profile.reached('recording'), profile.ended, trace.ended]);
  for (let i = 0; i < ROUNDS; i++) await round();
  let over = false;
  const finishing = Promise.race([profile.reached('finishing'), profile.ended, trace.ended]).then(() => (over = true));
  while (!over) {
    await Promise.race([finishing, new Promise((resolve) => setTimeout(resolve, ROUND_MS).unref())]);
    await round();
  }
  trace.stop();
  await Promise.all([trace.ended, profile.ended]);
  return compareClocks(ofTrace, ofProfile);
}

/** The script's arguments. */
export function kitWords(request: RecordRequest, host: string): string[] {
  const value = (option: string, of: string | number | undefined) => (of === undefined ? [] : [option, String(of)]);
  const name = host
    .replace(/^ssh:\/\//, '')
    .replace(/^[^@]*@/, '')
    .replace(/[^A-Za-z0-9.-]/g, '-');
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return [
    ...['record', '-W', '-n', `umbra-${name}-${stamp}`, '-t', String(request.seconds), '-s', String(request.mib)],
    ...(request.pageTables ? ['-p'] : []),
    ...value('-c', request.period),
    ...value('-b', request.ringKib),
    ...value('-a', request.auxMib),
    ...value('-P', request.vmm),
    ...value('-l', request.straceLog),
    ...value('-m', request.monitor),
    ...value('-M', request.monitorText),
    ...value('-d', request.folder),
    ...(request.noSpe ? ['-S'] : []),
    ...(request.noKvm ? ['-K'] : []),
    '--',
    ...(request.command ?? []),
  ];
}
