/** The thread that unpacks a file into another by streaming, while the import waits. See unpack.ts. */
import { closeSync, createReadStream, createWriteStream, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
// CommonJS: Node sees no names in it.
import { Decoder as QuotedPrintable } from 'libqp';
import * as xz from 'xz-decompress';
import yauzl from 'yauzl';
import { openRegular } from '../../file-source.ts';
import { bunzip } from './bunzip.ts';
import { MAX_FILES } from './layers.ts';
import type { Layer } from './layers.ts';

export type UnpackMessage =
  | { readonly kind: 'read'; readonly bytes: number }
  | { readonly kind: 'done' }
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
/** Bytes read at once. */
const PIECE = 1 << 18;
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

function unpacked(layer: Layer): AsyncIterable<Uint8Array> {
  const file = createReadStream(from, { highWaterMark: PIECE });
  switch (layer) {
    case 'gzip':
      return file.pipe(createGunzip()).on('error', () => file.destroy());
    case 'zstd': {
      const zstd = createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } });
      return file.pipe(zstd).on('error', () => file.destroy());
    }
    case 'xz':
      return new XzReadableStream(Readable.toWeb(file) as ReadableStream<Uint8Array>);
    case 'bzip2':
      file.destroy();
      return Readable.from(bunzipped());
    case 'UTF-16LE':
    case 'UTF-16BE':
      return recoded(file, layer === 'UTF-16LE' ? 'utf-16le' : 'utf-16be');
    case 'quoted-printable':
      return file.pipe(new QuotedPrintable());
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

let bytes = 0;
let told = 0;

async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) throw new Limit();
    if (bytes - told >= TELL) {
      post({ kind: 'read', bytes: bytes - told });
      told = bytes;
    }
    yield chunk;
  }
}

const write = (chunks: AsyncIterable<Uint8Array>, path: string) =>
  pipeline(counted(chunks), createWriteStream(path, { flags: 'wx', mode: 0o600 }));

async function unzip(): Promise<void> {
  const zip = await yauzl.openPromise(from);
  let files = 0;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    if (++files > MAX_FILES) throw new TooManyFiles();
    await write(await zip.openReadStreamPromise(entry), join(to, `${files}-${plainName(entry.fileName)}`));
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
        bytes += part.length;
        if (bytes > limit) throw new Limit();
        if (fd !== undefined) writeSync(fd, part);
      },
    });
  } finally {
    close();
  }
}

try {
  await (layer === 'zip' ? unzip() : layer === 'mail' ? unmail() : write(unpacked(layer), to));
  post({ kind: 'done' });
} catch (error) {
  const beyond = error instanceof Limit ? 'bytes' : error instanceof TooManyFiles ? 'files' : undefined;
  post({ kind: 'failed', message: (error as Error).message, beyond });
}
