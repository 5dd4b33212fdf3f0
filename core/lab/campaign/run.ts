/** Running a campaign on this machine: one process per pair, as many at a time as cores and memory allow. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { RequestError } from '../about.ts';
import { version } from '../version.ts';
import { RESULT_FORM } from './fingerprint.ts';
import { placeOf } from './pairs.ts';
import { readResult, removeHalfResults, removeResults, writeResult } from './result.ts';
import { pendingPairs } from './state.ts';
import type { CampaignState, PairState } from './state.ts';
import { isAlive } from '../part-files.ts';

export interface RunRequest {
  /** Program and arguments before `campaign pair DIR KEY`. */
  readonly command: readonly string[];
  /** Processes at a time; the campaign's, or as many as cores. */
  readonly jobs?: number;
  /** Retry failures. */
  readonly retry?: boolean;
  /** Replay everything, whatever exists. */
  readonly again?: boolean;
  readonly onProgress: (p: RunProgress) => void;
  /** Resolves when the user asks to stop: running pairs are killed, finished ones stay. */
  readonly stopped: Promise<void>;
}

export interface RunProgress {
  readonly done: number;
  readonly total: number;
  readonly running: number;
  readonly failed: number;
}

export interface RunDone {
  readonly replayed: number;
  readonly failed: number;
  /** Already had results. */
  readonly known: number;
  readonly stopped: boolean;
  /** Most processes at a time. */
  readonly jobs: number;
}

/**
 * Estimated memory of a pair's process: a base, plus a factor per byte of its files. Conservative: pairs of 1.3 to 63 MiB took
 * 133 to 191 MiB (docs/campaigns.md); compressed traces and many vCPUs may take more.
 */
const BASE_BYTES = 250 * 2 ** 20;
const BYTES_A_BYTE = 3;
/** Share of the machine's free memory that pairs may take. */
const SHARE = 0.8;

/** Tells pairs to end with the process that started them. */
export const PARENT = 'UMBRA_CAMPAIGN_PARENT';

/** Runs pending pairs. However this process ends, each result is complete or absent. */
export async function runCampaign(state: CampaignState, request: RunRequest): Promise<RunDone> {
  const { campaign } = state;
  const { folder } = campaign;
  const pending = request.again
    ? state.pairs.filter(({ print, sameAs }) => print && sameAs === undefined)
    : pendingPairs(state, request.retry);
  const jobs = request.jobs ?? campaign.file.run.jobs ?? availableParallelism();
  const known = state.pairs.filter(({ status }) => status === 'done').length;
  removeHalfResults(folder);
  removeResults(
    folder,
    pending.flatMap(({ print, status }) => (status === 'failed' ? print!.id : [])),
  );
  const temporary = takeTemporary();
  const budget = SHARE * process.availableMemory();
  const running = new Map<ChildProcess, number>();
  const progress = { done: 0, failed: 0 };
  let held = 0;
  let stopped = false;
  let next = 0;

  const report = (): void => request.onProgress({ ...progress, total: pending.length, running: running.size });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setInterval(attempt, 500, report);
      function attempt(work: () => void): void {
        try {
          work();
        } catch (error) {
          stopped = true;
          clearInterval(timer);
          for (const child of running.keys()) child.kill('SIGKILL');
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }
      const settle = (): void => {
        if (running.size || (next < pending.length && !stopped)) return;
        clearInterval(timer);
        resolve();
      };
      const start = (): void => {
        while (!stopped && next < pending.length && running.size < jobs) {
          const one = pending[next];
          const bytes = campaign.file.run.memory ?? estimate(state, one);
          // One always runs, whatever it may take.
          if (running.size && held + bytes > budget) break;
          next++;
          const child = startPair(state, one, request, temporary);
          running.set(child, bytes);
          held += bytes;
          const finish = (how: Ended): void => {
            if (!running.delete(child)) return;
            held -= bytes;
            attempt(() => {
              if (!stopped && !settleResult(folder, one, how)) progress.failed++;
              progress.done++;
              start();
              report();
              settle();
            });
          };
          let said = '';
          child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
          child.on('error', (error) => finish({ code: null, signal: null, said: error.message }));
          child.on('close', (code, signal) => finish({ code, signal, said }));
        }
      };
      void request.stopped.then(() => {
        stopped = true;
        for (const child of running.keys()) child.kill('SIGKILL');
        settle();
      });
      attempt(() => {
        start();
        report();
        settle();
      });
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    if (stopped) removeHalfResults(folder);
  }
  const replayed = stopped ? 0 : progress.done - progress.failed;
  return { replayed, failed: progress.failed, known, stopped, jobs };
}

/** Memory that a pair may take, bytes. */
function estimate({ campaign }: CampaignState, { pair }: PairState): number {
  const files = [...new Set([pair.spe, pair.kvm])].map((path) =>
    statSync(placeOf(campaign, path), { throwIfNoEntry: false }),
  );
  return BASE_BYTES + BYTES_A_BYTE * files.reduce((sum, s) => sum + (s?.isFile() ? s.size : 0), 0);
}

function startPair(
  { campaign }: CampaignState,
  { pair }: PairState,
  { command, again }: RunRequest,
  temporary: string,
): ChildProcess {
  const [program, ...args] = command;
  return spawn(program, [...args, 'campaign', 'pair', campaign.folder, pair.key, ...(again ? ['--again'] : [])], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A terminal's Ctrl-C goes to the whole group: this process ends its pairs itself.
    detached: process.platform !== 'win32',
    env: { ...process.env, TMPDIR: temporary, TMP: temporary, TEMP: temporary, [PARENT]: String(process.pid) },
  });
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

/** Whether the pair has a result. If its process couldn't write one, it is written here: a failure is a row, too. */
function settleResult(folder: string, { print }: PairState, { code, signal, said }: Ended): boolean {
  const result = readResult(folder, print!.id);
  if (result) return code === 0 && !('failed' in result);
  const last = said
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^umbra: /, '');
  const how = signal
    ? `its process was ended by ${signal}${signal === 'SIGKILL' ? ' (out of memory?)' : ''}`
    : `its process ended with exit code ${code}`;
  writeResult(folder, {
    ...{ form: RESULT_FORM, umbra: version, fingerprint: print!.id },
    ...{ failed: last ? `${last} (${how})` : how, ended: true },
  });
  return false;
}

/**
 * A folder for all pairs' temporary labs, so that they are removed even if pairs are killed. Leftovers of killed runs are removed.
 */
function takeTemporary(): string {
  const uid = process.getuid?.();
  const all = join(tmpdir(), `umbra-campaign-${uid ?? 'labs'}`);
  mkdirSync(all, { recursive: true, mode: 0o700 });
  // What is in it gets deleted, and in a folder for all anybody may have made it, or a link to elsewhere.
  const stat = lstatSync(all);
  if (!stat.isDirectory() || (uid !== undefined && (stat.uid !== uid || (stat.mode & 0o022) !== 0)))
    throw new RequestError(`${all}: is no folder of yours alone: remove it, or set TMPDIR to another place`);
  for (const name of readdirSync(all))
    if (/^\d+$/.test(name) && !isAlive(Number(name))) rmSync(join(all, name), { recursive: true, force: true });
  const own = join(all, String(process.pid));
  mkdirSync(own, { recursive: true });
  return own;
}
