/** Writes a synthesised capture pair into a folder. */
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { synthOptions, SynthError } from '../../synth/options.ts';
import type { SynthOptions } from '../../synth/options.ts';
export { advices as synthAdvices, backings as synthBackings } from '../../synth/advice.ts';
import { synthesise } from '../../synth/pair.ts';
import type { OnStep } from '../../synth/pair.ts';
import type { Truth } from '../../synth/truth.ts';
import type { ByteSink } from '../../synth/sink.ts';
import { RequestError } from '../about.ts';
import { behindLinks, checkTarget, writeTogether } from '../output-file.ts';
import { partBeside, removeLeftovers } from '../part-files.ts';

export interface SynthFiles {
  readonly spe: string;
  readonly kvm: string;
  readonly vm: string;
  readonly truth: string;
}

/**
 * `spe.perf.data`, `kvm.trace.dat`, `kvm.vm.json` and `truth.json` in `folder`, which is made if missing; existing files
 * are overwritten.
 * @param onStep called often; what it throws ends the work, and leaves the folder as it was
 * @throws RequestError for options that can't be carried out
 */
export function synthFiles(
  folder: string,
  given: Partial<SynthOptions>,
  onStep?: OnStep,
): { files: SynthFiles; truth: Truth; kvmEvents: number } {
  const options = explained(() => synthOptions(given));
  const files = {
    spe: join(folder, 'spe.perf.data'),
    kvm: join(folder, 'kvm.trace.dat'),
    vm: join(folder, 'kvm.vm.json'),
    truth: join(folder, 'truth.json'),
  };
  // Half a pair isn't a pair.
  return writeTogether(folder, (written) => {
    removeLeftovers(folder);
    const targets = Object.values(files).map((path: string) => {
      checkTarget(path);
      return behindLinks(path);
    });
    const parts = targets.map(partBeside);
    written.push(...parts);
    const [spe, kvm] = parts.map((path) => new FileSink(path));
    let done;
    try {
      const pair = explained(() => synthesise(options, { spe, kvm }, undefined, onStep));
      writeFileSync(parts[2], `${JSON.stringify(pair.kvm.vm, null, 1)}\n`);
      writeFileSync(parts[3], `${JSON.stringify(pair.truth)}\n`);
      spe.flush();
      kvm.flush();
      done = { files, truth: pair.truth, kvmEvents: pair.kvm.events };
    } finally {
      spe.close();
      kvm.close();
    }
    parts.forEach((part, i) => renameSync(part, targets[i]));
    return done;
  });
}

function explained<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof SynthError ? new RequestError(error.message) : error;
  }
}

/** Batches small writes: a system call per record would be slow. */
class FileSink implements ByteSink {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(1 << 20);
  #held = 0;
  #at = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'wx');
  }

  write(bytes: Uint8Array): void {
    if (this.#held + bytes.length > this.#buffer.length) this.flush();
    if (bytes.length > this.#buffer.length) return this.#put(bytes);
    this.#buffer.set(bytes, this.#held);
    this.#held += bytes.length;
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.flush();
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
    }
  }

  flush(): void {
    this.#put(this.#buffer.subarray(0, this.#held));
    this.#held = 0;
  }

  #put(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const written = writeSync(this.#fd, bytes, done, bytes.length - done, this.#at);
      done += written;
      this.#at += written;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
