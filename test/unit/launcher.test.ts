/** `umbra` on a Node that can't run it hands over to the Node that Umbra ships: same input, output, signals and exit code. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickAnswer } from '../../core/cli/quick.mjs';
import packageJson from '../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const umbra = join(root, 'core/cli/umbra.mjs');
const launcher = pathToFileURL(join(root, 'core/cli/hand-over.mjs')).href;
const posix = process.platform !== 'win32';

/** Hands over as an old Node does. `node`: source text of the second argument. */
const handingOver = (node = '') => [
  '--input-type=module',
  '-e',
  `const { handOver } = await import(${JSON.stringify(launcher)}); await handOver(process.argv.slice(1)${node && `, ${node}`});`,
];
const run = (args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });

/** A Node on the path that is older than Umbra's, if there is one. */
const old = (process.env['PATH'] ?? '')
  .split(':')
  .map((folder) => join(folder, 'node'))
  .filter((file) => posix && existsSync(file))
  .find(
    (file) => spawnSync(file, ['-p', 'process.features.typescript'], { encoding: 'utf8' }).stdout.trim() !== 'strip',
  );

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'umbra-launcher-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('launcher', () => {
  it('hands over arguments and output', () => {
    const { status, stdout, stderr } = run([...handingOver(), '--', '--version']);
    expect([status, stdout, stderr]).toEqual([0, `umbra ${packageJson.version}\n`, '']);
  });

  it('answers what needs no program before anything is loaded', () => {
    const sources = { ...process.env, UMBRA_SOURCES: '1' };
    for (const word of ['--version', '--help', 'help', '-h']) {
      const [quick, slow] = [process.env, sources].map((env) =>
        spawnSync(process.execPath, [umbra, word], { encoding: 'utf8', env }),
      );
      expect([quick.status, quick.stderr, quick.stdout]).toEqual([0, '', slow.stdout]);
    }
    expect(quickAnswer(['--version'])).toBe(`umbra ${packageJson.version}\n`);
    expect(quickAnswer(['import', '--version'])).toBeUndefined();
  });

  it('ends with the exit code of what it started', () => {
    const { status, stderr } = run([...handingOver(), '--', 'no-such-command']);
    expect(status).toBe(2);
    expect(stderr).toContain("no command 'no-such-command'");
  });

  it('says what to do where there is no such Node', () => {
    const none = run(handingOver('null'));
    expect(none.status).toBe(1);
    expect(none.stderr).toContain('run `npm ci`');
    const missing = run(handingOver(JSON.stringify(join(folder, 'none'))));
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(/^umbra: .*none: .*ENOENT\n$/);
  });

  it.runIf(posix)('passes SIGTERM on, and ends by it', async () => {
    const lab = join(folder, 'served.umbra');
    const child = spawn(process.execPath, [...handingOver(), '--', 'serve', '--new', '--db', lab], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.once('exit', (code, signal) => resolve([code, signal])),
    );
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.stderr.once('data', (text: Buffer) => reject(new Error(String(text))));
    });
    child.kill('SIGTERM');
    const [code, signal] = await ended;
    expect(code === 0 || code === 143 || signal === 'SIGTERM').toBe(true);
  });

  it.runIf(old)('starts through a link on an older Node of this machine', () => {
    const link = join(folder, 'umbra');
    symlinkSync(umbra, link);
    for (const argv of [['--version'], ['import', '--help']]) {
      const { status, stdout } = spawnSync(old!, [link, ...argv], { encoding: 'utf8' });
      expect([status, stdout]).toEqual([0, run([umbra, ...argv]).stdout]);
    }
  });
});

describe.runIf(posix)('compile cache', () => {
  const help = (cache: string) => {
    const env: NodeJS.ProcessEnv = { ...process.env, XDG_CACHE_HOME: cache };
    delete env['NODE_COMPILE_CACHE'];
    return spawnSync(process.execPath, [umbra, 'import', '--help'], { encoding: 'utf8', env });
  };

  it("lies in a folder of the user's own, closed to all others", () => {
    const cache = join(folder, 'cache');
    expect(help(cache).status).toBe(0);
    for (const part of ['umbra', 'umbra/compiled']) expect(statSync(join(cache, part)).mode & 0o777).toBe(0o700);
  });

  it('is not used through a link that somebody laid', () => {
    const cache = mkdtempSync(join(folder, 'linked-'));
    const elsewhere = mkdtempSync(join(folder, 'elsewhere-'));
    symlinkSync(elsewhere, join(cache, 'umbra'));
    expect(help(cache).status).toBe(0);
    expect(existsSync(join(elsewhere, 'compiled', 'v24'))).toBe(false);
    const written = spawnSync('find', [elsewhere, '-type', 'f'], { encoding: 'utf8' }).stdout;
    expect(written).toBe('');
  });
});

it('package.json: any Node from 18 on may install Umbra, which brings its own', () => {
  expect(packageJson.engines.node).toBe('>=18');
  expect(packageJson.bin.umbra).toBe('core/cli/umbra.mjs');
  expect(readFileSync(join(dirname(umbra), 'umbra.mjs'), 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
});
