/** The fuzzer's loop, in a thread that can be ended when an input hangs. V8's own coverage says which inputs are new. */
import { Session } from 'node:inspector';
import { tmpdir } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { Seed } from './seeds.ts';
import { kinds, Targets } from './targets.ts';
import type { Kind } from './targets.ts';

export interface FuzzData {
  readonly seed: number;
  readonly seeds: readonly Seed[];
  /** The current input, for an observer: kind's index, length, and the bytes. */
  readonly current: Uint8Array;
  /** Executions, those of traces that reached stage 2, those read to the end, and bytes of the current input. */
  readonly counts: Int32Array;
}

export type FuzzMessage =
  | { readonly type: 'new'; readonly kind: Kind; readonly bytes: Uint8Array; readonly functions: number }
  | { readonly type: 'find'; readonly kind: Kind; readonly bytes: Uint8Array; readonly message: string };

const { seed, seeds, current, counts } = workerData as FuzzData;
const random = new Random(seed);
const targets = new Targets(tmpdir());
const session = new Session();
session.connect();

interface Coverage {
  readonly result?: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { startOffset: number; endOffset: number; count: number }[];
    }[];
  }[];
}

function ask(method: string, params?: object): Coverage {
  let answer: Coverage = {};
  session.post(method, params, (error: Error | null, result?: object) => {
    if (error) throw error;
    answer = result ?? {};
  });
  return answer;
}

const seen = new Set<string>();

/** Blocks of our own code that ran for the first time. */
function newBlocks(): number {
  const before = seen.size;
  for (const { url, functions } of ask('Profiler.takePreciseCoverage').result ?? []) {
    if (!url.includes('/core/')) continue;
    for (const { ranges } of functions)
      for (const { startOffset, endOffset, count } of ranges)
        if (count > 0) seen.add(`${url}:${startOffset}-${endOffset}`);
  }
  return seen.size - before;
}

/** Newest first are tried more often. */
function pick(list: readonly Seed[]): Seed {
  return list[random.below(2) ? random.below(list.length) : list.length - 1 - random.below(Math.min(16, list.length))];
}

function attempt(kind: Kind, bytes: Uint8Array): void {
  current[0] = kinds.indexOf(kind);
  current.set(bytes.subarray(0, current.length - 1), 1);
  counts[3] = bytes.length;
  Atomics.add(counts, 0, 1);
  const { read, stage2 } = targets.run(kind, bytes);
  if (read) Atomics.add(counts, 2, 1);
  if (stage2 > 0) Atomics.add(counts, 1, 1);
}

const known = new Set<string>();

function tell(message: FuzzMessage): void {
  parentPort?.postMessage(message);
}

function tryOne(kind: Kind, bytes: Uint8Array, corpus: Seed[] | undefined): void {
  try {
    attempt(kind, bytes);
  } catch (error) {
    const { message, stack = '' } = error as Error;
    // One find per place in the code.
    const place = stack.split('\n').find((line) => line.includes('/core/')) ?? message;
    if (known.has(place)) return;
    known.add(place);
    return tell({ type: 'find', kind, bytes: bytes.slice(), message: `${message} ${place.trim()}` });
  }
  const functions = newBlocks();
  if (!functions || !corpus) return;
  corpus.push({ kind, bytes: bytes.slice() });
  tell({ type: 'new', kind, bytes: bytes.slice(), functions });
}

ask('Profiler.enable');
ask('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
const corpora = Map.groupBy(seeds, ({ kind }) => kind);
for (const { kind, bytes } of seeds) tryOne(kind, bytes, undefined);
newBlocks();
const all = [...corpora.keys()];
for (;;) {
  // Half of them, and most of the time, go where most of the code is.
  const kind = random.below(2) ? 'capture' : all[random.below(all.length)];
  const corpus = corpora.get(kind)!;
  tryOne(kind, mutate(pick(corpus).bytes, pick(corpus).bytes, random), corpus);
}
