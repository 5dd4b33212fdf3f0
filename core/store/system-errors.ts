/** The operating system's errors, in words. */
import { getSystemErrorMessage } from 'node:util';

/** By code; others keep the system's words. */
const reasons: Readonly<Record<string, string>> = {
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
  EFBIG: 'too large for this file system, or for `ulimit -f`',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk failed (I/O error)',
  EMFILE: 'too many open files for `ulimit -n`',
  ENFILE: 'too many open files',
  ENOMEM: 'out of memory',
};

/** Of a call on a descriptor, these are bugs; of one on a path, the path's. */
const bugs = new Set(['EBADF', 'EFAULT', 'EINVAL']);

/** Why something failed, after the name of the file that it is about. */
export function reasonOf(error: unknown): string {
  return systemReason(error) ?? (error instanceof Error ? error.message : String(error));
}

/** What a failed system call says of the file, the disk or the machine; undefined for any other error, and for bugs of ours. */
export function systemReason(error: unknown): string | undefined {
  const { code, errno, path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || errno === undefined || syscall === undefined) return undefined;
  if (path === undefined && bugs.has(code)) return undefined;
  return reasons[code] ?? getSystemErrorMessage(errno);
}
