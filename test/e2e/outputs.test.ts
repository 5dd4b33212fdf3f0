/** Where output goes: through links, to no half-written file, and to nobody else's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeWhole } from '../../core/lab/output-file.ts';
import { pair, temporaryFolder, umbra } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
let [folder, lab] = ['', ''];

beforeEach(() => {
  folder = temporaryFolder();
  lab = join(folder, 'lab.umbra');
  expect(umbra('import', pair.kvm, '--db', lab).code).toBe(0);
});

const exportTo = (path: string) => ['export', '--db', lab, '--capture', '1', '--to', 'csv', '-o', path];

describe('-o', () => {
  it.each(['there', 'missing'])('writes through a link to a file that is %s, and keeps its mode', (which) => {
    const [target, link] = [join(folder, 'target.csv'), join(folder, 'link.csv')];
    if (which === 'there') writeFileSync(target, 'old', { mode: 0o600 });
    if (which === 'there') chmodSync(target, 0o600);
    symlinkSync('target.csv', link);
    expect(umbra(...exportTo(link)).code).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toMatch(/^t_ns,/);
    if (which === 'there') expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  it('in a loop of links is refused', () => {
    const [a, b] = [join(folder, 'a.csv'), join(folder, 'b.csv')];
    symlinkSync(a, b);
    symlinkSync(b, a);
    const { code, stderr } = umbra(...exportTo(a));
    expect([code, stderr]).toEqual([1, expect.stringMatching(/a\.csv: too many symbolic links/)]);
  });

  it('where nothing can be written names the path that was given', () => {
    const path = join(folder, 'none/of.csv');
    expect(umbra(...exportTo(path))).toMatchObject({
      code: 1,
      stderr: `umbra: ${path}: can't be written: no such file or folder\n`,
    });
  });

  it('of several processes at once: each writes its own file, and one of them is it', async () => {
    const path = join(folder, 'same.csv');
    const codes = Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, [bin, ...exportTo(path)], { stdio: 'ignore' });
      return (await once(child, 'exit'))[0] as number | null;
    });
    expect(await Promise.all(codes)).toEqual([0, 0, 0]);
    const whole = join(folder, 'whole.csv');
    umbra(...exportTo(whole));
    expect(readFileSync(path).equals(readFileSync(whole))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['lab.umbra', 'same.csv', 'whole.csv']);
  });

  it('two writers in one process do not share a file, and what a dead process left goes', () => {
    const left = join(folder, `.${hostname()}-999999999-00c0ffee.part`);
    const others = join(folder, '.elsewhere-999999999-00c0ffee.part');
    for (const file of [left, others]) writeFileSync(file, 'half');
    const path = join(folder, 'x.txt');
    writeWhole(path, (outer) => {
      outer.text('outer');
      writeWhole(path, (inner) => inner.text('inner'));
      expect(readFileSync(path, 'utf8')).toBe('inner');
    });
    expect(readFileSync(path, 'utf8')).toBe('outer');
    expect(readdirSync(folder).sort()).toEqual(['.elsewhere-999999999-00c0ffee.part', 'lab.umbra', 'x.txt']);
  });
});

describe('values that name nothing', () => {
  it.each([
    [['captures', '--db', ''], '--db LAB is empty'],
    [['import', pair.kvm, '--db='], '--db LAB is empty'],
    [['import', '--db', 'x.umbra', ''], 'FILE… is empty'],
    [['import', '--db', 'x.umbra', pair.spe, '--vm', ''], '--vm JSON is empty'],
    [['kit', '-o', '-'], '--output -: it goes to disk, not to stdout: name a path (./- if it is to be called -)'],
    [['synth', '--out', '-'], '--out -: it goes to disk, not to stdout: name a path (./- if it is to be called -)'],
    [['inspect', '-'], "-: stdin isn't read: give a file (./- if it is called -)"],
    [['captures', '--db', '-'], "-: stdin isn't read: give a file (./- if it is called -)"],
  ])('%j', (args, told) => {
    const { code, stderr } = umbra(...args);
    expect([code, stderr]).toEqual([2, `umbra: ${args[0]}: ${told}; see \`umbra ${args[0]} --help\`\n`]);
  });
});
