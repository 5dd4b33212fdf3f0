import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pair, temporaryFolder, umbra } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));

/** What is in a folder, by name. */
const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));

/** Starts a pair that takes some seconds, and ends it by a signal once it writes. */
async function interruptSynth(folder: string, signal: NodeJS.Signals): Promise<number | null> {
  const args = [bin, 'synth', '--out', folder, '--samples', '2e7', '--kvm-events', '1000'];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const begun = () => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.part'));
  while (!begun() && child.exitCode === null) await pause(5);
  child.kill(signal);
  return (await exit)[0];
}

describe('umbra synth', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s leaves no half of a pair', async (signal, code) => {
    const folder = join(temporaryFolder(), 'pair');
    expect(await interruptSynth(folder, signal)).toBe(code);
    expect(existsSync(folder)).toBe(false);
  });

  it('a pair that was there stays as it was; what a killed one left is gone with the next', async () => {
    const folder = join(temporaryFolder(), 'pair');
    expect(umbra('synth', '--out', folder, '--samples', '100', '--kvm-events', '10').code).toBe(0);
    const before = contents(folder);
    expect(await interruptSynth(folder, 'SIGINT')).toBe(130);
    expect(contents(folder)).toEqual(before);
    expect(await interruptSynth(folder, 'SIGKILL')).toBe(null);
    expect(contents(folder)).toMatchObject(before);
    expect(umbra('synth', '--out', folder, '--samples', '100', '--kvm-events', '10').code).toBe(0);
    expect(contents(folder)).toEqual(before);
  });

  it('says how many records are the most', () => {
    const { code, stderr } = umbra('synth', '--out', join(temporaryFolder(), 'pair'), '--samples', '1e10');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/samples .* to 200000000, not 10000000000\n$/)]);
  });
});

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
