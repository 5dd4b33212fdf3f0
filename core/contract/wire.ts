/**
 * Messages over a byte stream of frames (a web socket): JSON text, or, when there are typed arrays in them, one binary frame:
 *
 *   0   u32 LE   length of the JSON header in bytes
 *   4   …        header: {"message": …, "arrays": [{path, type, at, length}, …]}, null where an array was
 *   …            zeros up to a multiple of 8, then the arrays' bytes, each at `at` after that point, a multiple of 8
 *
 * Paths instead of marker objects, so no value of a message can be mistaken for an array. Bytes are in machine order: both ends run on the
 * same machine (loopback).
 */

/** Close code for a client whose hello was refused (4000 … 4999 are the application's own). */
export const UNAUTHORISED = 4401;

const arrayTypes = {
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;
type ArrayName = keyof typeof arrayTypes;
export type TypedArray = InstanceType<(typeof arrayTypes)[ArrayName]>;

type Path = readonly (string | number)[];
interface Placed {
  readonly path: Path;
  readonly type: ArrayName;
  readonly at: number;
  /** Elements. */
  readonly length: number;
}

/** Not one of our frames. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A message as a frame: text if it holds no typed array, else bytes. */
export function encodeFrame(message: unknown): string | Uint8Array<ArrayBuffer> {
  const arrays: { array: TypedArray; placed: Placed }[] = [];
  let end = 0;
  const plain = lift(message, [], (array, path) => {
    const type = array.constructor.name as ArrayName;
    arrays.push({ array, placed: { path, type, at: end, length: array.length } });
    end += align(array.byteLength);
  });
  if (!arrays.length) return JSON.stringify(message);
  const header = new TextEncoder().encode(JSON.stringify({ message: plain, arrays: arrays.map((a) => a.placed) }));
  const base = align(4 + header.length);
  const frame = new Uint8Array(base + end);
  new DataView(frame.buffer).setUint32(0, header.length, true);
  frame.set(header, 4);
  for (const { array, placed } of arrays) {
    frame.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), base + placed.at);
  }
  return frame;
}

/** The message of a frame; its arrays look into the frame's own memory. Throws WireError. */
export function decodeFrame(frame: string | ArrayBuffer): unknown {
  if (typeof frame === 'string') return parse(frame);
  if (frame.byteLength < 4) throw new WireError(`a frame of ${frame.byteLength} bytes`);
  const length = new DataView(frame).getUint32(0, true);
  if (4 + length > frame.byteLength)
    throw new WireError(`a header of ${length} bytes in a frame of ${frame.byteLength}`);
  const header = parse(new TextDecoder().decode(new Uint8Array(frame, 4, length)));
  if (!isRecord(header) || !Array.isArray(header['arrays']))
    throw new WireError('a binary frame without its list of arrays');
  const root = { message: header['message'] };
  const base = align(4 + length);
  for (const placed of header['arrays'] as unknown[]) place(root, placed, frame, base);
  return root.message;
}

/** A copy of `value` with null for each typed array; `value` itself where it holds none. */
function lift(value: unknown, path: Path, found: (array: TypedArray, path: Path) => void): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    if (value instanceof DataView) throw new WireError('a DataView in a message');
    found(value as TypedArray, path);
    return null;
  }
  if (Array.isArray(value)) return value.map((v, i) => lift(v, [...path, i], found));
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, lift(v, [...path, key], found)]));
}

function place(root: { message: unknown }, placed: unknown, frame: ArrayBuffer, base: number): void {
  if (!isPlaced(placed)) throw new WireError('an array without path, type, place or length');
  const Type = arrayTypes[placed.type];
  const start = base + placed.at;
  if (placed.at % 8 || start + placed.length * Type.BYTES_PER_ELEMENT > frame.byteLength) {
    throw new WireError(`an array of ${placed.length} elements at ${start} in a frame of ${frame.byteLength} bytes`);
  }
  let parent: unknown = root;
  let key: string | number = 'message';
  for (const step of placed.path) {
    parent = own(parent, key);
    key = step;
  }
  // It must be null there: nothing else may be replaced, and a path can't reach anything but own properties
  if (own(parent, key) !== null) throw new WireError(`no place for an array at ${placed.path.join('.')}`);
  (parent as Record<string | number, unknown>)[key] = new Type(frame, start, placed.length);
}

function own(parent: unknown, key: string | number): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) return undefined;
  return (parent as Record<string | number, unknown>)[key];
}

function isPlaced(value: unknown): value is Placed {
  if (!isRecord(value)) return false;
  const { path, type, at, length } = value;
  return (
    Array.isArray(path) &&
    path.every((step) => typeof step === 'string' || typeof step === 'number') &&
    typeof type === 'string' &&
    Object.hasOwn(arrayTypes, type) &&
    [at, length].every((n) => Number.isSafeInteger(n) && (n as number) >= 0)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WireError('a frame that is not JSON');
  }
}

function align(n: number): number {
  return Math.ceil(n / 8) * 8;
}
