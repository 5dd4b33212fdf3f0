/** What a board has for a recording, and what it lacks: the kit's check, run there. */
import type { BoardCheck, CheckItem } from '../../contract/board.ts';
import { RequestError } from '../about.ts';
import { kitScript, startOnBoard, sudoRefusal } from './ssh.ts';
import type { Target } from './ssh.ts';

const LIMIT_MS = 60_000;
const MAX_OUTPUT = 1 << 16;

/** @throws RequestError if the board can't be reached or its answer isn't a check */
export async function checkBoard(target: Target, signal?: AbortSignal): Promise<BoardCheck> {
  const script = kitScript();
  const { ssh } = startOnBoard(target, script, ['check', '-T']);
  const text = { out: '', err: '' };
  const take = (of: 'out' | 'err') => (chunk: string) => {
    text[of] = (text[of] + chunk).slice(0, MAX_OUTPUT);
  };
  ssh.stdout.setEncoding('utf8').on('data', take('out'));
  ssh.stderr.setEncoding('utf8').on('data', take('err'));
  const kill = () => ssh.kill('SIGTERM');
  const timer = setTimeout(kill, LIMIT_MS);
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      ssh.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new RequestError(
            error.code === 'ENOENT' ? 'there is no ssh on this machine: install OpenSSH’s client' : error.message,
          ),
        ),
      );
      ssh.once('exit', (c) => setTimeout(resolve, 50, c));
    });
    ssh.stdin.end();
    const items = text.out.split('\n').flatMap((line): CheckItem[] => {
      const [name, state, what, todo] = line.split('\t');
      if (what === undefined || (state !== 'ok' && state !== 'missing' && state !== 'note')) return [];
      return [{ name, state, text: what, ...(todo && { todo }) }];
    });
    if (items.length) return { host: target.host, script: script.sha256, usable: code === 0, items };
    const refused = sudoRefusal(target, text.err);
    if (refused !== undefined) throw new RequestError(refused);
    const last = text.err.trim().split('\n').slice(-2).join('; ');
    throw new RequestError(`${target.host}: ${last || (code === null ? 'no answer' : `ssh ended with ${code}`)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
  }
}
