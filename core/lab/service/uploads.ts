/** Files that only a page has: their bytes come in parts and stay in a temporary folder until imported. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RequestError } from '../about.ts';
import { writeAll } from '../part-files.ts';
import { MAX_UPLOAD, UPLOAD_PART } from '../../contract/limits.ts';

interface Upload {
  readonly path: string;
  readonly bytes: number;
  fd: number | undefined;
  got: number;
}

export interface Uploads {
  /** Reserves `bytes` bytes. Throws RequestError beyond MAX_UPLOAD in all. */
  start(bytes: number, name?: string): number;
  /** Appends. Throws RequestError if that is more than was announced. */
  add(id: number, data: Uint8Array): void;
  /** The file's path. Throws RequestError unless it is complete. */
  path(id: number): string;
  drop(id: number): void;
  close(): void;
}

export function createUploads(): Uploads {
  const open = new Map<number, Upload>();
  let folder: string | undefined;
  let nextId = 1;

  const find = (id: number): Upload => {
    const upload = open.get(id);
    if (!upload) throw new RequestError(`no upload ${id}: it was given up, or the lab's process is another one now`);
    return upload;
  };
  const finish = (upload: Upload) => {
    if (upload.fd !== undefined) closeSync(upload.fd);
    upload.fd = undefined;
  };
  const drop = (id: number) => {
    const upload = open.get(id);
    if (!upload) return;
    open.delete(id);
    finish(upload);
    rmSync(dirname(upload.path), { recursive: true, force: true });
  };

  return {
    start(bytes, name) {
      const held = [...open.values()].reduce((sum, u) => sum + u.bytes, 0);
      if (held + bytes > MAX_UPLOAD) throw new RequestError(`uploads of more than ${MAX_UPLOAD} bytes at once`);
      folder ??= mkdtempSync(join(tmpdir(), 'umbra-upload-'));
      const id = nextId++;
      // Under its own name, by which symbol files are matched.
      const path = join(folder, String(id), safeName(name));
      mkdirSync(dirname(path), { mode: 0o700 });
      // 0600: captures hold addresses and command lines.
      open.set(id, { path, bytes, fd: openSync(path, 'wx', 0o600), got: 0 });
      return id;
    },
    add(id, data) {
      const upload = find(id);
      if (upload.fd === undefined || upload.got + data.length > upload.bytes || data.length > UPLOAD_PART) {
        throw new RequestError(`upload ${id}: more bytes than were announced`);
      }
      writeAll(upload.fd, data);
      upload.got += data.length;
    },
    path(id) {
      const upload = find(id);
      if (upload.got < upload.bytes)
        throw new RequestError(`upload ${id}: ${upload.got} of ${upload.bytes} bytes have come`);
      finish(upload);
      return upload.path;
    },
    drop,
    close() {
      for (const id of [...open.keys()]) drop(id);
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      folder = undefined;
    },
  };
}

/** A file name that can't leave its folder. */
function safeName(name = ''): string {
  const plain = name
    .replace(/.*[\\/]/, '')
    .replace(/[^\w.+-]/g, '_')
    .slice(0, 120);
  return /^\.*$/.test(plain) ? 'upload' : plain;
}
