/**
 * What follows a sample's event. The text doesn't say which fields -F asked for, but perf prints them in one order
 * (tools/perf/builtin-script.c, process_event), whatever the order in -F:
 *
 *     flags  addr  data_src |OP LOAD|LVL …|BLK N/A  weight ins_lat  ip symbol+0xoffset (binary)  brstack  phys_addr
 *
 * This file splits a line; which number is which only shows over many lines (layout.ts).
 */

export interface SampleText {
  /** `jcc/miss,not_taken/`, `br miss`; empty without that column, and for non-branches. */
  flags: string;
  /** Before data_src. */
  before: string[];
  /** Hex. */
  dataSource: string | undefined;
  /** After data_src; all of them if there is none. */
  numbers: string[];
  /** Function, with `+0x…` if the text has offsets; if no binary closes it, also whatever follows. */
  symbol: string;
  binary: string | undefined;
  /** Hex, after `(binary)`: the physical address. */
  behind: string | undefined;
  /** From the branch stack. */
  branches: readonly { readonly from: bigint; readonly to: bigint }[];
}

export const HEX = /^[0-9a-f]{1,16}$/;

/** Words of perf's flags column: `sample_flags` in tools/perf/util/trace-event-scripting.c; since Linux 6.15 followed by `/…/`. */
const FLAG =
  /^(?:br|jmp|jcc|call|return|int|iret|syscall|sysret|async|hw|tx|abrt|tr|strt|start|end|vmentry|vmexit|miss|not_taken|pred)(?:\/[\w,]*\/?)?$|^\([xDt]+\)$|^\/[\w,]+\/$/;

/** Branch stack entries: `0xfrom (dso)/0xto (dso)/P/-/-/cycles/type/spec`, or with symbols. */
const BRANCH =
  /0x([0-9a-f]{1,16})(?: ?\([^()]*(?:\([^()]*\))?\))?\/0x([0-9a-f]{1,16})(?: ?\([^()]*(?:\([^()]*\))?\))?\/[A-Z-]/g;
const NAMED_BRANCH = /\S+(?: ?\([^()]*\))?\/\S+(?: ?\([^()]*\))?\/[A-Z-]{1,3}\/[X-]\/[A-]\/\d+/;

/** Columns that may follow the physical address: page sizes, instruction bytes, IPC, registers. */
const TAIL =
  /^(?:\d+[KMGT]B?|N\/A|ilen:|insn:|\d{1,2}|[0-9a-f]{2}|IPC:|ABI:\d|\(?[\d./]+\)?|cycles\)|\w+:0x[0-9a-f]+)$/;

/** data_src; functions' names may hold bars, too. */
const DATA_SOURCE = /(?<=^|\s)\|OP [^|]*(?:\|(?:LVL|SNP|TLB|LCK|BLK) [^|]*)*/;

/** Longer lines aren't samples. */
const MAX_FIELDS = 16384;

/** Undefined if this can't be a sample's fields. A sample with a call chain has no address in its line. */
export function parseFields(rest: string): SampleText | undefined {
  if (rest.length > MAX_FIELDS) return undefined;
  const fields: SampleText = {
    ...{ flags: '', before: [], dataSource: undefined, numbers: [], symbol: '' },
    ...{ binary: undefined, behind: undefined, branches: [] },
  };
  const text = takeBinary(takeBranches(rest, fields).trim(), fields);
  const source = DATA_SOURCE.exec(text);
  let tokens: string[];
  if (source) {
    fields.before = takeFlags(words(text.slice(0, source.index)), fields);
    fields.dataSource = fields.before.pop();
    if (fields.dataSource === undefined || ![...fields.before, fields.dataSource].every((t) => HEX.test(t)))
      return undefined;
    tokens = behindDataSource(text.slice(source.index + source[0].lastIndexOf('|') + 1));
  } else {
    tokens = takeFlags(words(text), fields);
  }
  let numbers = tokens.findIndex((t) => !HEX.test(t));
  if (numbers < 0) numbers = tokens.length;
  if (numbers === 0 && (tokens.length || fields.flags)) return undefined;
  fields.numbers = tokens.slice(0, numbers);
  fields.symbol = tokens.slice(numbers).join(' ');
  return fields;
}

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

function takeFlags(tokens: string[], fields: SampleText): string[] {
  let n = 0;
  while (n < tokens.length && FLAG.test(tokens[n])) n++;
  if (n) fields.flags = tokens.slice(0, n).join(' ');
  return n ? tokens.slice(n) : tokens;
}

function takeBranches(text: string, fields: SampleText): string {
  if (!text.includes('/-/') && !text.includes('/X/')) return text;
  const all = [...text.matchAll(BRANCH)];
  const at = all.length ? all[0].index : (NAMED_BRANCH.exec(text)?.index ?? text.length);
  fields.branches = all.map(([, from, to]) => ({ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) }));
  const behind = / ([0-9a-f]{1,16})\s*$/.exec(text.slice(at));
  if (behind) fields.behind = behind[1];
  return text.slice(0, at);
}

/** Takes `(binary)`, and the physical address after it, off the end. */
function takeBinary(text: string, fields: SampleText): string {
  const close = text.lastIndexOf(')');
  if (close < 0) return text;
  const behind = words(text.slice(close + 1));
  if (behind.length && !((HEX.test(behind[0]) || TAIL.test(behind[0])) && behind.slice(1).every((t) => TAIL.test(t))))
    return text;
  // `(/tmp/a (deleted))`
  let open = close;
  for (let depth = 0; open >= 0; open--) {
    if (text[open] === ')') depth++;
    else if (text[open] === '(' && --depth === 0) break;
  }
  if (open < 0 || (open > 0 && text[open - 1] !== ' ')) return text;
  fields.binary = text.slice(open + 1, close);
  if (behind.length && HEX.test(behind[0])) fields.behind = behind[0];
  return text.slice(0, open);
}

/** The numbers after `|OP LOAD|…|`, from its last column on, which is a word or two. */
function behindDataSource(last: string): string[] {
  const tokens = words(last);
  const first = tokens.findIndex((t, i) => i > 1 && HEX.test(t));
  return first < 0 ? [] : tokens.slice(first);
}
