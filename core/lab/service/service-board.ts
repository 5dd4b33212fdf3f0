/** The contract's requests that record on boards (contract/board.ts): one recording at a time, imported and replayed as jobs. */
import type { z } from 'zod';
import type { boardMethods, RecordProgress } from '../../contract/board.ts';
import type { Call, Progress } from '../../contract/contract.ts';
import { explainError, RequestError } from '../about.ts';
import { configuredBoards, recentBoards, rememberBoard } from '../board/boards.ts';
import { tarBeside, withRecording } from '../board/captured.ts';
import { checkBoard } from '../board/check.ts';
import { importTar, replayTar } from '../board/imported.ts';
import { recordFromBoard } from '../board/record.ts';
import type { Recorder } from '../board/record.ts';
import { kitScript } from '../board/ssh.ts';
import type { JobRunner } from './service-jobs.ts';

type Methods = typeof boardMethods;
type Result<M extends keyof Methods> = z.infer<Methods[M]['result']>;
export type BoardHandlers = {
  readonly [M in keyof Methods]: (params: z.infer<Methods[M]['params']>, call: Call) => Result<M> | Promise<Result<M>>;
};

/** Least time between two progress reports, ms. */
const TELL_MS = 200;
/** Number of the board's last messages kept. */
const MAX_SAID = 20;

/** @param off why recording from here is off, if it is */
export function boardHandlers(
  lab: string,
  run: JobRunner,
  off: string | undefined,
): { readonly handlers: BoardHandlers; close(): void } {
  let recording: Recorder | undefined;
  const allowed = () => {
    if (off !== undefined) throw new RequestError(`recording from boards is off: ${off}`);
  };
  const handlers: BoardHandlers = {
    boards: () => ({
      ...(off !== undefined && { off }),
      recent: off === undefined ? recentBoards() : [],
      configured: off === undefined ? configuredBoards() : [],
      script: kitScript().sha256,
    }),
    async boardCheck({ host, guest, direct, sudo }, { signal }) {
      allowed();
      const checks = [await checkBoard({ host, sudo }, signal)];
      if (guest !== undefined)
        checks.push(await checkBoard({ host: guest, sudo, ...(!direct && { jump: host }) }, signal));
      rememberBoard(host);
      return { checks };
    },
    async record({ replay, ...request }, call) {
      allowed();
      if (recording) throw new RequestError('a recording is going on: one at a time');
      const tar = tarBeside(lab, request.host);
      const tell = teller(request.host, call.progress);
      const mine = recordFromBoard(request, tar, {
        onProgress: tell.progress,
        onSaid: (host, text) => tell.said(`${host}: ${text}`),
      });
      recording = mine;
      call.signal.addEventListener('abort', mine.abort, { once: true });
      try {
        await mine.done;
      } finally {
        recording = undefined;
      }
      rememberBoard(request.host);
      const job = (of: Parameters<JobRunner>[0]) => run(of, call);
      const done = await withRecording(tar, false, (path, name) => importTar({ path, name }, lab, job));
      const captures = done.captures.map((c) => c.id);
      if (!replay) return { captures };
      try {
        const { run: made } = await replayTar(done, job);
        return { captures, ...(made !== undefined && { run: made }) };
      } catch (error) {
        const reason = explainError(error, lab);
        if (reason === undefined) throw error;
        throw new RequestError(`the recording is in the lab, but can’t be replayed: ${reason}`);
      }
    },
    stopRecording() {
      if (!recording) throw new RequestError('nothing is being recorded');
      recording.stop();
      return {};
    },
  };
  return { handlers, close: () => recording?.abort() };
}

/** Progress with the board's last messages, no more often than a page can show it. */
function teller(host: string, send: (progress: Progress) => void) {
  let last: RecordProgress | undefined;
  let said: string[] = [];
  let sentAt = 0;
  const tell = (now: boolean) => {
    if (!last || (!now && performance.now() - sentAt < TELL_MS)) return;
    sentAt = performance.now();
    const receiving = last.state === 'sending' || last.state === 'sent';
    send({
      phase: receiving ? `receiving from ${host}` : `${last.state} on ${host}`,
      ...(receiving
        ? { done: last.received, total: Math.max(last.bytes, last.received), unit: 'bytes' }
        : { done: last.seconds, total: last.total, unit: 'steps' }),
      soFar: { ...last, said } satisfies RecordProgress,
    });
  };
  return {
    progress(p: RecordProgress) {
      const now = p.state !== last?.state;
      last = p;
      tell(now);
    },
    said(text: string) {
      said = [...said, text].slice(-MAX_SAID);
      tell(true);
    },
  };
}
