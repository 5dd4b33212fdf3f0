/** Places that are no folder or file as others are: procfs, full disks, no home. With real processes. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pair, temporaryFolder, umbra } from './umbra.ts';

const bin = fileURLToPath(new URL('../../core/cli/umbra.mjs', import.meta.url));
const small = fileURLToPath(new URL('../fixtures/spe/one-record.perf.data', import.meta.url));
const LIMIT_MS = 150_000;

describe.runIf(process.platform === 'linux')('files of the kernel, which say that they are regular and empty', () => {
  it.each([
    ['import', '/proc/self/maps', '--db', 'OUT'],
    ['import', pair.kvm, '--vm', '/proc/self/pagemap', '--db', 'OUT'],
    ['import', pair.spe, '--kallsyms', '/proc/kallsyms', '--db', 'OUT'],
    ['report', '--verify', '/proc/self/pagemap'],
  ])('are refused: %s %s %s', (...args) => {
    const lab = join(temporaryFolder(), 'lab.umbra');
    const { code, stderr } = umbra(...args.map((arg) => (arg === 'OUT' ? lab : arg)));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^umbra: \/proc\/.*: is made by the kernel as it is read.*\n$/),
    ]);
    expect(existsSync(lab)).toBe(false);
  });

  it.each([
    ['kit', '-o', '/proc/umbra/kit'],
    ['synth', '--out', '/proc/umbra'],
    ['campaign', 'init', '/proc/umbra'],
    ['captures', '--db', '/proc/self/pagemap'],
  ])('and no folder is made beside them: %s', (...args) => {
    expect(umbra(...args)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^umbra: \/proc\/.*\n$/) });
  });
});

it.runIf(process.getuid?.() === 0)('a user without a name and a home finds no symbols there, and goes on', () => {
  const lab = join(temporaryFolder(), 'lab.umbra');
  umbra('import', pair.spe, '--db', lab);
  chmodSync(join(lab, '..'), 0o777);
  chmodSync(lab, 0o666);
  const env = { ...process.env };
  delete env.HOME;
  const ran = spawnSync(process.execPath, [bin, 'symbols', '--db', lab], {
    env,
    uid: 54_321,
    gid: 54_321,
    encoding: 'utf8',
  });
  expect(ran.stderr).toMatch(/^info: .* in no known function/);
  expect(ran.status).toBe(0);
});

const unshare = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.runIf(unshare)('a full disk', () => {
  it.each([600, 900])('of %i KB: one line, and the lab is as it was', (kilobytes) => {
    const folder = temporaryFolder();
    const [lab, disk] = [join(folder, 'lab.umbra'), join(folder, 'disk')];
    umbra('import', small, '--db', lab);
    mkdirSync(disk);
    const script = `mount -t tmpfs -o size=${kilobytes}k tmpfs ${disk} && cp ${lab} ${disk}/lab.umbra
      for lab in lab new; do ${process.execPath} ${bin} import ${pair.spe} ${pair.kvm} --db ${disk}/$lab.umbra; echo import $?; done
      ${process.execPath} ${bin} captures --db ${disk}/lab.umbra --json | grep -c sha256
      ls ${disk}; cmp ${lab} ${disk}/lab.umbra && echo same`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'bash', '-c', script], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
    });
    expect(stdout).toBe('import 1\nimport 1\n1\nlab.umbra\nsame\n');
    expect(stderr).not.toContain('internal error');
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/full|no space/);
  });
});

describe.runIf(unshare)('a disk that fills while something is written', () => {
  it.each<[number, string[], RegExp]>([
    [1300, ['import', pair.spe, pair.kvm, '--db', 'lab.umbra'], /lab\.umbra: the disk is full/],
    [1500, ['run', pair.spe, pair.kvm, '-o', 'report.html', '--db', 'new.umbra'], /new\.umbra: the disk is full/],
    [1300, ['report', '--db', 'lab.umbra', '--run', '1', '-o', 'report.md'], /report\.md: no space left/],
    [
      1300,
      ['export', '--db', 'lab.umbra', '--run', '1', '--table', 'all', '--to', 'json', '-o', 'tables'],
      /tables.*: no space left/,
    ],
    [1300, ['synth', '--out', 'pair', '--samples', '60000'], /pair: no space left/],
    [8, ['kit', '-o', 'kit'], /kit\/umbra-capture\.sh: no space left/],
  ])('%i KB, %j: a line that names it, and nothing is left', (kilobytes, args, line) => {
    const [folder, disk] = [temporaryFolder(), temporaryFolder()];
    const lab = join(folder, 'lab.umbra');
    if (args.includes('lab.umbra') || args[0] === 'run') {
      umbra('import', pair.spe, pair.kvm, '--db', lab);
      umbra('replay', '--db', lab, '--policy', 'all');
    } else writeFileSync(lab, '');
    const script = `mount -t tmpfs -o size=${kilobytes}k tmpfs ${disk} && cd ${disk} && cp ${lab} lab.umbra
      ${process.execPath} ${bin} "$@"; echo $?; ls; cmp ${lab} lab.umbra && echo same`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'bash', '-c', script, 'bash', ...args], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
    });
    expect([stdout, stderr]).toEqual(['1\nlab.umbra\nsame\n', expect.stringMatching(/^umbra: .*\n$/)]);
    expect(stderr).toMatch(line);
  });
});

describe('the compile cache', () => {
  it.runIf(process.platform === 'linux')('is done without where no folder can be made', () => {
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: '/proc' };
    delete env.NODE_COMPILE_CACHE;
    delete env.XDG_CACHE_HOME;
    const ran = spawnSync(process.execPath, [bin, 'import', '--help'], { env, encoding: 'utf8', timeout: LIMIT_MS });
    expect([ran.status, ran.signal, ran.stderr]).toEqual([0, null, '']);
  });

  it('is never one that others may write to', () => {
    const folder = temporaryFolder();
    const shared = join(folder, 'node-compile-cache');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      TMPDIR: folder,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
    };
    delete env.NODE_COMPILE_CACHE;
    mkdirSync(join(folder, 'cache/umbra/compiled'), { recursive: true });
    chmodSync(join(folder, 'cache/umbra/compiled'), 0o777);
    expect(spawnSync(process.execPath, [bin, 'import', '--help'], { env, encoding: 'utf8' }).stdout).toMatch(/^usage/);
    expect(readdirSync(shared)).toEqual([]);
    expect(statSync(join(folder, 'cache/umbra/compiled')).mode & 0o077).toBe(0);
  });
});

describe.runIf(process.platform === 'linux')('limits of the shell', () => {
  const limited = (limit: string, ...args: string[]) =>
    spawnSync('bash', ['-c', `ulimit ${limit}; exec "$0" "$@"`, process.execPath, bin, ...args], { encoding: 'utf8' });

  it('few open files: a line says so', () => {
    const { status, stderr } = limited('-n 24', 'import', pair.spe, '--db', join(temporaryFolder(), 'lab.umbra'));
    // How many the program needs for itself differs by its version.
    if (status !== 0)
      expect(stderr).toMatch(/^umbra: .*(too many open files|no thread could be started: EMFILE)[^\n]*\n$/);
  });

  it('small files: a line names the place and the limit, and nothing is left', () => {
    const folder = temporaryFolder();
    const { status, stderr } = limited('-f 100', 'synth', '--out', join(folder, 'pair'), '--samples', '100000');
    const told = `umbra: ${folder}/pair: too large for this file system, or for \`ulimit -f\`\n`;
    expect([status, stderr]).toEqual([1, told]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('an upload for which there is no room isn’t taken for whole', () => {
    const program = `
      import { createUploads } from '${new URL('../../core/lab/service/uploads.ts', import.meta.url).href}';
      const uploads = createUploads();
      const id = uploads.start(1 << 20, 'x.data');
      try { uploads.add(id, new Uint8Array(1 << 18)); console.log('whole'); } catch (error) { console.log(error.code); }
      uploads.close();`;
    const limited = ['-c', 'ulimit -f 100; exec "$0" --input-type=module -e "$1"', process.execPath, program];
    expect(spawnSync('bash', limited, { encoding: 'utf8' }).stdout).toBe('EFBIG\n');
  });
});
