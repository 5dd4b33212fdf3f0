/** All fields of an event by name, for JSON and for people: the slow way. Bulk code uses FieldReader. */
import type { EventField, EventFormat } from './format.ts';
import { dynamicRange, readNumber, type RecordView } from './numbers.ts';
import { fieldTraits } from './parse-format.ts';
import { byteText, cString } from './text-bytes.ts';
import { isHexTextField, textFields } from './text-fields.ts';

export type FieldValue = bigint | string | bigint[];

interface Entry {
  readonly name: string;
  /** 64-bit unsigned values and pointers are written `0x…`. */
  readonly hex: boolean;
  readonly get: (r: RecordView) => FieldValue;
}

export class FieldLister {
  readonly #entries: Map<string, Entry>;
  readonly #format: EventFormat;

  constructor(format: EventFormat, longSize: number) {
    this.#format = format;
    const own = format.fields.filter((f) => !f.name.startsWith('common_'));
    this.#entries = new Map(own.map((f) => [f.name, entryOf(f, longSize)]));
  }

  list(r: RecordView): Record<string, FieldValue> {
    if (this.#format.fields.length === 0) {
      return textFields(this.#format.name, byteText(r.bytes, r.at, r.at + r.size));
    }
    const values: Record<string, FieldValue> = {};
    for (const [name, entry] of this.#entries) values[name] = entry.get(r);
    return values;
  }

  isHex(name: string, value: bigint): boolean {
    const entry = this.#entries.get(name);
    return entry ? entry.hex : isHexTextField(this.#format.name, name, value);
  }
}

function entryOf(field: EventField, longSize: number): Entry {
  const { name, offset, size, signed } = field;
  const traits = fieldTraits(field, longSize);
  const step = traits.elementSize || 1;
  const hex = !signed && (traits.pointer || (traits.array ? step === 8 : size === 8));
  const sign = (value: bigint, bytes: number): bigint => (signed ? BigInt.asIntN(bytes * 8, value) : value);
  if (!traits.array && !traits.dynamic) return { name, hex, get: (r) => sign(readNumber(r, offset, size), size || 8) };
  const range = traits.dynamic ? dynamicRange(field) : (r: RecordView) => ({ offset, length: size || r.size - offset });
  if (traits.text) {
    return {
      name,
      hex,
      get: (r) => {
        const { offset: start, length } = range(r);
        return cString(r.bytes, r.at + start, r.at + Math.min(start + length, r.size));
      },
    };
  }
  return {
    name,
    hex,
    get: (r) => {
      const { offset: start, length } = range(r);
      const end = Math.min(start + length, r.size);
      const values: bigint[] = [];
      for (let at = start; at + step <= end; at += step) values.push(sign(readNumber(r, at, step), step));
      return values;
    },
  };
}

/** Fields as JSON holds them: numbers where a double is exact, else decimal strings; `0x…` strings for 64-bit unsigned. */
export function toJson(fields: Record<string, FieldValue>, lister: FieldLister): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const write = (v: bigint): number | string => {
      if (lister.isHex(name, v) && v >= 0n) return `0x${v.toString(16)}`;
      return v <= Number.MAX_SAFE_INTEGER && v >= Number.MIN_SAFE_INTEGER ? Number(v) : String(v);
    };
    out[name] = typeof value === 'string' ? value : Array.isArray(value) ? value.map(write) : write(value);
  }
  return out;
}
