/** Changes inputs at random: bytes, numbers, pieces, and lines of text. */
import type { Random } from './random.ts';

const interesting = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 63n - 1n,
];
const widths = [1, 2, 4, 8] as const;

/** Inputs don't grow beyond this, bytes. */
const MAX_BYTES = 512 << 10;

/** @param other another input of the kind, to take pieces from */
export function mutate(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes = new Uint8Array(input);
  // Usually few changes: an input changed all over is refused at its head.
  for (let n = 1 + Math.floor(-Math.log(1 - random.real()) * 1.5); n > 0; n--) {
    bytes =
      isText(bytes) && random.below(3) > 0 ? mutateLines(bytes, other, random) : mutateBytes(bytes, other, random);
  }
  return bytes.subarray(0, MAX_BYTES);
}

function mutateBytes(bytes: Uint8Array<ArrayBuffer>, other: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return new Uint8Array(other);
  const at = random.below(bytes.length);
  const length = Math.min(bytes.length - at, 1 + random.below(random.below(4) ? 16 : 4096));
  switch (random.below(7)) {
    case 0:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      return withNumber(bytes, at, random);
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(at + length));
    case 4:
      return joined(bytes.subarray(0, at + length), bytes.subarray(at));
    case 5: {
      const from = random.below(other.length + 1);
      return joined(bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at));
    }
    default:
      return random.below(4)
        ? joined(bytes.subarray(0, at), bytes.subarray(at + length), bytes.subarray(at, at + length))
        : bytes.slice(0, at);
  }
}

/** A number where headers have theirs, or one near the existing one. */
function withNumber(bytes: Uint8Array<ArrayBuffer>, place: number, random: Random): Uint8Array<ArrayBuffer> {
  const width = widths[random.below(widths.length)];
  const at = place - (place % width);
  if (at + width > bytes.length) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(at + i));
  const next = random.below(2) ? interesting[random.below(interesting.length)] : value + BigInt(random.below(65) - 32);
  for (let i = 0; i < width; i++) view.setUint8(at + i, Number((BigInt.asUintN(64, next) >> BigInt(8 * i)) & 0xffn));
  return bytes;
}

function mutateLines(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const at = random.below(lines.length);
  const foreign = Buffer.from(other).toString('latin1').split('\n');
  const words = lines[at].split(/(?<=[ ,:])/);
  const word = random.below(words.length);
  switch (random.below(7)) {
    case 0:
      lines.splice(at, 1 + random.below(8));
      break;
    case 1:
      lines.splice(at, 0, ...lines.slice(at, at + 1 + random.below(8)));
      break;
    case 2:
      lines.splice(at, 0, foreign[random.below(foreign.length)]);
      break;
    case 3: {
      const to = random.below(lines.length);
      [lines[at], lines[to]] = [lines[to], lines[at]];
      break;
    }
    case 4:
      words.splice(word, 1);
      lines[at] = words.join('');
      break;
    case 5:
      words.splice(word, 0, words[random.below(words.length)]);
      lines[at] = words.join('');
      break;
    default:
      lines[at] = lines[at].replace(/\d+/g, (n) =>
        random.below(3) ? n : String(interesting[random.below(interesting.length)]),
      );
  }
  return new Uint8Array(Buffer.from(lines.join('\n'), 'latin1'));
}

function isText(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.subarray(0, 512).every((b) => b >= 0x20 || b === 0x0a || b === 0x09 || b === 0x0d);
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
