/** Files in layers around a capture, unpacked into a temporary folder for as long as they are used. */
import { closeSync, mkdtempSync, readSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../../formats/problems.ts';
import { openRegular } from '../../file-source.ts';
import { endThread, Patience, startThread, takeMessages, threadProgram } from '../threads.ts';
import { LAYER_HEAD, layerOf, MAX_FILES } from './layers.ts';
import type { Archive, Layer } from './layers.ts';
import type { UnpackMessage, UnpackWork } from './unpack-worker.ts';

/** Layers around each other: `.tar.gz` has two, a text in UTF-16 in it three. */
const MAX_LAYERS = 4;
/** Captures and their text shrink to a twentieth or so; what grows beyond this is no capture. */
const RATIO = 300;
/** Small files may grow to this all the same, bytes. */
const SLACK = 64 << 20;
/** Of the free space in the temporary folder. */
const SHARE = 0.8;

export interface Unpacked {
  /** The file itself, if nothing was around it. */
  readonly path: string;
  /** From the outside in. */
  readonly layers: readonly Layer[];
  /** What is left to take apart, if it is an archive. */
  readonly archive: Archive | undefined;
}

/** Runs `use` on what is inside of a file's layers. @throws InputError if a layer is damaged, or grows beyond reason */
export function withUnpacked<T>(file: string, use: (unpacked: Unpacked) => T, shown = file): T {
  const first = layerAt(file);
  if (first === undefined || first === 'zip' || first === 'tar') return use({ path: file, layers: [], archive: first });
  const folder = mkdtempSync(join(tmpdir(), 'umbra-unpacked-'));
  try {
    const layers: Layer[] = [];
    let path = file;
    let layer: Layer | Archive | undefined = first;
    while (layer !== undefined && layer !== 'zip' && layer !== 'tar') {
      if (layers.length === MAX_LAYERS)
        throw new InputError(shown, `more than ${MAX_LAYERS} layers (${layers.join(' in ')} …): unpack it by hand`);
      const to = join(folder, String(layers.length));
      unpack({ from: path, to, layer, limit: room(path, folder) }, shown);
      if (path !== file) rmSync(path);
      layers.push(layer);
      path = to;
      layer = layerAt(path);
    }
    return use({ path, layers, archive: layer });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes that a file's contents may have. */
export function room(packed: string, folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.min(SLACK + RATIO * statSync(packed).size, SHARE * bavail * bsize);
}

/** Undefined too for what can't be read: whoever reads it says why. */
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

/** Unpacks one layer. @throws InputError if it is damaged, or grows beyond its limit */
export function unpack(work: UnpackWork, shown: string): void {
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const patience = new Patience(posted, 0);
  const thread = [startThread(threadProgram('unpack-worker'), { ...work, posted })];
  let done = false;
  try {
    while (!done) {
      const { seen } = patience;
      const any = takeMessages<UnpackMessage>(thread, (message) => {
        if (message.kind === 'failed') throw failure(shown, work, message);
        done = message.kind === 'done';
      });
      if (any) patience.heard();
      else patience.wait(seen);
    }
  } finally {
    thread.forEach(endThread);
  }
}

/** What to say of an archive that holds more than MAX_FILES. */
export function tooManyFiles(archive: string): string {
  return `a ${archive} of more than ${MAX_FILES} files: unpack it and name those you mean`;
}

function failure(
  shown: string,
  { layer, limit }: UnpackWork,
  { message, beyond }: Extract<UnpackMessage, { kind: 'failed' }>,
): InputError {
  return new InputError(
    shown,
    beyond === 'files'
      ? tooManyFiles(layer)
      : beyond === 'bytes'
        ? `${layer}: grows beyond ${limit} bytes, more than any capture of its size (or than there is room for): unpack it by hand`
        : `${layer}: can't be unpacked, it is damaged or cut short (${message})`,
  );
}
