/** Reads a kernel's event description: /sys/kernel/tracing/events/SYSTEM/EVENT/format, as recorded in a trace. */
import type { EventField, EventFormat } from './format.ts';

const FIELD = /^\s*field:\s*(?:special\s+)?([^;]*);\s*offset:\s*(\d+);\s*size:\s*(\d+);(?:\s*signed:\s*(\d+);)?/;

/** Sizes of the element types of dynamic arrays; others print as bytes. */
const elementSizes: ReadonlyMap<string, number> = new Map([
  ['char', 1],
  ['u8', 1],
  ['s8', 1],
  ['u16', 2],
  ['s16', 2],
  ['u32', 4],
  ['s32', 4],
  ['u64', 8],
  ['s64', 8],
]);

/**
 * Parses one description. Undefined without a name or id: nothing could be read with it. When its fields or its print format are
 * unreadable, `fields` ends there and `printFormat` is empty: its events are still listed, and print as `[FAILED TO PARSE]`, as trace-cmd
 * has it.
 */
export function parseEventFormat(text: string, system: string): EventFormat | undefined {
  const name = /^name:\s*(\w+)/.exec(text)?.[1];
  const id = /^ID:\s*(\d+)/m.exec(text)?.[1];
  if (name === undefined || id === undefined) return undefined;
  const printAt = text.indexOf('\nprint fmt:');
  const lines = (printAt < 0 ? text : text.slice(0, printAt)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('format:'));
  const fields: EventField[] = [];
  let readable = start >= 0 && printAt >= 0;
  for (let i = start + 1; readable && i < lines.length; i++) {
    if (lines[i].trim() === '') continue;
    const field = parseField(lines[i]);
    if (field) fields.push(field);
    else readable = false;
  }
  const printFormat = readable ? text.slice(printAt + '\nprint fmt:'.length).trim() : '';
  return { id: Number(id), system, name, fields, printFormat, text };
}

/** `[…]` after the name or after the type: `char comm[16]`, `__data_loc char[] name`. */
function parseField(line: string): EventField | undefined {
  const m = FIELD.exec(line);
  if (!m) return undefined;
  const declaration = m[1]
    .replace(/\s+/g, ' ')
    .replace(/\*(?=\w)/g, '* ')
    .trim();
  const parts = /^(.*?)\s*(\w+)\s*(\[[^\]]*\])$/.exec(declaration) ?? /^(.*?)(\[[^\]]*\])?\s*(\w+)$/.exec(declaration);
  if (!parts) return undefined;
  const afterName = parts[3].startsWith('[');
  const name = afterName ? parts[2] : parts[3];
  const brackets = (afterName ? parts[3] : parts[2]) ?? '';
  const type = parts[1].trim() + brackets;
  if (type === '') return undefined;
  const size = Number(m[3]);
  const length = Number.parseInt(/(\w+)\s*\]$/.exec(brackets)?.[1] ?? '', 10) || 0;
  return {
    name,
    type,
    offset: Number(m[2]),
    size,
    signed: m[4] !== undefined && Number(m[4]) !== 0,
    kind: kindOf(type, size),
    count: length || 1,
  };
}

function kindOf(type: string, size: number): EventField['kind'] {
  if (type.startsWith('__rel_loc')) return 'rel-loc';
  if (type.startsWith('__data_loc') && size >= 2) return 'data-loc';
  if (!type.includes('[')) return 'number';
  return isText(type) ? 'string' : 'array';
}

function isText(type: string): boolean {
  return /char|u8|s8/.test(type);
}

/** What libtraceevent derives from a field's type (event_read_fields): it decides how values print. */
export interface FieldTraits {
  readonly array: boolean;
  readonly text: boolean;
  readonly dynamic: boolean;
  readonly pointer: boolean;
  readonly long: boolean;
  /** Bytes of one array element; 0 unknown. */
  readonly elementSize: number;
}

export function fieldTraits(field: EventField, longSize: number): FieldTraits {
  const dynamic = field.kind === 'data-loc' || field.kind === 'rel-loc';
  // Before dynamic arrays had a length (2 bytes: an offset only) they were always strings.
  const offsetOnly = dynamic && field.size === 2;
  const array = field.type.includes('[') || offsetOnly;
  const text = (array && isText(field.type)) || offsetOnly;
  const long = field.type.includes('long');
  let elementSize = field.size;
  if (array || dynamic) {
    const length = /\[\s*0*[1-9]\w*\s*\]/.test(field.type) ? field.count : 0;
    if (length) elementSize = Math.floor(field.size / length);
    else if (dynamic) elementSize = elementSizes.get(/(\w+)\s*\[/.exec(field.type)?.[1] ?? '') ?? 0;
    else elementSize = text ? 1 : long ? longSize : 0;
  }
  return { array, text, dynamic, pointer: field.type.includes('*'), long, elementSize };
}
