/** The contract's requests that are jobs (contract-jobs.ts). */
import type { z } from 'zod';
import { parseVmDescription, VmDescriptionError } from '../../model/vm.ts';
import { getCapture } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import type { FileRef, Job, jobMethods, LocalFile } from '../../contract/jobs.ts';
import type { Call } from '../../contract/contract.ts';
import type { QueryRunner } from './service-runs.ts';
import { createUploads } from './uploads.ts';

/** Runs a job where it blocks nobody and can be killed. */
export type JobRunner = (job: Job, call: Call) => Promise<unknown>;

type Methods = typeof jobMethods;
type Result<M extends keyof Methods> = z.infer<Methods[M]['result']>;
export type JobHandlers = {
  readonly [M in keyof Methods]: (params: z.infer<Methods[M]['params']>, call: Call) => Result<M> | Promise<Result<M>>;
};

/** @param read gives a connection for one request */
export function jobHandlers(
  read: <T>(use: (db: Db) => T) => T,
  run: JobRunner,
  queries: QueryRunner,
): { readonly handlers: JobHandlers; close(): void } {
  const uploads = createUploads();
  const local = (ref: FileRef): LocalFile => ('path' in ref ? ref : { path: uploads.path(ref.upload), name: ref.name });
  const handlers: JobHandlers = {
    async import({ files, vm, notes }, call) {
      const refs = vm ? [...files, vm] : files;
      try {
        const job: Job = { kind: 'import', files: files.map(local), ...(vm && { vm: local(vm) }), notes };
        return (await run(job, call)) as Result<'import'>;
      } finally {
        for (const ref of refs) if ('upload' in ref) uploads.drop(ref.upload);
      }
    },
    replay: async (params, call) => (await run({ kind: 'replay', ...params }, call)) as Result<'replay'>,
    sweep: async (params, call) => (await run({ kind: 'sweep', ...params }, call)) as Result<'sweep'>,
    setVm: async (params, call) => (await run({ kind: 'vm', ...params }, call)) as Result<'setVm'>,
    async addSymbols({ spe, files = [], symfs, buildIdDirs }, call) {
      try {
        const job: Job = { kind: 'symbols', spe, files: files.map(local), symfs, buildIdDirs };
        return (await run(job, call)) as Result<'addSymbols'>;
      } finally {
        for (const ref of files) if ('upload' in ref) uploads.drop(ref.upload);
      }
    },
    saveQuery: async (of, call) => (await run({ kind: 'query', of }, call)) as Result<'saveQuery'>,
    rename: async (of, call) => (await run({ kind: 'rename', of }, call)) as Result<'rename'>,
    annotate: async (of, call) => (await run({ kind: 'annotate', of }, call)) as Result<'annotate'>,
    remove: async (params, call) => (await run({ kind: 'remove', ...params }, call)) as Result<'remove'>,
    restore: async (params, call) => (await run({ kind: 'restore', ...params }, call)) as Result<'restore'>,
    freeSpace: async (_, call) => (await run({ kind: 'free' }, call)) as Result<'freeSpace'>,
    example: async (_, call) => (await run({ kind: 'example' }, call)) as Result<'example'>,
    prepare: async (_, call) => (await run({ kind: 'levels' }, call)) as Result<'prepare'>,
    checkVm({ text }) {
      try {
        parseVmDescription(text);
        return {};
      } catch (error) {
        if (error instanceof VmDescriptionError) return { problem: error.message };
        throw error;
      }
    },
    vmDraft: (params, call) => queries('vmDraft', params, call),
    symbolCoverage: (params, call) => queries('symbolCoverage', params, call),
    vm: ({ kvm }) =>
      read((db) => {
        const { vm } = getCapture(db, kvm, 'kvm');
        return vm === undefined ? {} : { text: JSON.stringify(vm, undefined, 2) };
      }),
    upload: ({ bytes, name }) => ({ upload: uploads.start(bytes, name) }),
    uploadPart: ({ upload, data }) => (uploads.add(upload, data), {}),
    uploadDrop: ({ upload }) => (uploads.drop(upload), {}),
  };
  return { handlers, close: uploads.close };
}
