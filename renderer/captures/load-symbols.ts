/** Symbols of an SPE capture from files that only the page has, or from folders on the lab's machine. */
import type { Capture } from '../../core/contract/contract.ts';
import { percent } from '../format.ts';
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';
import { useUploads } from './uploads.ts';
import type { Source } from './uploads.ts';

export interface Folders {
  readonly symfs?: string;
  readonly buildIdDirs?: string[];
}

export function useSymbols() {
  const lab = useLab();
  const jobs = useJobs();
  const { uploadAll } = useUploads();

  /** Undefined after a failure, which is shown as the job's. */
  async function loadSymbols(
    capture: Capture,
    files: readonly Source[],
    folders: Folders = {},
  ): Promise<{ readonly said: string; readonly warnings: readonly string[] } | undefined> {
    try {
      const { binaries, warnings } = await jobs.track(`Symbols of ${capture.name}`, async (hooks) =>
        lab.request('addSymbols', { spe: capture.id, files: await uploadAll(files, hooks), ...folders }, hooks),
      );
      const [samples, named] = [binaries.reduce((n, b) => n + b.samples, 0), binaries.reduce((n, b) => n + b.named, 0)];
      const said = samples
        ? `${percent(named / samples)} % of the samples lie in a known function.`
        : 'No sample lies in a mapping.';
      return { said, warnings };
    } catch {
      return undefined;
    }
  }

  return { loadSymbols };
}

/** ELF files, kallsyms and perf maps are symbols, not captures. @param head the file's first bytes, where available */
export function isSymbolFile(name: string, head: string): boolean {
  return (
    head.startsWith('\x7fELF') ||
    /(^|[./_-])kallsyms|(^|\/)vmlinux|(^|\/)perf-\d+\.map$|\.debug$/i.test(name) ||
    /^[0-9a-f]{8,16} [A-Za-z] \S/.test(head)
  );
}
