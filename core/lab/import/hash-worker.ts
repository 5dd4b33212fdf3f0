/** The thread that computes a large capture's SHA-256. See source-hash.ts. */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { fileSource } from '../file-source.ts';
import type { FilePart } from '../file-source.ts';
import { HASH_STEP, StepHash } from './step-hash.ts';
import type { HashMessage } from './step-hash.ts';

interface HashWork {
  readonly name: string;
  readonly parts: readonly FilePart[];
  readonly port: MessagePort;
  readonly posted: Int32Array<SharedArrayBuffer>;
}

/** Steps between two progress messages. */
const TELL = 16;

const { name, parts, port, posted } = workerData as HashWork;
const post = (message: HashMessage) => {
  port.postMessage(message);
  Atomics.add(posted, 0, 1);
  Atomics.notify(posted, 0);
};
try {
  const source = fileSource(name, parts);
  const hash = new StepHash(source);
  let told = 0;
  for (let steps = 1; hash.step(); steps++) {
    if (steps % TELL) continue;
    post({ kind: 'read', bytes: steps * HASH_STEP - told });
    told = steps * HASH_STEP;
  }
  post({ kind: 'read', bytes: source.size - told });
  post({ kind: 'digest', hex: hash.digest() });
} catch (error) {
  post({ kind: 'failed', error });
}
