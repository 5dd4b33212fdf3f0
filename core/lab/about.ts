/** Which failures explain themselves. */
import { InputError } from '../formats/problems.ts';
import { ModelError } from '../model/errors.ts';
import { VmDescriptionError } from '../model/vm.ts';
import { ColumnError } from '../store/column-codec.ts';
import { labDamage } from '../store/lab-damage.ts';
import { explainLab, LabFileError } from '../store/lab-errors.ts';
import { systemReason } from '../store/system-errors.ts';

/** A request that can't be carried out as asked. The message is complete: what is wrong, and what to do about it. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}

const complete = [InputError, LabFileError, ModelError, VmDescriptionError, RequestError];

/** V8's and Node's messages for memory that can't be allocated. */
const outOfMemory =
  /Array buffer allocation failed|Invalid (array buffer|typed array) length|Cannot create a string longer/;

/**
 * An error's message for the user: what is wrong, and what to do about it. Undefined if it is our own bug.
 * @param lab path of the lab file in use, which SQLite's errors don't name
 */
export function explainError(error: unknown, lab?: string): string | undefined {
  return explained(error, lab ?? 'the lab file') ?? (lab === undefined ? undefined : damage(lab));
}

/** Code that meets what Umbra never writes may fail anywhere. */
function damage(lab: string): string | undefined {
  const found = labDamage(lab);
  return found === undefined ? undefined : `${lab}: damaged: ${found}, which Umbra didn't write`;
}

function explained(error: unknown, lab: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (complete.some((type) => error instanceof type)) return error.message;
  if (error instanceof ColumnError) return `${lab}: damaged: ${error.message}`;
  const ofLab = explainLab(error, lab);
  if (ofLab instanceof LabFileError) return ofLab.message;
  const { code = '', path, syscall } = error as NodeJS.ErrnoException;
  const reason = systemReason(error);
  if (reason !== undefined) return `${path ?? syscall}: ${reason}`;
  if (code === 'ERR_INVALID_ARG_VALUE' && /null bytes/.test(error.message)) return 'a path may hold no NUL byte';
  if (code === 'ERR_WORKER_INIT_FAILED') return `no thread could be started: ${error.message.replace(/.*: /, '')}`;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY' || outOfMemory.test(error.message))
    return 'out of memory; the lab is as it was';
  return undefined;
}
