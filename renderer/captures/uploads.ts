/** Files as the host sees them: by path where the app knows it, else their bytes are uploaded first. */
import type { FileRef } from '../../core/contract/jobs.ts';
import { UPLOAD_PART } from '../../core/contract/limits.ts';
import type { JobHooks } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';

/** A dropped or picked file, or the path of one. */
export type Source = File | string;

export function nameOf(file: Source): string {
  return typeof file === 'string' ? file.replace(/.*[\\/]/, '') : file.name;
}

/** A file's first bytes as Latin-1; empty for a path: the page can't read it. */
export async function headOf(file: Source): Promise<string> {
  if (typeof file === 'string') return '';
  const bytes = new Uint8Array(await file.slice(0, 256).arrayBuffer());
  return String.fromCharCode(...bytes);
}

export function useUploads() {
  const lab = useLab();

  async function uploadAll(files: readonly Source[], hooks: JobHooks): Promise<FileRef[]> {
    const refs: FileRef[] = [];
    try {
      for (const file of files) {
        const path = typeof file === 'string' ? file : window.umbra?.pathOf(file);
        if (path) refs.push({ path });
        else if (typeof file !== 'string') refs.push({ upload: await upload(file, hooks), name: file.name });
      }
      return refs;
    } catch (error) {
      for (const ref of refs) if ('upload' in ref) void lab.request('uploadDrop', { upload: ref.upload });
      throw error;
    }
  }

  async function upload(file: File, { signal, onProgress }: JobHooks): Promise<number> {
    const { upload: id } = await lab.request('upload', { bytes: file.size, name: file.name }, { signal });
    try {
      for (let at = 0; at < file.size; at += UPLOAD_PART) {
        onProgress({ phase: `reading ${file.name}`, done: at, total: file.size, unit: 'bytes' });
        const data = new Uint8Array(await file.slice(at, at + UPLOAD_PART).arrayBuffer());
        await lab.request('uploadPart', { upload: id, data }, { signal });
      }
      return id;
    } catch (error) {
      void lab.request('uploadDrop', { upload: id }).catch(() => undefined);
      throw error;
    }
  }

  return { uploadAll };
}
