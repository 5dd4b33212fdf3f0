/** Building blocks of the campaign acceptance: measured commands, folder comparison, a table. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
const GNU_TIME = '/usr/bin/time';

export interface Ran {
  readonly seconds: number;
  /** s of CPU, of all that the command waited for; NaN without GNU time. */
  readonly cpu: number;
  readonly stdout: string;
}

/** `umbra campaign …`, which must succeed. */
export function campaign(env: Readonly<Record<string, string>>, ...words: string[]): Ran {
  const began = performance.now();
  const command = [process.execPath, bin, 'campaign', ...words];
  const timed = existsSync(GNU_TIME) ? [GNU_TIME, '-f', '%U %S', ...command] : command;
  const { status, stdout, stderr } = spawnSync(timed[0], timed.slice(1), {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`umbra campaign ${words.join(' ')}: exit code ${status}: ${stderr.slice(-2000)}`);
  const spent = /([\d.]+) ([\d.]+)\s*$/.exec(stderr);
  return {
    seconds: (performance.now() - began) / 1000,
    cpu: spent && timed !== command ? Number(spent[1]) + Number(spent[2]) : NaN,
    stdout,
  };
}

export function results(folder: string): string[] {
  const at = join(folder, 'results');
  return existsSync(at) ? readdirSync(at).filter((name) => /^[0-9a-f]+\.json$/.test(name)) : [];
}

/** Starts a run and kills it, with no chance to clean up, when `n` further results are there and `ms` have passed. */
export async function killRun(folder: string, n: number, ms: number): Promise<void> {
  const before = results(folder).length;
  const child = spawn(process.execPath, [bin, 'campaign', 'run', folder], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  while (results(folder).length < before + n && child.exitCode === null) await pause(20);
  await pause(ms);
  child.kill('SIGKILL');
  await exit;
}

/** Removes what a run makes. */
export function unmade(folder: string): void {
  for (const made of ['results', 'dataset', 'slurm', '.umbra'])
    rmSync(join(folder, made), { recursive: true, force: true });
}

/** Files that two folders don't share byte for byte. */
export function differences(a: string, b: string): string[] {
  const [inA, inB] = [files(a), files(b)];
  return [...new Set([...inA, ...inB])].filter(
    (name) =>
      !inA.includes(name) || !inB.includes(name) || !readFileSync(join(a, name)).equals(readFileSync(join(b, name))),
  );
}

export function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

export interface Row {
  readonly step: string;
  readonly found: string;
  readonly holds: boolean;
  readonly seconds?: number;
  readonly cpu?: number;
}

/** Markdown. */
export function table(rows: readonly Row[]): string {
  const time = (s: number | undefined): string => (s === undefined || Number.isNaN(s) ? '' : s.toFixed(s < 10 ? 1 : 0));
  return [
    '| step | | s | s of CPU | |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ step, found, seconds, cpu, holds }) =>
        `| ${step} | ${found} | ${time(seconds)} | ${time(cpu)} | ${holds ? 'holds' : '**FAILS**'} |`,
    ),
  ].join('\n');
}
