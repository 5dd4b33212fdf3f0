/** Standard output for commands: buffered, and ends quietly when the reader (`| head`) is gone. */
import { writeSync } from 'node:fs';
import { printable } from '../words/printable.ts';
import { progressMeter } from './progress.ts';
import type { ProgressLine } from './progress.ts';

export interface Output {
  write(text: string): void;
  /** One JSON document and a newline. BigInts become numbers below 2^53 and decimal strings from there on. */
  json(value: unknown): void;
  /** A line on stderr, never data. */
  note(text: string): void;
  /** Resolves when the user asks to stop. */
  stopped(): Promise<void>;
  /** Shows progress: a line on stderr, if that is a terminal. Throws Interrupted once the user has asked to stop. */
  progress(p: ProgressLine): void;
  flush(): void;
}

/** Thrown when stdout's reader is gone: not our error. */
export class ReaderGone extends Error {}

/** Thrown when the user asked to stop: unwinds the work, whose transaction is rolled back on the way. */
export class Interrupted extends Error {}

/** Takes bytes for a file descriptor: 1 is stdout, 2 stderr. */
export type Sink = (fd: 1 | 2, bytes: Uint8Array) => void;

/** How a command learns that it should stop. */
export interface Stop {
  /** Checked on each progress call. */
  asked(): boolean;
  wait(): Promise<void>;
}

const never: Stop = { asked: () => false, wait: () => new Promise(() => undefined) };

/**
 * @param sink where the bytes go, for callers that want to see them
 */
export function createOutput(stop: Stop = never, sink: Sink = writeAll): Output {
  const limit = 1 << 16;
  let pending: string[] = [];
  let length = 0;
  const flush = () => {
    if (!length) return;
    // The one place that writes: whatever names a file holds, no terminal interprets them.
    const bytes = Buffer.from(printable(pending.join('')));
    pending = [];
    length = 0;
    meter.clear();
    sink(1, bytes);
  };
  const meter = progressMeter((text) => sink(2, Buffer.from(text)));
  const write = (text: string) => {
    pending.push(text);
    length += text.length;
    if (length >= limit) flush();
  };
  return {
    write,
    flush,
    json: (value) => write(`${JSON.stringify(value, jsonBigint, 1)}\n`),
    note: (text) => {
      flush();
      meter.clear();
      sink(2, Buffer.from(`${printable(text)}\n`));
    },
    stopped: stop.wait,
    progress: (p) => {
      if (stop.asked()) throw new Interrupted('interrupted');
      meter.show(p);
    },
  };
}

/** A JSON replacer that keeps 64-bit values exact. */
export function jsonBigint(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : String(value);
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      if (code !== 'EAGAIN') throw error;
      // A full non-blocking pipe: wait for the reader instead of spinning.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
