/** Which failures explain themselves. */
import { InputError } from '../formats/problems.ts';
import { ModelError } from '../model/errors.ts';
import { VmDescriptionError } from '../model/vm.ts';
import { ColumnError } from '../store/column-codec.ts';
import { explainLab, LabFileError } from '../store/lab-errors.ts';

/** A request that can't be carried out as asked. The message is complete: what is wrong, and what to do about it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

const explained = [InputError, LabFileError, ColumnError, ModelError, VmDescriptionError, RequestError];

/** System errors, by code, that a user can do something about. */
const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is no folder',
  EEXIST: 'exists already',
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
  ENXIO: 'not a regular file',
  EBUSY: 'is in use',
  ETXTBSY: 'is in use',
  EFBIG: 'too large for this file system',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk failed (I/O error)',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  ENOMEM: 'out of memory',
};

/** V8's and Node's messages for memory that can't be allocated. */
const outOfMemory =
  /Array buffer allocation failed|Invalid (array buffer|typed array) length|Cannot create a string longer/;

/**
 * An error's message for the user: what is wrong, and what to do about it. Undefined if it is our own bug.
 * @param lab path of the lab file in use, which SQLite's errors don't name
 */
export function explainError(error: unknown, lab = 'the lab file'): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (explained.some((type) => error instanceof type)) return error.message;
  const ofLab = explainLab(error, lab);
  if (ofLab instanceof LabFileError) return ofLab.message;
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  const reason = syscall === undefined ? undefined : systemReasons[code];
  if (reason !== undefined) return `${path ?? syscall}: ${reason}`;
  if (code === 'ERR_INVALID_ARG_VALUE' && /null bytes/.test(error.message)) return 'a path may hold no NUL byte';
  if (code === 'ERR_WORKER_OUT_OF_MEMORY' || outOfMemory.test(error.message))
    return 'out of memory; the lab is as it was';
  return undefined;
}
