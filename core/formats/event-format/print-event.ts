/** The text of one kind of event, from its own description: what trace-cmd -N prints after the event's name. */
import { bprintText } from './bprint.ts';
import { Unreadable, type Arg } from './arg.ts';
import { parsePrintFormat } from './expression.ts';
import type { EventField, EventFormat } from './format.ts';
import { read64, type PrintContext, type RecordView } from './numbers.ts';
import { fieldTraits } from './parse-format.ts';
import { compilePieces, type Piece } from './printf.ts';
import type { TextCode } from './strings.ts';
import { cString } from './text-bytes.ts';

/** Compiles a description's print format. Never throws: what can't be compiled prints its fields, as trace-cmd does. */
export function compileEvent(format: EventFormat, context: PrintContext): TextCode {
  const isFtrace = format.system === 'ftrace';
  const own = format.fields.filter((f) => !f.name.startsWith('common_'));
  try {
    const parsed = parsePrintFormat(format.printFormat, format.fields, context.longSize);
    if (isFtrace && format.name === 'bprint') return bprintText(format, context);
    // Descriptions of old ftrace events have no arguments: they print their fields in order.
    const args = parsed.args.length || !isFtrace ? parsed.args : own.map(fieldArg);
    return joined(compilePieces(parsed.format, args, context));
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return failedText(own, context);
  }
}

function fieldArg(field: EventField): Arg {
  return { kind: 'field', text: field.name, field, rank: 0 };
}

export function joined(pieces: readonly Piece[]): TextCode {
  return (r) => {
    let text = '';
    for (const piece of pieces) text += piece.literal ?? piece.code(r);
    return text;
  };
}

/** `[FAILED TO PARSE] field=value …` (print_field_raw). */
function failedText(fields: readonly EventField[], context: PrintContext): TextCode {
  const codes = fields.map((field) => ({ name: field.name, code: rawField(field, context) }));
  return (r) => `[FAILED TO PARSE]${codes.map(({ name, code }) => ` ${name}=${code(r)}`).join('')}`;
}

function rawField(field: EventField, context: PrintContext): TextCode {
  const traits = fieldTraits(field, context.longSize);
  const { offset, size, signed } = field;
  if (traits.array) return rawArray(field, traits.dynamic, traits.text);
  const valueOf = (r: RecordView): bigint => {
    if (offset + size > r.size) return 0n;
    if (size === 8) return read64(r.bytes, r.at + offset);
    let value = 0n;
    if (size === 1 || size === 2 || size === 4) {
      for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(r.bytes[r.at + offset + i]);
    }
    return value;
  };
  const hex = (r: RecordView): string => `0x${valueOf(r).toString(16)}`;
  if (traits.pointer) return hex;
  if (!signed) return traits.long ? hex : (r) => String(valueOf(r));
  if (size === 4 && traits.long) return hex;
  const bits = size === 1 || size === 2 || size === 4 ? size * 8 : 64;
  const width = size === 2 ? 2 : 1;
  return (r) => String(BigInt.asIntN(bits, valueOf(r))).padStart(width);
}

/** Once a character array has held anything else, it prints as bytes from then on: libtraceevent drops its flag. */
function rawArray(field: EventField, dynamic: boolean, text: boolean): TextCode {
  let asText = text;
  return (r) => {
    let start = field.offset;
    let length = field.size;
    if (dynamic && field.offset + field.size <= r.size) {
      const at = r.at + field.offset;
      const low = r.bytes[at] | (r.bytes[at + 1] << 8);
      const high = field.size === 2 ? r.size - low : r.bytes[at + 2] | (r.bytes[at + 3] << 8);
      start = low > r.size ? 0 : low;
      length = low + high > r.size ? 0 : high;
      if (field.kind === 'rel-loc') start += field.offset + field.size;
    } else if (dynamic) {
      start = length = 0;
    }
    const end = Math.min(r.at + start + length, r.at + r.size);
    const bytes = r.bytes.subarray(Math.min(r.at + start, end), end);
    if (asText && isPrintable(bytes)) return cString(r.bytes, r.at + start, r.at + r.size);
    asText = false;
    return `ARRAY[${Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(', ')}]`;
  };
}

function isPrintable(bytes: Uint8Array): boolean {
  for (const b of bytes) {
    if (b === 0) break;
    if ((b < 0x20 || b > 0x7e) && !(b >= 9 && b <= 13)) return false;
  }
  return true;
}
