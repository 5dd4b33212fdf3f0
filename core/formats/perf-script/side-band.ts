/** Side-band lines of `perf script --show-mmap-events`: where binaries were mapped, and who belongs to which process. */
import { utf8Text } from '../event-format/text-bytes.ts';
import type { TextBinary } from '../spe/text-samples.ts';

const RECORD = /\bPERF_RECORD_[A-Z0-9_]+/;
const MMAP =
  /PERF_RECORD_MMAP2? (-?\d+)\/(-?\d+): \[(?:0x)?([0-9a-f]+)\((?:0x)?([0-9a-f]+)\) @ (?:0x)?([0-9a-f]+)[^\]]*\]: (\S+) (.+?)\s*$/;
const TASK = /PERF_RECORD_(?:COMM(?: exec)?: .*:|FORK\()(\d+)[/:](\d+)/;

/** Mappings kept: texts that people hand in have fewer. */
const MAX_MAPS = 1 << 18;

/** Whether a line is a side-band record's; samples aren't. */
export function isSideBand(text: string): boolean {
  return text.includes('PERF_RECORD_') && RECORD.test(text);
}

interface TextMap {
  readonly t: bigint;
  readonly pid: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly file: string;
  /** Index into the text's binaries. */
  index: number | undefined;
  readonly binary: TextBinary;
}

export class SideBandText {
  readonly #byPid = new Map<number, TextMap[]>();
  readonly #pidOf = new Map<number, number>();
  #maps = 0;

  get maps(): number {
    return this.#maps;
  }

  take(text: string, t: bigint): void {
    const m = MMAP.exec(text);
    if (!m) {
      const task = TASK.exec(text);
      if (task && this.#pidOf.size < MAX_MAPS) this.#pidOf.set(Number(task[2]), Number(task[1]));
      return;
    }
    if (this.#maps >= MAX_MAPS) return;
    const [start, length, pgoff] = [m[3], m[4], m[5]].map((digits) => BigInt(`0x${digits.slice(-16)}`));
    const kernel = Number(m[1]) < 0 || start >> 63n === 1n;
    const pid = kernel ? -1 : Number(m[1]);
    // `[kernel.kallsyms]_text`
    const file = m[7].replace(/^(\[[^\]]+\])_\w+$/, '$1');
    const binary = { file: utf8Text(file), kernel, at: { t, pid, start, length, pgoff } };
    const own = this.#byPid.get(pid) ?? [];
    own.push({ t, pid, start, end: start + length, file, index: undefined, binary });
    this.#byPid.set(pid, own);
    if (!kernel) this.#pidOf.set(Number(m[2]), pid);
    this.#maps++;
  }

  /** The mapping that holds an address: the process's newest. `file`: the binary that the sample names, if any. */
  find(pc: bigint, tid: number, pid: number, file: string | undefined): TextMap | undefined {
    if (!this.#maps) return undefined;
    const process = pc >> 63n === 1n ? -1 : pid >= 0 ? pid : (this.#pidOf.get(tid) ?? tid);
    const own = this.#byPid.get(process);
    if (!own) return undefined;
    for (let i = own.length - 1; i >= 0; i--) {
      const map = own[i];
      if (pc >= map.start && pc < map.end && (file === undefined || map.file === file)) return map;
    }
    return undefined;
  }
}
