/** The thread that unpacks a file into another by streaming, while the import waits. See unpack.ts. */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import type { Transform } from 'node:stream';
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { Decoder as QuotedPrintable } from 'libqp';
// CommonJS: Node sees no names in it.
import * as xz from 'xz-decompress';
import yauzl from 'yauzl';
import { openRegular } from '../../file-source.ts';
import { writeAll } from '../../part-files.ts';
import { bunzip } from './bunzip.ts';
import { MAX_FILES } from './layers.ts';
import type { Layer } from './layers.ts';

export type UnpackMessage =
  | { readonly kind: 'read'; readonly bytes: number }
  /** `cut`: why no more could be unpacked of it. */
  | { readonly kind: 'done'; readonly bytes: number; readonly cut?: string }
  /** `beyond`: it grew beyond its limit, or holds too many files. */
  | { readonly kind: 'failed'; readonly message: string; readonly beyond?: 'bytes' | 'files' };

export interface UnpackWork {
  readonly from: string;
  readonly to: string;
  /** An archive's files go into the folder `to`, numbered: no paths chosen by the archive. */
  readonly layer: Layer | 'zip' | 'mail';
  /** Most bytes of output. */
  readonly limit: number;
}

/** zstd's own default limit for unpacking (ZSTD_WINDOWLOG_LIMIT_DEFAULT): 128 MiB. */
const ZSTD_WINDOW_LOG = 27;
/** Bytes read at once, at most. */
const PIECE = 1 << 18;
/** Pieces that a file is read in, at least: what a decompressor makes of one is lost if that is damaged, or the last. */
const PIECES = 512;
const SMALLEST = 64;
/** Bytes between two progress messages. */
const TELL = 8 << 20;

const { XzReadableStream } = 'default' in xz ? xz.default : xz;

class Limit extends Error {}
class TooManyFiles extends Error {}

const { from, to, layer, limit, port, posted } = workerData as UnpackWork & {
  readonly port: MessagePort;
  readonly posted: Int32Array<SharedArrayBuffer>;
};

const post = (message: UnpackMessage) => {
  port.postMessage(message);
  Atomics.add(posted, 0, 1);
  Atomics.notify(posted, 0);
};

function unpacked(layer: Layer): Readable {
  const piece = Math.min(PIECE, Math.max(SMALLEST, statSync(from).size / PIECES));
  const file = createReadStream(from, { highWaterMark: Math.ceil(piece) });
  // Where one stream fails, the other does.
  const through = (transform: Transform): Readable => pipeline(file, transform, () => undefined);
  switch (layer) {
    case 'gzip':
      return through(createGunzip({ chunkSize: PIECE }));
    case 'zstd':
      return through(
        createZstdDecompress({ chunkSize: PIECE, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }),
      );
    case 'xz':
      return Readable.from(new XzReadableStream(Readable.toWeb(file) as ReadableStream<Uint8Array>));
    case 'bzip2':
      file.destroy();
      return Readable.from(bunzipped());
    case 'UTF-16LE':
    case 'UTF-16BE':
      return Readable.from(recoded(file, layer === 'UTF-16LE' ? 'utf-16le' : 'utf-16be'));
    case 'quoted-printable':
      return through(new QuotedPrintable());
  }
}

function bunzipped(): Generator<Uint8Array> {
  const { fd, size } = openRegular(from);
  const pieces = function* () {
    for (let at = 0; at < size;) {
      const piece = new Uint8Array(PIECE);
      const got = readSync(fd, piece, 0, PIECE, at);
      if (!got) return;
      at += got;
      yield piece.subarray(0, got);
    }
  };
  const iterator = pieces();
  return bunzip(
    () => iterator.next().value ?? undefined,
    size,
    (grown) => {
      if (grown > limit) throw new Limit();
    },
  );
}

async function* recoded(file: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  for await (const chunk of file) yield encoder.encode(decoder.decode(chunk, { stream: true }));
  yield encoder.encode(decoder.decode());
}

/** What XZ Embedded's return values mean (xz.h). */
const xzReasons: Readonly<Record<string, string>> = {
  4: 'it needs too much memory',
  6: "options that aren't read",
  7: 'damaged data',
  8: 'unexpected end of file',
};

function reasonOf({ message }: Error): string {
  const code = /error code (\d+)$/.exec(message)?.[1];
  return (code !== undefined && xzReasons[code]) || message;
}

let bytes = 0;
let told = 0;

function write(fd: number, chunk: Uint8Array): void {
  bytes += chunk.length;
  if (bytes > limit) throw new Limit();
  writeAll(fd, chunk);
  if (bytes - told < TELL) return;
  post({ kind: 'read', bytes: bytes - told });
  told = bytes;
}

/** Writes what comes until it ends, or fails. Returns why it failed, if anything came before. */
async function drain(stream: Readable, path: string): Promise<string | undefined> {
  const fd = openSync(path, 'wx', 0o600);
  try {
    return await new Promise((resolve, reject) => {
      // Not by an iterator: that forgets what it holds when the stream fails.
      stream.on('data', (chunk: Uint8Array) => {
        try {
          write(fd, chunk);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          stream.destroy();
        }
      });
      stream.on('end', () => resolve(undefined));
      stream.on('error', (error) => (bytes && !(error instanceof Limit) ? resolve(reasonOf(error)) : reject(error)));
    });
  } finally {
    closeSync(fd);
  }
}

async function unzip(): Promise<void> {
  const zip = await yauzl.openPromise(from);
  let files = 0;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    if (++files > MAX_FILES) throw new TooManyFiles();
    const cut = await drain(await zip.openReadStreamPromise(entry), join(to, `${files}-${plainName(entry.fileName)}`));
    if (cut !== undefined) throw new Error(cut);
  }
}

function plainName(name: string): string {
  return name
    .replace(/.*[/\\]/, '')
    .replace(/[^\w.+-]/g, '_')
    .slice(-100);
}

async function unmail(): Promise<void> {
  // It knows all the world's encodings, which takes a while to load.
  const { takeMailApart } = await import('./mail.ts');
  let files = 0;
  let fd: number | undefined;
  const close = () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  try {
    await takeMailApart(createReadStream(from, { highWaterMark: PIECE }), {
      begin: (name) => {
        if (++files > MAX_FILES) throw new TooManyFiles();
        close();
        fd = openSync(join(to, `${files}-${plainName(name)}`), 'wx', 0o600);
      },
      write: (part) => {
        if (fd !== undefined) write(fd, part);
      },
    });
  } finally {
    close();
  }
}

try {
  let cut: string | undefined;
  if (layer === 'zip') await unzip();
  else if (layer === 'mail') await unmail();
  else cut = await drain(unpacked(layer), to);
  post({ kind: 'done', bytes, cut });
} catch (error) {
  const beyond = error instanceof Limit ? 'bytes' : error instanceof TooManyFiles ? 'files' : undefined;
  post({ kind: 'failed', message: reasonOf(error as Error), beyond });
}
