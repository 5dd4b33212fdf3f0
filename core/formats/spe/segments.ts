import type { AuxQueue, AuxRecords } from '../perf-data/columns.ts';
import { AuxFlag } from '../perf-data/types.ts';

/** Bytes to decode in one go: they follow each other both in the file and in the AUX stream. */
export interface Segment {
  fileOffset: number;
  auxOffset: number;
  length: number;
  /** Its last record is cut by the hardware (AUX flag PARTIAL). */
  cut: boolean;
  /** No AUX record claims it. */
  unclaimed: boolean;
}

/** perf rounds the size of an AUXTRACE record up to 8 bytes. */
const ALIGNMENT = 8;

/** The ranges that AUX records claim of one queue, by offset. */
interface Ranges {
  readonly n: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly cut: Uint8Array;
}

/**
 * What to decode of a queue, in order. The kernel pads the buffer to the SPE's alignment without an AUX record
 * (arm_spe_pmu.c, arm_spe_pad_buf): such a hole between two ranges is left out. Other bytes that no AUX record claims
 * are SPE data whose AUX record got lost, and are handed out as `unclaimed`; without any AUX record, or in snapshot
 * mode, where their ranges mean nothing, whole buffers are.
 */
export function* segments(queue: AuxQueue, aux: AuxRecords): Generator<Segment> {
  const ranges = rangesOf(queue, aux);
  const { n, fileOffset, size, auxOffset } = queue.buffers;
  const all = ranges === undefined;
  let done = -1;
  for (let i = 0; i < n; i++) {
    const file = fileOffset[i] - auxOffset[i];
    let from = auxOffset[i];
    let end = from + size[i];
    // Rounding: the next buffer starts within the last bytes of this one.
    const next = i + 1 < n ? auxOffset[i + 1] : end;
    if (next < end && end - next < ALIGNMENT) end = next;
    // A buffer that repeats what the one before it held (snapshots that overlap).
    if (from < done && done < end) from = done;
    if (all) yield { fileOffset: file + from, auxOffset: from, length: end - from, cut: false, unclaimed: false };
    else yield* claimed(ranges, from, end, file);
    done = end;
  }
}

function* claimed(ranges: Ranges, start: number, end: number, file: number): Generator<Segment> {
  let from = start;
  let r = firstEndingAfter(ranges, from);
  while (from < end) {
    if (r === ranges.n || ranges.start[r] >= end) {
      // After the last range: up to 7 bytes are perf's rounding.
      if (r < ranges.n ? !hole(ranges, r, from) : end - from >= ALIGNMENT)
        yield { fileOffset: file + from, auxOffset: from, length: end - from, cut: false, unclaimed: true };
      return;
    }
    const begin = Math.max(from, ranges.start[r]);
    if (begin > from && !hole(ranges, r, from))
      yield { fileOffset: file + from, auxOffset: from, length: begin - from, cut: false, unclaimed: true };
    let to = ranges.end[r];
    while (!ranges.cut[r] && r + 1 < ranges.n && ranges.start[r + 1] <= to && to < end)
      to = Math.max(to, ranges.end[++r]);
    const cut = ranges.cut[r] === 1 && to <= end;
    to = Math.min(to, end);
    yield { fileOffset: file + begin, auxOffset: begin, length: to - begin, cut, unclaimed: false };
    from = to;
    while (r < ranges.n && ranges.end[r] <= from) r++;
  }
}

/** Largest hole that is padding: up to the alignment, and once more the largest record's size, 2 KiB each. */
const PADDING = 4096;

/** True if the unclaimed bytes from `from` on, before range `r`, are padding. */
function hole(ranges: Ranges, r: number, from: number): boolean {
  return ranges.start[r] - (r > 0 ? ranges.end[r - 1] : from) <= PADDING;
}

function firstEndingAfter({ n, end }: Ranges, offset: number): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (end[middle] > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Undefined if the AUX records don't give ranges. Those of size 0 only carry flags. */
function rangesOf(queue: AuxQueue, aux: AuxRecords): Ranges | undefined {
  const picked: number[] = [];
  for (let i = 0; i < aux.n; i++) {
    if (!ofQueue(queue, aux, i)) continue;
    if (aux.flags[i] & AuxFlag.OVERWRITE) return undefined;
    if (aux.size[i] > 0) picked.push(i);
  }
  if (picked.length === 0) return undefined;
  picked.sort((a, b) => aux.offset[a] - aux.offset[b]);
  const start = new Float64Array(picked.length);
  const end = new Float64Array(picked.length);
  const cut = new Uint8Array(picked.length);
  let last = 0;
  picked.forEach((i, k) => {
    start[k] = aux.offset[i];
    // Ends must ascend for the search; ranges overlap in damaged files only.
    last = end[k] = Math.max(last, aux.offset[i] + aux.size[i]);
    cut[k] = aux.flags[i] & AuxFlag.PARTIAL ? 1 : 0;
  });
  return { n: picked.length, start, end, cut };
}

/** Whether AUX record `i` belongs to this queue: by event id, else by the CPU or thread it was written on. */
function ofQueue(queue: AuxQueue, aux: AuxRecords, i: number): boolean {
  if (aux.idx[i] >= 0) return aux.idx[i] === queue.idx;
  return queue.cpu >= 0 ? aux.cpu[i] === queue.cpu : aux.tid[i] === queue.tid;
}
