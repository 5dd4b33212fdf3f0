/** Whether two captures give a key on the same basis. What text leaves out isn't a difference between programs. */
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readMappings } from '../../store/mappings.ts';
import type { Mapping } from '../../store/mappings.ts';
import { RequestError } from '../about.ts';
import { keyKinds } from '../symbols/keys.ts';
import type { KeyKind } from '../symbols/keys.ts';

/** What keys rest on; undefined if the capture lacks it. */
type Basis = string | undefined;

const PACKETS = 'packets';

function basisOf(db: Db, capture: CaptureRow, kind: KeyKind): Basis {
  if (capture.format !== 'perf-script-spe') {
    // spe-parser's CSV has no mappings; neither has a bare buffer.
    const isBare = capture.format === 'spe-csv' || capture.format === 'raw-spe';
    return isBare && isPlace(kind) ? 'addresses' : PACKETS;
  }
  const { told } = capture.facts;
  switch (kind) {
    case 'page':
    case 'pc':
    case 'symbol':
      return isLocated(readMappings(db, capture.id)) ? PACKETS : 'addresses';
    case 'binary':
      return told?.binary ? PACKETS : undefined;
    case 'latency':
      return told?.latency ? PACKETS : undefined;
    case 'thread':
      return told?.thread ? PACKETS : undefined;
    // Guessed from the address or data_src; the source can't even be guessed.
    case 'el':
    case 'op':
      return 'text';
    case 'source':
      return undefined;
  }
}

/** By MMAP lines; without them a binary's mapping is half the address space (textMapping). */
function isLocated(mappings: readonly Mapping[]): boolean {
  return mappings.length > 0 && mappings.every((m) => m.length < MAX_BINARY);
}

/** Larger than any binary, bytes. */
const MAX_BINARY = 1n << 47n;

const isPlace = (kind: KeyKind): boolean => kind === 'page' || kind === 'pc' || kind === 'symbol' || kind === 'binary';

const missing: Readonly<Record<KeyKind, string>> = {
  page: 'the addresses that binaries were mapped at',
  pc: 'the addresses that binaries were mapped at',
  symbol: 'the addresses that binaries were mapped at',
  binary: 'the binary of each sample',
  latency: 'latencies (-F +weight)',
  thread: 'threads (-F +tid)',
  el: 'exception levels',
  op: "operations but for 'load' and 'store'",
  source: 'data sources as the core encodes them',
};

/** @throws RequestError if one of them lacks what the other's keys rest on */
export function requireComparable(db: Db, captures: readonly [CaptureRow, CaptureRow], kind: KeyKind): void {
  const [a, b] = captures.map((c) => basisOf(db, c, kind));
  if (a !== undefined && a === b) return;
  const lacking = captures[a === undefined || a !== PACKETS ? 0 : 1];
  const others = keyKinds.filter((k) => {
    const [x, y] = captures.map((c) => basisOf(db, c, k));
    return x !== undefined && x === y;
  });
  const instead = others.length ? `compare by ${others.join(', ')}, or ` : '';
  const what = lacking.format === 'perf-script-spe' ? 'text of perf script' : lacking.format;
  throw new RequestError(
    `by ${kind}: capture ${lacking.id} is ${what}, which lacks ${missing[kind]}: ${instead}import the perf.data that it was made of`,
  );
}
