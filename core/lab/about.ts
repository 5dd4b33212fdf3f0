/** Which Umbra this is, and which failures explain themselves. */
import packageJson from '../../package.json' with { type: 'json' };
import { InputError } from '../formats/problems.ts';
import { ModelError } from '../model/errors.ts';
import { VmDescriptionError } from '../model/vm.ts';
import { ColumnError } from '../store/column-codec.ts';
import { LabFileError } from '../store/lab-file.ts';

export const version: string = packageJson.version;

/** A request that can't be carried out as asked. The message is complete: what, and what to do about it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

const explained = [InputError, LabFileError, ColumnError, ModelError, VmDescriptionError, RequestError];

/** Whether an error's message is meant for the user: anything else is a bug of ours. */
export function isExplained(error: unknown): boolean {
  if (explained.some((type) => error instanceof type)) return true;
  return ['ENOENT', 'EACCES', 'EISDIR', 'ENOSPC', 'EPERM', 'EROFS'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );
}
