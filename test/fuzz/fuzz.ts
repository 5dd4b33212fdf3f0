/**
 * `npm run fuzz -- --minutes N [--seed S]`: mutates fixtures and what it found before, keeps what runs new code, and puts each find into
 * test/fixtures/fuzz, where a test goes on trying it. The corpus grows in test/fuzz/corpus, which isn't versioned.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { FuzzData, FuzzMessage } from './fuzz-worker.ts';
import { seeds } from './seeds.ts';
import type { Seed } from './seeds.ts';
import { kinds } from './targets.ts';
import type { Kind } from './targets.ts';

/** No input may take longer, ms. */
const HANG_MS = 60_000;
/** Heap of the thread, MB: more is a find. */
const HEAP_MB = 1024;
const LARGEST = 1 << 20;

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 1);
if (!(minutes > 0)) throw new Error('--minutes takes a number above 0');
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const corpusFolder = fileURLToPath(new URL('./corpus/', import.meta.url));
const findsFolder = fileURLToPath(new URL('../fixtures/fuzz/', import.meta.url));

const nameOf = (kind: Kind, bytes: Uint8Array): string =>
  `${kind}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;

/** Writes an input under a name of its kind and content; false if it is there. */
function keep(folder: string, kind: Kind, bytes: Uint8Array): boolean {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, nameOf(kind, bytes));
  if (existsSync(path)) return false;
  writeFileSync(path, bytes);
  return true;
}

function corpus(): Seed[] {
  mkdirSync(corpusFolder, { recursive: true });
  return readdirSync(corpusFolder).flatMap((name) => {
    const kind = kinds.find((k) => name.startsWith(`${k}-`));
    return kind ? [{ kind, bytes: new Uint8Array(readFileSync(join(corpusFolder, name))) }] : [];
  });
}

const started = performance.now();
const end = started + minutes * 60_000;
const totals = { executions: 0, stage2: 0, read: 0, grown: 0, finds: 0 };

function found(kind: Kind, bytes: Uint8Array, message: string): void {
  if (!keep(findsFolder, kind, bytes)) return;
  totals.finds++;
  console.log(`FIND ${nameOf(kind, bytes)}: ${message}`);
}

/** One thread, until the time is over or an input ends it. */
function round(from: readonly Seed[], n: number): Promise<void> {
  const counts = new Int32Array(new SharedArrayBuffer(16));
  const current = new Uint8Array(new SharedArrayBuffer(LARGEST));
  const data: FuzzData = { seed: seed + n, seeds: from, current, counts };
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const tried = (): [Kind, Uint8Array] => [kinds[current[0]] ?? 'capture', current.slice(1, 1 + counts[3])];
  return new Promise((resolve) => {
    let last = -1;
    let since = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      // Anything before the first one is the start of the thread.
      if (counts[0] !== last || counts[0] === 0) [last, since] = [counts[0], now];
      else if (now - since > HANG_MS) {
        found(...tried(), `no end after ${HANG_MS / 1000} s`);
        void worker.terminate();
      }
      if (now > end) void worker.terminate();
    }, 500);
    worker.on('message', (message: FuzzMessage) => {
      if (message.type === 'find') return found(message.kind, message.bytes, message.message);
      if (keep(corpusFolder, message.kind, message.bytes)) totals.grown++;
    });
    worker.on('error', (error) => found(...tried(), `the thread ended: ${error.message}`));
    worker.on('exit', () => {
      clearInterval(timer);
      totals.executions += counts[0];
      totals.stage2 += counts[1];
      totals.read += counts[2];
      resolve();
    });
  });
}

for (let n = 0; performance.now() < end; n++) await round([...seeds(), ...corpus()], n);
const seconds = (performance.now() - started) / 1000;
console.log(
  `${totals.executions} executions in ${seconds.toFixed(0)} s (${(totals.executions / seconds).toFixed(0)} a second), seed ${seed}; ` +
    `${totals.read} read to the end, ${totals.stage2} with a reconstructed stage 2; corpus grew by ${totals.grown}; ${totals.finds} finds`,
);
process.exit(totals.finds ? 1 : 0);
