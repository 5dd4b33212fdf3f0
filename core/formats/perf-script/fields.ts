/**
 * What stands behind a sample's event, by its shape: the text doesn't say which fields -F asked for. perf prints them in this
 * order, whatever the order in -F:
 *
 *     addr  data_src |OP LOAD|LVL …|BLK N/A  weight  ip symbol+0xoffset (binary)  phys_addr
 */

export interface SampleFields {
  /** Numbers as they stand, hex but for `weight`. */
  va?: string;
  dataSource?: string;
  weight?: number;
  pc?: string;
  symbol?: string;
  /** Of the PC in its function. */
  offset?: bigint;
  binary?: string;
  pa?: string;
}

const HEX = /^[0-9a-f]{1,16}$/;

/** A latency never has more digits; an address hardly ever has so few. */
const LATENCY = /^\d{1,5}$/;

/** Longer lines aren't samples. */
const MAX_FIELDS = 16384;

/** Undefined if this can't be a sample's fields. A sample with a call chain has none behind its event. */
export function parseFields(rest: string): SampleFields | undefined {
  const fields: SampleFields = {};
  if (rest.length > MAX_FIELDS) return undefined;
  const text = takeBinary(rest.trim(), fields);
  const bar = text.indexOf('|');
  let tokens: string[];
  if (bar >= 0) {
    const before = words(text.slice(0, bar));
    if (before.length < 1 || before.length > 2 || !before.every((t) => HEX.test(t))) return undefined;
    fields.dataSource = before.pop();
    fields.va = before.pop();
    tokens = behindDataSource(text.slice(bar));
  } else {
    tokens = words(text);
  }
  let numbers = tokens.findIndex((t) => !HEX.test(t));
  // A name may look like a number: `add`.
  if (numbers < 0) numbers = tokens.length - (fields.binary !== undefined && tokens.length > 1 ? 1 : 0);
  if (numbers === 0 && tokens.length) return undefined;
  if (!assign(fields, tokens.slice(0, numbers), bar >= 0, numbers < tokens.length)) return undefined;
  takeSymbol(tokens.slice(numbers).join(' '), fields);
  return fields;
}

/** Takes `(binary)`, and the physical address behind it, off the end. */
function takeBinary(text: string, fields: SampleFields): string {
  const close = text.lastIndexOf(')');
  const behind = text.slice(close + 1).trim();
  if (close < 0 || (behind !== '' && !HEX.test(behind))) return text;
  let open = text.lastIndexOf(' (', close);
  // `(/tmp/a (deleted))`
  if (open > 0 && text.lastIndexOf(')', close - 1) === close - 1) open = text.lastIndexOf(' (', open - 1);
  if (open < 0) return text;
  fields.binary = text.slice(open + 2, close);
  if (behind !== '') fields.pa = behind;
  return text.slice(0, open);
}

function takeSymbol(symbol: string, fields: SampleFields): void {
  if (symbol === '') return;
  const plus = symbol.lastIndexOf('+0x');
  const offset = plus < 0 ? '' : symbol.slice(plus + 3);
  if (HEX.test(offset)) fields.offset = BigInt(`0x${offset}`);
  fields.symbol = fields.offset === undefined ? symbol : symbol.slice(0, plus);
}

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

/** The numbers behind `|OP LOAD|…|BLK  N/A`: the last column of it is a word or two. */
function behindDataSource(text: string): string[] {
  const tokens = words(text.slice(text.lastIndexOf('|') + 1));
  const first = tokens.findIndex((t, i) => i > 1 && HEX.test(t));
  return first < 0 ? [] : tokens.slice(first);
}

/** Which number is which; false if there are too many. */
function assign(fields: SampleFields, numbers: readonly string[], hasSource: boolean, hasSymbol: boolean): boolean {
  const rest = [...numbers];
  if (hasSource) {
    if (rest.length > 1 && LATENCY.test(rest[0])) fields.weight = Number(rest.shift());
    fields.pc = rest.shift();
  } else {
    // addr weight ip phys_addr, of which ip is there at least.
    if (rest.length > 1 && !(LATENCY.test(rest[0]) && rest[0] !== '0')) fields.va = rest.shift();
    if (rest.length > 1 && LATENCY.test(rest[0])) fields.weight = Number(rest.shift());
    fields.pc = rest.shift();
  }
  if (rest.length && !hasSymbol) fields.pa ??= rest.shift();
  return rest.length === 0;
}
