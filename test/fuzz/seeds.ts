/** What the fuzzer starts with: the fixtures, and small pairs made for it. Traces hold KVM events, so that stage 2 is reconstructed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { create } from 'tar';
import { synthFiles } from '../../core/lab/exports/synth.ts';
import { builtinPolicies } from '../../core/model/policies.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { addCapture } from '../../core/store/captures.ts';
import type { Kind } from './targets.ts';

export interface Seed {
  readonly kind: Kind;
  readonly bytes: Uint8Array;
}

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** Larger ones are slow to run, bytes. */
const MAX_SEED = 128 << 10;
/** Lines of a long text that are enough. */
const HEAD_LINES = 400;

export function seeds(): Seed[] {
  const plain = [...fromFixtures(), ...synthesised(), ...written()];
  return [...plain, ...wrapped(plain)];
}

function fromFixtures(): Seed[] {
  const found: Seed[] = [];
  const take = (folder: string, pattern: RegExp, kind: Kind): void => {
    for (const name of readdirSync(join(fixtures, folder)).filter((n) => pattern.test(n))) {
      const path = join(fixtures, folder, name);
      const packed = statSync(path).size <= 2 * MAX_SEED ? readFileSync(path) : undefined;
      if (!packed) continue;
      const bytes = name.endsWith('.gz') ? head(gunzipSync(packed)) : new Uint8Array(packed);
      if (bytes.length <= MAX_SEED) found.push({ kind, bytes });
    }
  };
  take('spe', /\.perf\.data$/, 'capture');
  take('perf-data', /\.perf\.data$/, 'capture');
  take('trace', /\.(dat|ftrace\.txt)$/, 'capture');
  take('text', /\.(csv|script(-guest)?\.txt\.gz)$/, 'capture');
  take('stage2', /\.trace\.txt\.gz$/, 'capture');
  take('stage2', /\.vm\.json$/, 'vm');
  take('inputs', /\.txt(\.gz)?$/, 'capture');
  take('symbols', /^kv\.(exec|so|pie|elf32|so\.debug)$/, 'elf');
  return found;
}

/** The first lines of text; the rest is more of the same. */
function head(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(
    Buffer.from(Buffer.from(bytes).toString('latin1').split('\n').slice(0, HEAD_LINES).join('\n'), 'latin1'),
  );
}

function synthesised(): Seed[] {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-seeds-'));
  try {
    const found: Seed[] = [];
    for (const [n, options] of [{ traceVersion: 6 }, { traceVersion: 7 }, { traceVersion: 7, zstd: true }].entries()) {
      const made = synthFiles(join(folder, String(n)), { samples: 200, kvmEvents: 300, ...(options as object) });
      for (const file of [made.files.spe, made.files.kvm])
        found.push({ kind: 'capture', bytes: new Uint8Array(readFileSync(file)) });
    }
    const lab = join(folder, 'lab.umbra');
    inLabFile(lab, 'create', (db) => {
      addCapture(db, { kind: 'spe', name: 'a', file: 'a.data', format: 'perf.data', bytes: 1 });
    });
    found.push({ kind: 'lab', bytes: new Uint8Array(readFileSync(lab)) });
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function written(): Seed[] {
  const text = (kind: Kind, value: string): Seed => ({ kind, bytes: new Uint8Array(Buffer.from(value)) });
  const own = { ...builtinPolicies.find(({ pin }) => pin !== 'no-stage-2')!, id: 'own' };
  return [
    text('policy', JSON.stringify({ id: 'own', pin: own.pin, onFault: own.onFault })),
    text('policy', JSON.stringify([own])),
    text('scenario', '{"events":[{"t":0,"kind":"unmap","cause":"host-mm","lane":0,"every":1000,"times":20}]}'),
    text('scenario', '{"events":[{"t":5,"kind":"write-protect","cause":"dirty-log","ipa":"0x80000000","size":8192}]}'),
    text(
      'kallsyms',
      'ffffffc008000000 T _text\nffffffc008010000 t handle_exit\t[kvm]\nffffffc008010100 T __guest_enter\n',
    ),
    text('perf-map', '7f0000001000 40 LFoo;bar()V\n7f0000001040 80 stub\n'),
  ];
}

/** Small captures as they are handed on: in archives, compressed, in mails. */
function wrapped(plain: readonly Seed[]): Seed[] {
  const captures = plain.filter(({ kind, bytes }) => kind === 'capture' && bytes.length < MAX_WRAPPED).slice(0, 8);
  return captures.flatMap(({ bytes }) =>
    [gzipSync(bytes), zstdCompressSync(bytes), tarOf(bytes), Buffer.from(mailOf(bytes))].map((packed): Seed => ({
      kind: 'capture',
      bytes: new Uint8Array(packed),
    })),
  );
}

const MAX_WRAPPED = 16 << 10;

function tarOf(bytes: Uint8Array): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-seeds-'));
  try {
    writeFileSync(join(folder, 'capture'), bytes);
    create({ sync: true, cwd: folder, file: join(folder, 'capture.tar') }, ['capture']);
    return readFileSync(join(folder, 'capture.tar'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mailOf(bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64').replace(/.{76}/g, '$&\n');
  return [
    'From a@b.c Mon Nov 23 16:22:14 2026\nFrom: a@b.c\nSubject: trace\nContent-Type: multipart/mixed; boundary=x\n',
    '--x\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nsee =3D below=\n',
    `--x\nContent-Disposition: attachment; filename=capture\nContent-Transfer-Encoding: base64\n\n${base64}`,
    '--x--\n',
  ].join('\n');
}
