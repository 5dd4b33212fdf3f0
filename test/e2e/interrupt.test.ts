import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { pair, temporaryFolder, umbra } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));

/** Starts an import that takes some seconds and interrupts it once `begun` says that it writes. */
async function interrupt(lab: string, begun: () => boolean): Promise<number | null> {
  const files = Array.from({ length: 80 }, () => pair.spe);
  const child = spawn(process.execPath, [bin, 'import', ...files, '--db', lab], { stdio: 'ignore' });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  while (!begun() && child.exitCode === null) await pause(5);
  child.kill('SIGINT');
  return (await exit)[0];
}

it('Ctrl-C leaves a lab file byte for byte as it was', async () => {
  const folder = temporaryFolder();
  const lab = join(folder, 'lab.umbra');
  umbra('import', pair.kvm, '--db', lab);
  const before = readFileSync(lab);
  expect(await interrupt(lab, () => existsSync(`${lab}-journal`))).toBe(130);
  expect(readFileSync(lab).equals(before)).toBe(true);
  expect(readdirSync(folder)).toEqual(['lab.umbra']);
});

it('Ctrl-C during a first import leaves no lab file', async () => {
  const folder = temporaryFolder();
  const lab = join(folder, 'lab.umbra');
  expect(await interrupt(lab, () => existsSync(`${lab}.part`))).toBe(130);
  expect(readdirSync(folder)).toEqual([]);
});
