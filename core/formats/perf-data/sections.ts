import { InputError, type Warnings } from '../problems.ts';
import type { ByteSource } from '../source.ts';
import { type PerfEvent, readAttr, readIds, readSection, type Section } from './attr.ts';
import { DAMAGE_BYTES, damageAsText } from '../text-damage.ts';
import { ATTRS, FEATURE_BYTES, IDS } from './limits.ts';

const HEADER_BYTES = 104;
const PIPE_HEADER_BYTES = 16;

/** Where the parts of a perf.data file lie (tools/perf/Documentation/perf.data-file-format.txt). */
export interface FileLayout {
  readonly pipe: boolean;
  /** Records, clipped to the file. */
  readonly data: Section;
  /** Directory mode: what the threads of perf record wrote, only records, one file each. */
  readonly more: readonly Section[];
  readonly attrs: Section;
  readonly attrSize: number;
  /** Feature bit → section. Empty in pipe mode: there features are records. */
  readonly features: ReadonlyMap<number, Section>;
}

const magic = (head: Uint8Array): string => String.fromCharCode(...head.subarray(0, 8));

/** True for anything that calls itself perf.data, including the kinds that `readLayout` then refuses with a reason. */
export function isPerfData(head: Uint8Array): boolean {
  return ['PERFILE2', '2ELIFREP', 'PERFFILE', 'ELIFFREP'].includes(magic(head));
}

/** Throws `InputError` unless the file is a perf.data of a little-endian machine. */
export function readLayout(source: ByteSource, warnings: Warnings): FileLayout {
  const head = new Uint8Array(source.read(0, HEADER_BYTES));
  const name = magic(head);
  if (name === '2ELIFREP')
    throw new InputError(
      source.name,
      'perf.data of a big-endian machine. Umbra reads little-endian captures; Linux on Arm with SPE records those',
      0,
    );
  if (name === 'PERFFILE' || name === 'ELIFFREP')
    throw new InputError(source.name, 'perf.data of a perf older than Linux 3.0, which knew no AUX data', 0);
  if (name !== 'PERFILE2') throw new InputError(source.name, 'not a perf.data file (no PERFILE2 at its start)', 0);
  const damage = damageAsText(source.read(0, DAMAGE_BYTES));
  if (damage !== undefined) throw new InputError(source.name, damage);
  if (head.length < PIPE_HEADER_BYTES) throw new InputError(source.name, 'ends within its header', head.length);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const headerSize = readSection(view, 0).size;
  if (headerSize === PIPE_HEADER_BYTES) {
    const none: Section = { offset: 0, size: 0 };
    const data: Section = { offset: PIPE_HEADER_BYTES, size: source.size - PIPE_HEADER_BYTES };
    return { pipe: true, data, attrs: none, attrSize: 0, more: [], features: new Map() };
  }
  if (head.length < HEADER_BYTES) throw new InputError(source.name, 'ends within its header', head.length);
  if (headerSize < HEADER_BYTES)
    throw new InputError(source.name, `header of ${headerSize} bytes, neither file (104) nor pipe mode (16)`, 8);
  const attrSize = readSection(view, 8).size;
  const attrs = readSection(view, 24);
  const claimed = readSection(view, 40);
  if (claimed.offset < HEADER_BYTES || claimed.offset > source.size)
    throw new InputError(source.name, `records should start at byte ${claimed.offset}, outside the file`, 40);
  const size = clip(source, claimed, warnings);
  const layout = { pipe: false, data: { offset: claimed.offset, size }, more: otherParts(source), attrs, attrSize };
  return { ...layout, features: featureSections(source, view, claimed, warnings) };
}

/** The first file of a directory is a perf.data with everything but most records; the others have no header. */
function otherParts({ parts }: ByteSource): Section[] {
  let offset = parts?.[0]?.size ?? 0;
  return (parts ?? []).slice(1).map(({ size }) => {
    offset += size;
    return { offset: offset - size, size };
  });
}

/** Bytes of the file with the header. */
function mainSize({ parts, size }: ByteSource): number {
  return parts?.[0]?.size ?? size;
}

/** Bytes of records that are really there. `perf record` writes the size last: 0 means that it was killed. */
function clip(source: ByteSource, data: Section, warnings: Warnings): number {
  const there = mainSize(source) - data.offset;
  if (data.size === 0 && there > 0) {
    const message = 'perf record did not finish the file: records are read to its end, features are missing';
    warnings.add('data-loss', 'perf-unfinished', message, { offset: 40 });
    return there;
  }
  if (data.size > there) {
    const message = `the file is shorter than its header says: ${data.size - there} bytes of records are missing, and all features`;
    warnings.add('data-loss', 'perf-short-file', message, { offset: source.size, bytes: data.size - there });
    return there;
  }
  return data.size;
}

/** After the records: a section descriptor for each set bit of `adds_features`, in bit order. */
function featureSections(
  source: ByteSource,
  header: DataView,
  data: Section,
  warnings: Warnings,
): ReadonlyMap<number, Section> {
  const features = new Map<number, Section>();
  // Unfinished or cut: `clip` has warned.
  if (data.size === 0 || data.offset + data.size >= mainSize(source)) return features;
  const bits = [];
  for (let bit = 0; bit < 256; bit++) if (header.getUint8(72 + (bit >> 3)) & (1 << (bit & 7))) bits.push(bit);
  const table = source.read(data.offset + data.size, bits.length * 16);
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  bits.forEach((bit, i) => {
    const section = i * 16 + 16 <= table.length ? readSection(view, i * 16) : undefined;
    if (section && section.offset + section.size <= source.size) features.set(bit, section);
    else
      warnings.add('undecoded', 'perf-feature', 'a feature section lies past the end of the file', {
        offset: data.offset + data.size + i * 16,
      });
  });
  return features;
}

/**
 * The events of a file in file mode. `InputError` if their table is not usable: without attrs no record can be read.
 */
export function readAttrs(source: ByteSource, layout: FileLayout): PerfEvent[] {
  const { attrs, attrSize } = layout;
  const bad = (message: string): never => {
    throw new InputError(source.name, message, 24);
  };
  if (attrSize < 64 + 16 || attrSize > 4096) bad(`event attributes of ${attrSize} bytes`);
  const count = Math.floor(attrs.size / attrSize);
  if (count > ATTRS) bad(`${count} events, more than ${ATTRS}`);
  if (attrs.offset + attrs.size > source.size) bad('event attributes past the end of the file');
  const table = new Uint8Array(source.read(attrs.offset, count * attrSize));
  const view = new DataView(table.buffer);
  const events: PerfEvent[] = [];
  let ids = 0;
  for (let i = 0; i < count; i++) {
    const section = readSection(view, (i + 1) * attrSize - 16);
    const n = section.size / 8;
    ids += n;
    const usable = Number.isInteger(n) && ids <= IDS && section.offset + section.size <= source.size;
    const bytes = usable ? source.read(section.offset, section.size) : new Uint8Array(0);
    const list = readIds(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length >> 3);
    events.push({ attr: readAttr(view, i * attrSize, attrSize - 16), ids: list, name: '' });
  }
  return events;
}

/** A feature section's bytes, empty if it is too large to be decoded. */
export function readFeature(source: ByteSource, section: Section): Uint8Array {
  return section.size > FEATURE_BYTES ? new Uint8Array(0) : new Uint8Array(source.read(section.offset, section.size));
}
