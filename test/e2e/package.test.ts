import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { extractAll, listPackage } from '@electron/asar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectCampaign } from '../../core/lab/campaign/collect.ts';
import { readCampaign } from '../../core/lab/campaign/file.ts';
import { runPair } from '../../core/lab/campaign/pair.ts';
import { campaignState } from '../../core/lab/campaign/state.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { synthCampaign } from './campaign-synth.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const drive = fileURLToPath(new URL('../unit/electron/drive-package.ts', import.meta.url));
const hook = fileURLToPath(new URL('../unit/electron/hook.ts', import.meta.url));

/** Before the fuses in Electron's binary: a version, their number, and a character each, in this order (docs/tutorial/fuses.md). */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSES = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
];

/**
 * The app as electron-builder packs it, around a stand-in for Electron's binary (which isn't on every machine): a file with the
 * fuses of one.
 */
describe('the package', () => {
  let folder: string;
  let resources: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'umbra-package-'));
    const dist = join(folder, 'electron');
    mkdirSync(join(dist, 'resources'), { recursive: true });
    // Version 1 of the wire, 8 fuses, as Electron ships them.
    writeFileSync(join(dist, 'electron'), `#!/bin/sh\n# ${SENTINEL}\u0001\u000810011100\n`);
    chmodSync(join(dist, 'electron'), 0o755);
    writeFileSync(join(dist, 'chrome-sandbox'), '');
    const cli = createRequire(import.meta.url).resolve('electron-builder/cli.js');
    const words = [
      '--linux',
      'dir',
      '--x64',
      `-c.electronDist=${dist}`,
      `-c.directories.output=${join(folder, 'out')}`,
    ];
    await run(process.execPath, [cli, ...words], { cwd: root, timeout: 230_000 });
    resources = join(folder, 'out/linux-unpacked/resources');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has its fuses set', () => {
    const binary = readFileSync(join(folder, 'out/linux-unpacked/umbra-lab'), 'latin1');
    const at = binary.indexOf(SENTINEL) + SENTINEL.length + 2;
    const wire = binary.slice(at, at + FUSES.length);
    expect(Object.fromEntries(FUSES.map((fuse, i) => [fuse, wire[i]]))).toEqual({
      runAsNode: '0',
      enableCookieEncryption: '1',
      enableNodeOptionsEnvironmentVariable: '0',
      enableNodeCliInspectArguments: '0',
      enableEmbeddedAsarIntegrityValidation: '1',
      onlyLoadAppFromAsar: '1',
      loadBrowserProcessSpecificV8Snapshot: '0',
      grantFileProtocolExtraPrivileges: '0',
    });
  });

  it('holds what the app needs, and of native code only what this machine loads', () => {
    const files = listPackage(join(resources, 'app.asar'), { isPack: false });
    expect(files).toContain('/out/main/index.js');
    expect(files).toContain('/out/preload/index.cjs');
    expect(files).toContain('/out/renderer/index.html');
    // Threads of an import: beside the bundle of the job that starts them.
    expect(files).toContain('/out/main/chunks/spe-worker.js');
    expect(files).toContain('/out/main/chunks/trace-worker.js');
    expect(files).toContain('/out/main/chunks/hash-worker.js');
    expect(files).toContain('/out/main/chunks/unpack-worker.js');
    expect(files).toContain('/LICENSE');
    expect(files).toContain('/out/third-party-notices.txt');
    expect(files.filter((f) => f.startsWith('/out/cli/'))).toEqual([]);
    expect(files.filter((f) => /^\/(test|core|renderer|docs|kit)\//.test(f))).toEqual(['/kit/umbra-capture.sh']);
    const natives = join(resources, 'app.asar.unpacked/node_modules/better-sqlite3/prebuilds');
    expect(readdirSync(natives)).toEqual(['linux-x64.node']);
    expect(readdirSync(join(resources, 'app.asar.unpacked/node_modules/@duckdb'))).toEqual(['node-bindings-linux-x64']);
    expect(files.filter((f) => /^\/node_modules\/@duckdb\/node-bindings-[^/]+$/.test(f))).toHaveLength(1);
    expect(readFileSync(join(resources, 'app.asar')).length).toBeLessThan(40 * 2 ** 20);
  });

  it('unpacks captures in a thread that it finds beside the job that starts it', async () => {
    const app = join(folder, 'threads');
    extractAll(join(resources, 'app.asar'), app);
    const chunks = join(app, 'out/main/chunks');
    const job = readdirSync(chunks).find((name) => name.startsWith('job-worker'));
    const packed = join(folder, 'pair.perf.data.gz');
    writeFileSync(packed, gzipSync(readFileSync(join(root, 'test/fixtures/spe/one-record.perf.data'))));
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const lab = join(folder, 'threads.umbra');
    openLabFile(lab, 'create').close();
    const worker = new Worker(join(chunks, job!), {
      workerData: {
        lab: join(folder, 'threads.umbra'),
        job: { kind: 'import', files: [{ path: packed, name: 'pair.perf.data.gz' }] },
        flag,
      },
    });
    const told: unknown[] = [];
    await new Promise((resolve, reject) => {
      worker.on('message', (message: object) => 'progress' in message || told.push(message));
      worker.on('error', reject).on('exit', resolve);
    });
    expect(told).toEqual([{ result: { captures: [1] } }]);
  });

  it('runs on what it holds: the example, replayed, its report, the kit’s script, a campaign', async () => {
    const app = join(folder, 'app');
    extractAll(join(resources, 'app.asar'), app);
    expect(existsSync(join(app, 'package.json'))).toBe(true);
    const profile = join(folder, 'profile');
    mkdirSync(profile);
    const campaign = join(folder, 'campaign');
    synthCampaign(campaign, { boards: ['quiet'], workloads: ['mixed'], repetitions: 1, samples: 300 });
    runPair(readCampaign(campaign), { key: 'quiet/mixed/1' });
    collectCampaign(campaignState(readCampaign(campaign)));
    const { stdout } = await run(process.execPath, ['--import', hook, drive, join(app, 'out/main/index.js')], {
      timeout: 150_000,
      env: { ...process.env, UMBRA_TEST_PROFILE: profile, UMBRA_TEST_CAMPAIGN: campaign },
    });
    expect(JSON.parse(stdout)).toEqual({
      title: 'example.umbra – Umbra',
      told: ['port', 'do'],
      captures: ['example', 'example'],
      report: 'umbra-run-1.html',
      rows: 2,
      // What runs on boards is the kit's script, from within the package.
      script: createHash('sha256')
        .update(readFileSync(join(root, 'kit/umbra-capture.sh')))
        .digest('hex'),
      ...{ collected: true, pairs: ['quiet/mixed/1'] },
    });
  });
});
