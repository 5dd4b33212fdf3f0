/** Files from a drop or a picker into the lab: by their path where the app knows it, else their bytes go to the host first. */
import type { FileRef } from '../../core/contract/jobs.ts';
import { UPLOAD_PART } from '../../core/contract/limits.ts';
import { useJobs } from '../state/jobs.ts';
import type { JobHooks } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';

export function useImport() {
  const lab = useLab();
  const jobs = useJobs();
  const selection = useSelection();

  /**
   * Files, or paths of them, one by one; JSON files are VM descriptions of the traces among them. Failures show as the jobs'.
   */
  async function importFiles(files: readonly Source[]): Promise<void> {
    const captures = files.filter((file) => !isDescription(file));
    const description = files.find(isDescription);
    if (!captures.length) return;
    for (const file of captures) await importOne(file, description);
  }

  /** A job of its own: a bad file takes nobody along. */
  async function importOne(file: Source, description: Source | undefined): Promise<void> {
    try {
      const done = await jobs.track(`Import ${nameOf(file)}`, async (hooks) => {
        const refs = await uploadAll([file, ...(description ? [description] : [])], hooks);
        const vm = description ? refs.pop() : undefined;
        return lab.request('import', { files: refs, ...(vm && { vm }) }, hooks);
      });
      selection.select({ view: 'captures', capture: done.captures[0] });
    } catch {
      // The strip of jobs says what happened.
    }
  }

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
    const { upload: id } = await lab.request('upload', { bytes: file.size }, { signal });
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

  return { importFiles };
}

type Source = File | string;

function nameOf(file: Source): string {
  return typeof file === 'string' ? file.replace(/.*[\\/]/, '') : file.name;
}

function isDescription(file: Source): boolean {
  return /\.json$/i.test(nameOf(file));
}
