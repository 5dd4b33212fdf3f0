/** Files in layers around a capture, unpacked into a temporary folder for as long as they are used. */
import { closeSync, mkdtempSync, readSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../../formats/problems.ts';
import { openRegular } from '../../file-source.ts';
import { endThread, Patience, startThread, takeMessages, threadProgram } from '../threads.ts';
import { isArchive, LAYER_HEAD, layerOf, MAX_FILES } from './layers.ts';
import type { Archive, Layer } from './layers.ts';
import type { UnpackMessage, UnpackWork } from './unpack-worker.ts';

/** Most nested layers: `.tar.gz` has two, a UTF-16 text in it three. */
const MAX_LAYERS = 4;
/** Captures and their text compress to a twentieth or so; what grows beyond this isn't a capture. */
const RATIO = 300;
/** Small files may still grow to this, bytes. */
const SLACK = 64 << 20;
/** Of the free space in the temporary folder. */
const SHARE = 0.8;

export interface Unpacked {
  /** The file itself, if it wasn't wrapped. */
  readonly path: string;
  /** Outermost first. */
  readonly layers: readonly Layer[];
  /** What is left to take apart, if it is an archive. */
  readonly archive: Archive | undefined;
  /** A layer that broke off, if one did: what there is of the file is what came before. */
  readonly cut?: Cut;
}

export interface Cut {
  /** In words that follow the file's name: for whatever can't do with a part. */
  readonly message: string;
  readonly layer: Layer;
  readonly reason: string;
  /** Unpacked bytes before it broke off. */
  readonly bytes: number;
}

/** Runs `use` on what is inside a file's layers. @throws InputError if a layer is damaged or grows beyond reason */
export function withUnpacked<T>(file: string, use: (unpacked: Unpacked) => T, shown = file): T {
  const first = layerAt(file);
  if (first === undefined || isArchive(first)) return use({ path: file, layers: [], archive: first });
  const folder = mkdtempSync(join(tmpdir(), 'umbra-unpacked-'));
  try {
    const layers: Layer[] = [];
    let path = file;
    let layer: Layer | Archive | undefined = first;
    let cut: Cut | undefined;
    while (layer !== undefined && !isArchive(layer)) {
      if (layers.length === MAX_LAYERS)
        throw new InputError(shown, `more than ${MAX_LAYERS} layers (${layers.join(' in ')} …): unpack it by hand`);
      const to = join(folder, String(layers.length));
      cut = unpack({ from: path, to, layer, limit: room(path, folder) }, shown) ?? cut;
      if (path !== file) rmSync(path);
      layers.push(layer);
      path = to;
      layer = layerAt(path);
    }
    if (cut && layer !== undefined) throw new InputError(shown, cut.message);
    return use({ path, layers, archive: layer, ...(cut && { cut }) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Most bytes a file's contents may have. */
export function room(packed: string, folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.min(SLACK + RATIO * statSync(packed).size, SHARE * bavail * bsize);
}

/** Also undefined for unreadable files: reading them later says why. */
export function layerAt(file: string): Layer | Archive | undefined {
  let fd: number;
  try {
    ({ fd } = openRegular(file));
  } catch {
    return undefined;
  }
  try {
    const head = Buffer.alloc(LAYER_HEAD);
    return layerOf(head.subarray(0, readSync(fd, head, 0, LAYER_HEAD, 0)));
  } finally {
    closeSync(fd);
  }
}

/** Unpacks one layer, or what there is of it. @throws InputError if that is nothing, or grows beyond its limit */
export function unpack(work: UnpackWork, shown: string): Cut | undefined {
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const patience = new Patience(posted, 0);
  const thread = [startThread(threadProgram('unpack-worker'), { ...work, posted })];
  let done: Extract<UnpackMessage, { kind: 'done' }> | undefined;
  try {
    while (!done) {
      const { seen } = patience;
      const any = takeMessages<UnpackMessage>(thread, (message) => {
        if (message.kind === 'failed') throw failure(shown, work, message);
        if (message.kind === 'done') done = message;
      });
      if (any) patience.heard();
      else patience.wait(seen);
    }
  } finally {
    thread.forEach(endThread);
  }
  const { layer } = work;
  if (done.cut === undefined || layer === 'zip' || layer === 'mail') return undefined;
  return { message: damaged(layer, done.cut), layer, reason: done.cut, bytes: done.bytes };
}

/** What to say of an archive that holds more than MAX_FILES. */
export function tooManyFiles(archive: string): string {
  return `a ${archive} of more than ${MAX_FILES} files: unpack it and name those you mean`;
}

/** What saves the readable part of damaged data. */
const RESCUE: Readonly<Partial<Record<UnpackWork['layer'], string>>> = {
  gzip: 'gzip -dc FILE > PART',
  zstd: 'zstd -dc FILE > PART',
  xz: 'xz -dc FILE > PART',
  bzip2: 'bzip2recover FILE',
  zip: 'zip -FF FILE --out FIXED.zip',
};

/** What isn't damage, by the words of yauzl. */
const UNREAD: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/encrypted/, 'is encrypted: unpack it with its password'],
  [/unsupported compression method: \d+/, "holds files packed in a way that isn't read: unpack it with `7z x`"],
  [/(?:absolute|relative) path/, 'holds a path that leads out of its folder: unpack it by hand'],
];

function failure(
  shown: string,
  { layer, limit }: UnpackWork,
  { message, beyond }: Extract<UnpackMessage, { kind: 'failed' }>,
): InputError {
  if (beyond === 'files') return new InputError(shown, tooManyFiles(layer));
  if (beyond === 'bytes') {
    const size = `grows beyond ${limit} bytes, more than any capture of its size (or than there is room for)`;
    return new InputError(shown, `${layer}: ${size}: unpack it by hand`);
  }
  const unread = layer === 'zip' && UNREAD.find(([pattern]) => pattern.test(message))?.[1];
  if (unread) return new InputError(shown, `is a zip that ${unread} (${message})`);
  return new InputError(shown, damaged(layer, message));
}

function damaged(layer: UnpackWork['layer'], message: string): string {
  const rescue = RESCUE[layer];
  const left = rescue === undefined ? '' : `; \`${rescue}\` saves what is left`;
  return `${layer}: can't be unpacked, it is damaged or cut short (${message})${left}`;
}
