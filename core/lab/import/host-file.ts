/** `X.host.json` beside `X.trace.dat`: what the board kit found out about the recording host. */
import { existsSync } from 'node:fs';
import { HostFileFacts } from '../../model/terms/capture-facts.ts';
import { inWords } from '../../model/schema-words.ts';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';

const MAX_BYTES = 65536;

/** Undefined if there is none. @throws RequestError naming the file and the field */
export function readHostFile(file: string): HostFileFacts | undefined {
  if (!existsSync(file)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readTextFile(file, MAX_BYTES));
  } catch (error) {
    throw new RequestError(`${file}: not JSON (${(error as Error).message})`);
  }
  const parsed = HostFileFacts.safeParse(json, inWords);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new RequestError(`${file}: ${path.join('.')}: ${message}`);
}
