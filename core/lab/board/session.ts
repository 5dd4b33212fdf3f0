/** One recording in progress on one board: heartbeats and requests out; state, losses and the tar back. */
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import type { ClockReading } from '../../model/clocks.ts';
import { RequestError } from '../about.ts';
import { boardStates } from '../../contract/board.ts';
import type { BoardState } from '../../contract/board.ts';
import { parseLine } from './lines.ts';
import type { BoardLine } from './lines.ts';
import { startOnBoard, sudoRefusal } from './ssh.ts';
import type { Script, Target } from './ssh.ts';

export interface SessionRequest {
  readonly target: Target;
  readonly script: Script;
  /** The script's arguments, `record` first. */
  readonly words: readonly string[];
  /** Where the tar goes. */
  readonly file: string;
  /** More than this is refused. */
  readonly maxBytes: number;
  /** Time allowed the board from its `ready` to its `sending`, ms. */
  readonly maxMs: number;
  readonly onLine: (line: BoardLine) => void;
  /** Bytes of the tar so far. */
  readonly onBytes: (bytes: number) => void;
}

export interface Session {
  readonly state: () => BoardState;
  /** Resolves once the recording is in a state, or past it. */
  reached(state: BoardState): Promise<void>;
  /** Asks for the board's time. Undefined if it can't tell. */
  readClock(): Promise<ClockReading | undefined>;
  /** Ends the recording there; what was recorded is sent. */
  stop(): void;
  /** Ends the connection: nothing is sent, and nothing stays there. */
  abort(why: string): void;
  /** Bytes of the complete tar. Rejects with a RequestError. */
  readonly ended: Promise<number>;
}

const BEAT_MS = 1000;
/** Longest silence of a connection that answers each heartbeat, ms. */
const SILENCE_MS = 15_000;
/** Time to connect, and for a user to type a passphrase, ms. */
const CONNECT_MS = 30_000;
const TYPING_MS = 180_000;
const CLOCK_MS = 2000;
/** Most that login scripts may print before the script does, bytes. */
const MAX_NOISE = 1 << 16;
const MAX_LINE = 1 << 12;
/** From SIGTERM to SIGKILL, and from ssh's exit to the end of its output (which a ControlMaster may hold open), ms. */
const GRACE_MS = 1000;

const order = boardStates;

export function openSession(request: SessionRequest): Session {
  const { ssh, run } = startOnBoard(request.target, request.script, request.words);
  const host = request.target.host;
  const started = performance.now();
  let state: BoardState = 'connecting';
  let readyAt = 0;
  let heard = started;
  let problem: string | undefined;
  let lastWords: string[] = [];
  const waiting: { state: BoardState; resolve: () => void; reject: (e: Error) => void }[] = [];
  const clocks = new Map<number, (line: BoardLine | undefined) => void>();
  let nextClock = 1;
  let beats = 0;

  const kill = () => {
    ssh.kill('SIGTERM');
    setTimeout(() => ssh.kill('SIGKILL'), GRACE_MS).unref();
  };
  const abort = (why: string) => {
    problem ??= why;
    ssh.stdin.destroy();
    kill();
  };
  const enter = (next: BoardState) => {
    if (order.indexOf(next) <= order.indexOf(state)) return;
    state = next;
    if (!readyAt) readyAt = performance.now();
    for (const w of waiting.splice(0)) {
      if (order.indexOf(w.state) <= order.indexOf(state)) w.resolve();
      else waiting.push(w);
    }
  };

  const lines = lineReader((text) => {
    heard = performance.now();
    const line = parseLine(text);
    if (line.kind === 'state') enter(line.state);
    else if (line.kind === 'clock') clocks.get(line.number)?.(line);
    else if (line.kind === 'said') lastWords = [...lastWords.slice(-3), line.text];
    request.onLine(line);
  });
  ssh.stderr.setEncoding('utf8');
  ssh.stderr.on('data', lines);

  const tar = tarReader(run, request, abort);
  ssh.stdout.on('data', (chunk: Buffer) => {
    heard = performance.now();
    tar.take(chunk, ssh.stdout);
  });

  const timer = setInterval(() => {
    ssh.stdin.write(`beat ${++beats}\n`);
    const now = performance.now();
    const limit = request.target.terminal ? TYPING_MS : CONNECT_MS;
    if (state === 'connecting' && now - started > limit) abort(`${host} didn’t answer within ${limit / 1000} s`);
    else if (state !== 'connecting' && now - heard > SILENCE_MS)
      abort(`nothing was heard of ${host} for ${SILENCE_MS / 1000} s: the connection is gone`);
    else if (order.indexOf(state) < order.indexOf('sending') && readyAt && now - readyAt > request.maxMs)
      abort(`${host} took more than ${Math.round(request.maxMs / 1000)} s: given up`);
  }, BEAT_MS);

  const ended = new Promise<number>((resolve, reject) => {
    const output = new Promise((done) => ssh.stdout.once('end', done));
    ssh.once('error', (error) => {
      problem ??=
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? 'there is no ssh on this machine: install OpenSSH’s client'
          : `ssh can’t be started: ${error.message}`;
      void finish(null);
    });
    ssh.once('exit', (code) => void finish(code));
    const finish = async (code: number | null) => {
      await Promise.race([output, new Promise((done) => setTimeout(done, GRACE_MS).unref())]);
      clearInterval(timer);
      for (const answer of clocks.values()) answer(undefined);
      await tar.close();
      const why = problem ?? failure(request.target, code, state, lastWords);
      if (why === undefined) resolve(tar.bytes());
      else reject(new RequestError(why));
      for (const w of waiting.splice(0)) w.reject(new RequestError(why ?? `${host}: the recording ended`));
    };
  });
  // Those waiting for a state are rejected, too.
  ended.catch(() => undefined);

  return {
    state: () => state,
    reached: (wanted) =>
      new Promise((resolve, reject) => {
        if (order.indexOf(wanted) <= order.indexOf(state)) resolve();
        else waiting.push({ state: wanted, resolve, reject });
      }),
    async readClock() {
      const number = nextClock++;
      let sent = 0;
      const line = await new Promise<BoardLine | undefined>((resolve) => {
        clocks.set(number, resolve);
        setTimeout(resolve, CLOCK_MS, undefined).unref();
        sent = now();
        ssh.stdin.write(`clock ${number}\n`);
      });
      const received = now();
      clocks.delete(number);
      if (line?.kind !== 'clock' || line.at === undefined) return undefined;
      return { sent, received, at: line.at, resolution: line.resolution };
    },
    stop: () => void ssh.stdin.write('stop\n'),
    abort,
    ended,
  };
}

/** ns of the clock that all readings share: exact for 104 days. */
const now = (): number => Number(process.hrtime.bigint() - zero);
const zero = process.hrtime.bigint();

/** Why a session gave no complete tar; undefined if it did. */
function failure(target: Target, code: number | null, state: BoardState, words: readonly string[]): string | undefined {
  if (code === 0 && state === 'sent') return undefined;
  const { host } = target;
  const said = words.map((line) => line.replace(/^umbra-capture: /, '').trim()).filter(Boolean);
  const last = said.at(-1) ?? (code === null ? 'ssh was ended' : `ssh ended with ${code}`);
  const refused = state === 'connecting' ? sudoRefusal(target, said.join(' ')) : undefined;
  if (refused !== undefined) return refused;
  if (state === 'connecting') return `${host}: ${said.slice(-2).join('; ') || last}`;
  return `${host}: the recording ended while ${state}: ${last}`;
}

function lineReader(take: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) take(line.replace(/\r$/, '').slice(0, MAX_LINE));
  };
}

/** Takes what follows the line `umbra-tar RUN`; what login scripts print comes before it. */
function tarReader(run: string, { file, maxBytes, onBytes, target }: SessionRequest, abort: (why: string) => void) {
  const mark = Buffer.from(`umbra-tar ${run}\n`);
  let noise = Buffer.alloc(0);
  let out: WriteStream | undefined;
  let bytes = 0;
  let failed: Error | undefined;
  return {
    bytes: () => bytes,
    take(chunk: Buffer, from: Readable) {
      let data = chunk;
      if (!out) {
        noise = Buffer.concat([noise, chunk]);
        const at = noise.indexOf(mark);
        if (at < 0) {
          if (noise.length > MAX_NOISE) abort(`${target.host} prints too much at login: nothing of it is a tar`);
          return;
        }
        data = noise.subarray(at + mark.length);
        noise = Buffer.alloc(0);
        out = createWriteStream(file, { flags: 'wx', mode: 0o600 });
        out.on('error', (error) => {
          failed ??= error;
          abort(`${file}: ${error.message}`);
        });
      }
      bytes += data.length;
      if (bytes > maxBytes) return abort(`${target.host} sent more than ${maxBytes} bytes: given up`);
      onBytes(bytes);
      if (!out.write(data)) {
        from.pause();
        out.once('drain', () => from.resume());
      }
    },
    close: () => new Promise<void>((done) => (out && !failed ? out.end(() => done()) : done())),
  };
}

type Readable = Pick<NodeJS.ReadableStream, 'pause' | 'resume'>;
