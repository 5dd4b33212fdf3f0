/** From a recording to the lab: the tar stays beside the lab until it is imported, and for good if it can't be. */
import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { explainError, RequestError } from '../about.ts';

/** An unused name for a tar in a lab's folder. */
export function tarBeside(lab: string, host: string): string {
  const name = host
    .replace(/^ssh:\/\//, '')
    .replace(/^[^@]*@/, '')
    .replace(/[^A-Za-z0-9.-]/g, '-');
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const path = (tail: string) => join(dirname(resolve(lab)), `umbra-${name}-${stamp}${tail}.tar`);
  for (let n = 0; ; n++) if (!existsSync(path(n ? `-${n}` : ''))) return path(n ? `-${n}` : '');
}

/**
 * @param use imports the tar; its second argument is its name in the lab
 * @param keep keeps the tar in any case
 */
export async function withRecording<T>(
  tar: string,
  keep: boolean,
  use: (path: string, name: string) => Promise<T>,
): Promise<T> {
  try {
    const result = await use(tar, keep ? tar : basename(tar));
    if (!keep) rmSync(tar, { force: true });
    return result;
  } catch (error) {
    const reason = explainError(error);
    if (reason === undefined) throw error;
    throw new RequestError(`${reason}; the recording is kept: \`umbra capture --from ${tar} --db LAB\` imports it`);
  }
}
