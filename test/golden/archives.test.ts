/** Archives and mails around trace text: what is read, what is refused and why. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { create } from 'tar';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { importFiles } from '../../core/lab/import/import.ts';

const inputs = fileURLToPath(new URL('../fixtures/inputs/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'umbra-archives-'));
// Other tests look for what imports leave behind.
vi.stubEnv('TMPDIR', folder);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
const trace = gunzipSync(readFileSync(`${inputs}trace.txt.gz`));
const EVENTS = 330;

let n = 0;
function imported(bytes: Uint8Array | string): number[] {
  const file = join(folder, `${n++}.bin`);
  writeFileSync(file, bytes);
  return importFiles(`${file}.umbra`, [file]).map((c) => c.events);
}

/** A tar of files in a folder of its own. */
function tar(files: Readonly<Record<string, Uint8Array>>, links: Readonly<Record<string, string>> = {}): Buffer {
  const cwd = join(folder, `${n++}.d`);
  mkdirSync(cwd);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(cwd, name), bytes);
  for (const [name, to] of Object.entries(links)) symlinkSync(to, join(cwd, name));
  create({ cwd, file: `${cwd}.tar`, sync: true }, [...Object.keys(files), ...Object.keys(links)]);
  return readFileSync(`${cwd}.tar`);
}

/** A zip of one stored file, with these flags and method in its headers (APPNOTE.TXT, 4.3.7 and 4.3.12). */
function zip(name: string, bytes: Uint8Array, { flags = 0, method = 0 } = {}): Buffer {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(flags, 2);
  common.writeUInt16LE(method, 4);
  common.writeUInt32LE(crc32(bytes), 10);
  common.writeUInt32LE(bytes.length, 14);
  common.writeUInt32LE(bytes.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), bytes]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\0', 'latin1'),
    common,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

describe('are read', () => {
  const head = 'From: a@b.c\nSubject: trace\nContent-Type: text/plain; charset=utf-8\n';
  const wrapped = trace.toString('base64').replace(/.{76}/g, '$&\n');
  test('a mail in base64', () => {
    expect(imported(`${head}Content-Transfer-Encoding: base64\n\n${wrapped}\n`)).toEqual([EVENTS]);
  });
  test('a mail in quoted-printable, whose header has = of its own', () => {
    const text = trace
      .toString('latin1')
      .replaceAll('=', '=3D')
      .replace(/^(.{70})(?=.)/gm, '$1=\n');
    expect(imported(`${head}Content-Transfer-Encoding: quoted-printable\n\n${text}`)).toEqual([EVENTS]);
  });
  test('an attachment that is packed', () => {
    const mixed = 'From: a@b.c\nSubject: trace\nContent-Type: multipart/mixed; boundary=x\n\n';
    const packed = gzipSync(trace).toString('base64');
    const part = `Content-Type: application/gzip; name=t.gz\nContent-Transfer-Encoding: base64\n\n${packed}\n`;
    expect(imported(`${mixed}--x\n\nsee below\n--x\n${part}--x--\n`)).toEqual([EVENTS]);
  });
  test('an archive in an archive', () => {
    expect(imported(zip('a.zip', zip('trace.txt', trace)))).toEqual([EVENTS]);
    expect(imported(tar({ 'a.tar': tar({ 'trace.txt': trace }), README: Buffer.from('hi') }))).toEqual([EVENTS]);
  });
  test('a tar older than ustar, whose header has no name for that', () => {
    const old = tar({ 'trace.txt': trace });
    old.fill(0, 257, 265);
    old.write('        ', 148, 'latin1');
    const sum = old.subarray(0, 512).reduce((a, b) => a + b, 0);
    old.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(imported(old)).toEqual([EVENTS]);
  });
});

describe('compressed data that break off: what came before is read', () => {
  const LINES = 5000;
  const text = Buffer.from(
    Array.from({ length: LINES }, (_, i) => {
      const pc = (i * 2654435761) % 2 ** 32;
      return `   vmm-7 [001] .....  60.${String(100_000 + i)}: kvm_entry: PC: 0x${pc.toString(16).padStart(16, '0')}\n`;
    }).join(''),
  );
  const half = (packed: Uint8Array) => packed.subarray(0, packed.length / 2);
  const damaged = (packed: Uint8Array) => packed.map((byte, i) => (i === packed.length >> 1 ? byte ^ 0xff : byte));
  test.each<[string, Uint8Array, string]>([
    ['gzip, cut short', half(gzipSync(text)), 'gzip is cut short or damaged (unexpected end of file)'],
    ['gzip, a byte changed', damaged(gzipSync(text)), 'gzip is cut short or damaged'],
    ['zstd, cut short', half(zstdCompressSync(text)), 'zstd is cut short or damaged (unexpected end of file)'],
    ['gzip within gzip', gzipSync(half(gzipSync(text))), 'gzip is cut short or damaged'],
  ])('%s', (_, packed, message) => {
    const file = join(folder, `${n++}.bin`);
    writeFileSync(file, packed);
    const [{ events, warnings }] = importFiles(`${file}.umbra`, [file]);
    // zstd's blocks have 128 KB.
    expect(events).toBeGreaterThan(0.3 * LINES);
    expect(events).toBeLessThan(LINES);
    expect(warnings).toContainEqual(
      expect.objectContaining({
        kind: 'packed-cut',
        severity: 'data-loss',
        message: expect.stringContaining(message),
        offset: expect.any(Number),
      }),
    );
  });
  test('but for a few lines, where something follows, too', () => {
    const [events] = imported(Buffer.concat([gzipSync(text), Buffer.from('garbage')]));
    expect(events).toBeGreaterThan(LINES - 20);
  });
  test('bzip2 has nothing before its only block', () => {
    const cut = readFileSync(`${inputs}perf.data.bz2`).subarray(0, -100);
    expect(() => imported(cut)).toThrow(/bzip2: can't be unpacked.*`bzip2recover FILE`/);
  });
});

describe('are refused', () => {
  test.each([
    ['encrypted', { flags: 1, method: 8 }, /is a zip that is encrypted: unpack it with its password/],
    [
      'packed otherwise',
      { method: 12 },
      /is a zip that holds files packed in a way that isn't read: unpack it with `7z x`/,
    ],
  ])('a zip: %s', (_, form, message) => {
    expect(() => imported(zip('trace.txt', trace, form))).toThrow(message);
  });
  test('a zip whose paths lead out of it', () => {
    expect(() => imported(zip('../trace.txt', trace))).toThrow(/holds a path that leads out of its folder/);
  });
  test('five archives in each other', () => {
    let inner: Buffer = trace;
    for (let i = 0; i < 4; i++) inner = zip('a.zip', inner);
    expect(imported(inner)).toEqual([EVENTS]);
    expect(() => imported(zip('a.zip', inner))).toThrow('more than 4 archives in each other: unpack it by hand');
  });
  test('a tar of links', () => {
    expect(() => imported(tar({}, { trace: '/etc/hostname' }))).toThrow('a tar of links and devices alone');
  });
  test('cut short within its first bytes, with what saves the rest', () => {
    const cut = gzipSync(trace).subarray(0, 30);
    expect(() => imported(cut)).toThrow(/gzip: can't be unpacked.*; `gzip -dc FILE > PART` saves what is left$/);
  });
  test('a compressed archive that is cut short', () => {
    const cut = gzipSync(tar({ 'trace.txt': trace }), { level: 0 }).subarray(0, -9000);
    expect(() => imported(cut)).toThrow(/gzip: can't be unpacked.*; `gzip -dc FILE > PART` saves what is left$/);
  });
  // GNU's tools make them.
  test.runIf(process.platform === 'linux')('a tar with holes left out', () => {
    const file = join(folder, 'sparse.txt');
    writeFileSync(file, Buffer.concat([trace, Buffer.alloc(1 << 20)]));
    execFileSync('cp', ['--sparse=always', file, `${file}.holes`]);
    execFileSync('tar', ['-cSf', `${file}.tar`, '-H', 'pax', '-C', folder, 'sparse.txt.holes']);
    expect(() => imported(readFileSync(`${file}.tar`))).toThrow('(sparse.txt.holes, sparse): unpack it with `tar xf`');
    // GNU tar's own form has a type that the reader passes over, beside other files without a word.
    const both = ['-C', folder, 'sparse.txt.holes', 'sparse.txt'];
    execFileSync('tar', ['-cSf', `${file}.tar`, '-H', 'gnu', ...both]);
    expect(() => imported(readFileSync(`${file}.tar`))).toThrow('(sparse.txt.holes, sparse): unpack it with `tar xf`');
  });
});
