/** Files from a drop or a picker into the lab, one by one: each has its own result, and a bad one doesn't stop the others. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { ServiceError } from '../../core/contract/client.ts';
import type { Capture } from '../../core/contract/contract.ts';
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';
import { usePair } from '../state/pair.ts';
import { useSelection } from '../state/selection.ts';
import { isSymbolFile, useSymbols } from './load-symbols.ts';
import { headOf, nameOf, useUploads } from './uploads.ts';
import type { Source } from './uploads.ts';

/** The outcome for one file. */
export interface ImportRow {
  readonly id: number;
  readonly name: string;
  readonly source: Source;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  /** What was done, or why not. */
  readonly said?: string;
  readonly captures: readonly number[];
  /** The existing capture with the same bytes. */
  readonly twinOf?: Capture;
}

/** A capture with the same bytes existed already. */
export function twinOf(made: readonly number[], captures: readonly Capture[]): Capture | undefined {
  const fresh = captures.filter((c) => made.includes(c.id));
  return captures.find((c) => !made.includes(c.id) && fresh.some((f) => isSame(f, c)));
}

const isSame = (a: Capture, b: Capture) => a.kind === b.kind && a.sha256 !== '' && a.sha256 === b.sha256;

export const useImport = defineStore('imports', () => {
  const lab = useLab();
  const jobs = useJobs();
  const pair = usePair();
  const selection = useSelection();
  const { uploadAll } = useUploads();
  const { loadSymbols } = useSymbols();
  const rows = shallowRef<readonly ImportRow[]>([]);
  let nextId = 1;

  const change = (id: number, to: Partial<ImportRow>) => {
    rows.value = rows.value.map((row) => (row.id === id ? { ...row, ...to } : row));
  };

  /** JSON files are VM descriptions of the traces among the others; symbol files go to the selected SPE capture. */
  async function importFiles(files: readonly Source[]): Promise<void> {
    const fresh = files.map((source): ImportRow => ({
      ...{ id: nextId++, name: nameOf(source), source, state: 'waiting', captures: [] },
    }));
    const names = new Set(fresh.map(({ name }) => name));
    rows.value = [...rows.value.filter((row) => row.state === 'running' || !names.has(row.name)), ...fresh];
    const isDescription = ({ name }: ImportRow) => /\.json$/i.test(name);
    const descriptions = fresh.filter(isDescription);
    const others = fresh.filter((row) => !isDescription(row));
    for (const row of others) await importOne(row, descriptions[0]?.source);
    for (const row of descriptions) {
      if (others.length) change(row.id, { state: 'done', said: 'VM description of the traces beside it' });
      else await describe(row);
    }
  }

  async function importOne(row: ImportRow, description: Source | undefined): Promise<void> {
    change(row.id, { state: 'running', said: undefined });
    if (isSymbolFile(row.name, await headOf(row.source))) return symbolsOf(row);
    try {
      const done = await jobs.track(
        `Import ${row.name}`,
        async (hooks) => {
          const refs = await uploadAll([row.source, ...(description === undefined ? [] : [description])], hooks);
          const vm = description === undefined ? undefined : refs.pop();
          return lab.request('import', { files: refs, ...(vm && { vm }) }, hooks);
        },
        true,
      );
      const captures = [...done.captures];
      const twin = twinOf(captures, await lab.request('captures', {}));
      change(row.id, { state: 'done', captures, ...(twin && { twinOf: twin }) });
      if (selection.current.view === 'captures') selection.select({ capture: captures[0], part: undefined });
      else jobs.notify(`Imported ${row.name}.`, { label: 'Show', run: () => show(captures) });
    } catch (error) {
      failed(row, error);
    }
  }

  function failed(row: ImportRow, error: unknown): void {
    const cancelled = error instanceof ServiceError && error.code === 'cancelled';
    change(row.id, cancelled ? { state: 'cancelled' } : { state: 'failed', said: (error as Error).message });
    if (!cancelled && selection.current.view !== 'captures')
      jobs.notify(`${row.name} wasn’t imported.`, { label: 'Why?', run: () => show([]) });
  }

  const show = (captures: readonly number[]) =>
    selection.select({ view: 'captures', part: undefined, ...(captures.length && { capture: captures[0] }) });

  async function symbolsOf(row: ImportRow): Promise<void> {
    const capture = pair.spe;
    if (!capture)
      return change(row.id, {
        state: 'failed',
        said: 'Symbols, and no SPE capture that they could be for: import that first.',
      });
    const found = await loadSymbols(capture, [row.source]);
    if (found)
      change(row.id, {
        state: 'done',
        said: [`Symbols for ${capture.name}: ${found.said}`, ...found.warnings].join(' '),
      });
    else change(row.id, { state: 'failed', said: `Its symbols weren’t loaded into ${capture.name}.` });
  }

  /** A description on its own is for the selected trace. */
  async function describe(row: ImportRow): Promise<void> {
    const trace = pair.kvm;
    if (!trace)
      return change(row.id, {
        state: 'failed',
        said: 'A VM description, and no KVM trace to attach it to: import that first.',
      });
    if (typeof row.source === 'string')
      return change(row.id, {
        state: 'failed',
        said: `Open it in the VM description of ${trace.name}, or drop it together with its trace.`,
      });
    try {
      const text = await row.source.text();
      await jobs.run(`VM description of ${trace.name}`, 'setVm', { kvm: trace.id, text }, true);
      change(row.id, { state: 'done', said: `VM description of ${trace.name}`, captures: [trace.id] });
    } catch (error) {
      failed(row, error);
    }
  }

  async function again(id: number): Promise<void> {
    const row = rows.value.find((r) => r.id === id);
    if (row) await importFiles([row.source]);
  }
  const dismiss = (id: number) => {
    rows.value = rows.value.filter((row) => row.id !== id);
  };
  const clear = () => {
    rows.value = rows.value.filter((row) => row.state === 'waiting' || row.state === 'running');
  };
  const settled = computed(() => rows.value.every((row) => row.state !== 'waiting' && row.state !== 'running'));

  return { rows, settled, importFiles, again, dismiss, clear };
});
