/** The command's bundle (`npm run build`, out/cli) and its sources write the same, and the bundle finds all it starts or reads. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleFolder, isFresh, program } from '../../core/cli/program.mjs';
import { pair, temporaryFolder } from './umbra.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'core/cli/umbra.mjs');

/** Runs one command in its own process, in `folder`, on the bundle or the sources. */
function run(folder: string, sources: boolean, ...args: string[]) {
  const env = { ...process.env, UMBRA_SOURCES: sources ? '1' : '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    ...{ cwd: folder, env, encoding: 'utf8', maxBuffer: 1 << 28 },
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  expect(isFresh(), 'out/cli is older than the sources: `npm run build` comes first').toBe(true);
});

describe('bundle', () => {
  it('is what `umbra` runs', () => {
    expect(program()).toMatch(/\/out\/cli\/main\.js$/);
  });

  it('is left alone once a source is newer, of another size, or gone', () => {
    const stamp = JSON.parse(readFileSync(join(bundleFolder, 'stamp.json'), 'utf8')) as {
      started: number;
      sizes: Record<string, number>;
    };
    const folder = temporaryFolder();
    const check = (change: Partial<typeof stamp>) => {
      writeFileSync(join(folder, 'stamp.json'), JSON.stringify({ ...stamp, ...change }));
      return isFresh(folder);
    };
    const main = 'core/cli/main.ts';
    const size = stamp.sizes[main];
    expect(check({})).toBe(true);
    expect(check({ started: statSync(join(root, main)).mtimeMs - 1 })).toBe(false);
    expect(check({ sizes: { ...stamp.sizes, [main]: size + 1 } })).toBe(false);
    expect(check({ sizes: { ...stamp.sizes, 'core/cli/gone.ts': 1 } })).toBe(false);
    expect(isFresh(join(folder, 'none'))).toBe(false);
  });

  it('holds every program that a source starts', () => {
    const started = globSync('core/**/*.ts', { cwd: root }).flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/new URL\('[^']*?([\w-]+)\.ts', import\.meta\.url\)/g)].map(
        ([, name]) => name,
      ),
    );
    expect(started.length).toBeGreaterThan(4);
    const missing = started.filter((name) => !existsSync(join(bundleFolder, `${name}.js`)));
    expect(missing).toEqual([]);
  });

  it('names the sources in a trace', () => {
    const { stderr } = run(root, false, 'inspect', '/nowhere', '--verbose');
    expect(stderr).toMatch(/core\/\S+\.ts:\d+/);
    expect(stderr).not.toMatch(/out\/cli/);
  });

  // A lab with all of it, made by either; paths are relative, so that outputs match exactly.
  const inLab = (...words: string[]) => [...words, '--db', 'lab.umbra'];
  const commands: readonly (readonly string[])[] = [
    ['inspect', 'kvm.trace.dat', '--json'],
    inLab('import', 'spe.data.gz', 'kvm.trace.dat', '--json'),
    inLab('replay', '--spe', '1', '--kvm', '2', '--align', 'fit', '--policy', 'pin-vm', '--json'),
    inLab('export', '--run', '1', '--to', 'perfetto', '-o', 'out.perfetto'),
    inLab('report', '--run', '1', '-o', 'report.md'),
    inLab('sql', 'SELECT nothing'),
  ];

  it('writes what the sources write', { timeout: 180_000 }, () => {
    const [own, other] = ['bundle', 'sources'].map((name) => join(temporaryFolder(), name));
    for (const folder of [own, other]) {
      mkdirSync(folder);
      for (const [name, file] of [
        ['spe.data', pair.spe],
        ['kvm.trace.dat', pair.kvm],
        ['kvm.vm.json', pair.vm],
      ])
        writeFileSync(join(folder, name), readFileSync(file));
      writeFileSync(join(folder, 'spe.data.gz'), gzipSync(readFileSync(pair.spe)));
      for (const name of ['kvm.trace.dat', 'spe.data.gz']) utimesSync(join(folder, name), 1e9, 1e9);
    }
    for (const command of commands) {
      const [bundled, fromSources] = [run(own, false, ...command), run(other, true, ...command)];
      expect({ command, ...bundled }).toEqual({ command, ...fromSources });
      expect(bundled.status, bundled.stderr).toBe(command[1] === 'SELECT nothing' ? 1 : 0);
    }
    for (const name of ['out.perfetto', 'report.md'])
      expect(readFileSync(join(own, name)).equals(readFileSync(join(other, name))), name).toBe(true);
  });
});
