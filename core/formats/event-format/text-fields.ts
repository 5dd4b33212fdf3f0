/**
 * Event fields from their text, under the names that the kernel's own descriptions give them. For the events that the model reads, the text
 * is matched against the kernel's print formats (arch/arm64/kvm/trace_arm.h, include/trace/events/kvm.h, kernel/trace/trace_syscalls.c,
 * trace_probe.c); for others, whatever looks like `name=value` or `name: value`.
 */

import { plainName } from './vendor-names.ts';

type Fields = Record<string, bigint | string>;

/** A field: what precedes its hexadecimal number, with or without 0x (C's `%#lx` prints 0 as `0`), and the fewest digits that has, 0 if they aren't padded. */
interface HexField {
  readonly field: string;
  readonly before: string;
  readonly digits: number;
}

const hexField = (field: string, before: string, digits = 0): HexField => ({ field, before, digits });
/** `%#016lx`: so many with the 0x. */
const hva = (field: string, before: string): HexField => hexField(field, before, 14);
/** `0x%08lx`. */
const argument = (field: string): HexField => hexField(field, `${field}: `, 8);

const hexFields: ReadonlyMap<string, readonly HexField[]> = new Map([
  ['kvm_entry', [hexField('vcpu_pc', 'PC: ')]],
  // HSR_EC, ESR_EC.
  ['kvm_exit', [hexField('esr_ec', 'SR_EC: '), hexField('vcpu_pc', 'PC: ')]],
  [
    'kvm_guest_fault',
    [hexField('vcpu_pc', 'pc '), hexField('hsr', 'hsr '), hexField('hxfar', 'hxfar '), hexField('ipa', 'ipa ')],
  ],
  ['kvm_access_fault', [hexField('ipa', 'IPA: ')]],
  ['kvm_unmap_hva_range', [hva('start', 'range: '), hva('end', '-- ')]],
  ['kvm_age_hva', [hva('start', 'hva: '), hva('end', '-- ')]],
  ['kvm_test_age_hva', [hva('hva', 'hva: ')]],
  ['kvm_set_spte_hva', [hva('hva', 'hva: ')]],
  ['kvm_hvc_arm64', [hexField('vcpu_pc', 'at '), hexField('r0', 'r0: '), hexField('imm', 'imm: ')]],
  ['kvm_mmio', [hexField('gpa', 'gpa '), hexField('val', 'val ')]],
]);

/** System calls that say nothing without these arguments: what the model reads of them, but what may be missing. */
const callFields: ReadonlyMap<string, readonly HexField[]> = new Map([
  ['sys_enter_ioctl', [argument('cmd')]],
  ['sys_enter_munmap', [argument('addr'), argument('len')]],
  ['sys_enter_mmap', [argument('addr'), argument('len')]],
  ['sys_enter_mremap', [argument('addr'), argument('old_len')]],
  ['sys_enter_mprotect', [argument('start'), argument('len')]],
  ['sys_enter_madvise', [argument('start'), argument('len_in')]],
]);

const fieldsOf = (event: string): readonly HexField[] | undefined =>
  hexFields.get(plainName(event)) ?? callFields.get(event);

/** Events that say something without their numbers. */
const speaking = /^kvm_(?:entry|exit|hvc_arm64)$/;

/**
 * Whether an event's text ends before its fields do, as in lines that were broken or cut off. `hollow`: what is left says nothing: an
 * address of 0 is no address.
 */
export function cutOff(event: string, text: string): 'hollow' | 'partly' | undefined {
  const fields = fieldsOf(event);
  if (!fields) return undefined;
  const raw = RAW.test(text);
  if (fields.every((field) => isWhole(text, raw ? { before: `${field.field}=`, digits: 0 } : field))) return undefined;
  return speaking.test(plainName(event)) ? 'partly' : 'hollow';
}

/** A text with a padded number pads them all. */
const PADDED = /\b0x0[\da-f]/;

/**
 * A number that the text ends with has fewer digits than the kernel prints if some were cut off; where it pads none, there is some. Numbers
 * written by hand aren't padded, but begin with 0x (ftrace's own, which don't, are followed by a bracket).
 */
function isWhole(text: string, { before, digits }: Pick<HexField, 'before' | 'digits'>): boolean {
  const at = text.indexOf(before);
  if (at < 0) return false;
  if (digits === 0) return at + before.length < text.length;
  const number = /(0x)?([\da-f]*)/y;
  number.lastIndex = at + before.length;
  const [, prefix, found = ''] = number.exec(text) ?? [];
  if (found.length >= digits || number.lastIndex < text.length) return true;
  return found !== '' && prefix !== undefined && !PADDED.test(text);
}

/** What the text of an event holds unless it was cut off: a number after each, of so many digits if the text ends with it. */
export function neededTexts(event: string): readonly Pick<HexField, 'before' | 'digits'>[] {
  return fieldsOf(event) ?? [];
}

/**
 * What precedes this field's number, for fields that are always hexadecimal: code that reads millions of them searches for that and parses
 * nothing else. System calls name their arguments.
 */
export function beforeHex(event: string, field: string): string | undefined {
  if (event.startsWith('sys_enter_')) return `${field}: `;
  return hexFields.get(plainName(event))?.find((known) => known.field === field)?.before;
}

const mmioTypes: ReadonlyMap<string, bigint> = new Map([
  ['unsatisfied-read', 0n],
  ['read', 1n],
  ['write', 2n],
]);

/** An event's text is at most a page; nothing beyond is searched. */
const MAX_SEARCH = 4096;

/** `vcpu_pc=0x4000 …`: fields by name, as trace-cmd report -R and ftrace's option `fields` print them. No event's own text begins so. */
const RAW = /^\s*[A-Za-z_]\w*=/;

function hex(text: string): bigint {
  const digits = text.replace(/^0x/, '');
  return /^[0-9a-f]{1,16}$/i.test(digits) ? BigInt(`0x${digits}`) : 0n;
}

/** `whole`: what follows the event's name. Fields the text doesn't show are absent. */
export function textFields(event: string, whole: string): Fields {
  const text = whole.length > MAX_SEARCH && event !== 'print' ? whole.slice(0, MAX_SEARCH) : whole;
  const name = plainName(event);
  if (RAW.test(text) && (hexFields.has(name) || name === 'kvm_userspace_exit' || event.startsWith('sys_')))
    return pairs(text);
  const fields = hexFieldsOf(name, text);
  switch (name) {
    case 'kvm_exit': {
      // The exit's code is given by name only.
      const ret = /(?:^|>)\s*(\w+): (?:vcpu: \d+,? )?(?:HSR|ESR)_EC: /.exec(text)?.[1];
      return ret === undefined ? (fields ?? {}) : { ret, ...fields };
    }
    case 'kvm_mmio': {
      const m = /mmio (\S+) len (\d+)/.exec(text);
      return m ? { type: mmioTypes.get(m[1]) ?? m[1], len: BigInt(m[2]), ...fields } : {};
    }
    case 'kvm_userspace_exit':
      return userspaceExitFields(text);
    case 'print': {
      const m = /^(\S+): ([^]*)$/.exec(text);
      return m ? { ip: m[1], buf: m[2] } : { buf: text };
    }
    case 'sys_enter':
    case 'sys_exit':
      return rawSyscallFields(text);
    default:
      return fields ?? (event.startsWith('sys_') ? syscallFields(event, text) : pairs(text));
  }
}

function hexFieldsOf(event: string, text: string): Fields | undefined {
  const places = hexFields.get(event);
  if (!places) return undefined;
  const fields: Fields = {};
  for (const { field, before } of places) {
    const at = text.indexOf(before);
    const digits =
      at < 0
        ? undefined
        : /^(?:0x)?([0-9a-f]{1,16})\b/.exec(text.slice(at + before.length, at + before.length + 19))?.[1];
    if (digits !== undefined) fields[field] = BigInt(`0x${digits}`);
  }
  return fields;
}

/** Fields of 32 bits and less, and signed ones: the others are addresses, sizes and registers, which are written `0x…`. */
const plainFields = new Set('esr_ec type len reason errno id ret slot vcpu_id vcpu'.split(' '));

/** True where the binary capture would show this field as 64-bit unsigned. Text can't tell for events it knows nothing of. */
export function isHexTextField(event: string, name: string, value: bigint): boolean {
  if (event.startsWith('sys_')) return !plainFields.has(name) || event.startsWith('sys_enter_');
  const known = hexFields.has(plainName(event)) || event === 'kvm_userspace_exit';
  return known ? !plainFields.has(name) : value > 0xffffffffn;
}

/**
 * `reason KVM_EXIT_MMIO (6)`; with an errno `reason restart (4)`, `reason error (14)`. trace-cmd and perf print the reason in its place:
 * KVM_EXIT_UNKNOWN, or for a signal KVM_EXIT_INTR. Which errno it was, or whether there was one, these don't say.
 */
function userspaceExitFields(text: string): Fields {
  const m = /reason (\w+) \((-?\d+)\)/.exec(text);
  if (!m) return {};
  const number = BigInt(m[2]);
  if (m[1] === 'error' || m[1] === 'restart') return { errno: -number };
  return /^KVM_EXIT_(?:UNKNOWN|INTR)$/.test(m[1]) ? { reason: number } : { reason: number, errno: 0n };
}

/** raw_syscalls, which know numbers only: `NR 29 (6, ae80, 0, …)`, `NR 29 = 0`. */
function rawSyscallFields(text: string): Fields {
  const m = /NR (-?\d+)(?: \(([^)]*)\)| = (-?\w+))/.exec(text);
  if (!m) return {};
  const fields: Fields = { id: BigInt(m[1]) };
  m[2]?.split(', ').forEach((value, i) => (fields[`args[${i}]`] = hex(value)));
  if (m[3] !== undefined) fields.ret = m[3].startsWith('-') ? -BigInt(m[3].slice(1)) : BigInt(m[3]);
  return fields;
}

/**
 * trace-cmd: `start: 0x0049c000, len: …` and `0x0`; ftrace: `sys_mprotect(start: 49c000, len: …)`, hexadecimal without 0x,
 * and `sys_mprotect -> 0x0`.
 */
function syscallFields(event: string, text: string): Fields {
  if (event.startsWith('sys_exit_')) {
    const m = /(?:-> *|^ *)(-?)(0x[0-9a-f]+|\d+)/.exec(text);
    if (!m) return {};
    const value = BigInt(m[2]);
    return { ret: m[1] ? -value : BigInt.asIntN(64, value) };
  }
  const fields: Fields = {};
  for (const [, name, value] of text.matchAll(/(\w+): (0x[0-9a-f]+|[0-9a-f]+)\b/g)) fields[name] = hex(value);
  return fields;
}

/** `(func+0x4/0x80) a=0x1 b="text"` of probes, and other names with values. */
function pairs(text: string): Fields {
  const fields: Fields = {};
  const probe = /^\s*\((?:([0-9a-f]+)|([^)]*?))(?: <- ([^)]*))?\)/.exec(text);
  if (probe) {
    fields.__probe_ip = probe[1] === undefined ? probe[2] : hex(probe[1]);
    if (probe[3] !== undefined) fields.__probe_ret_ip = probe[3];
  }
  const rest = probe ? text.slice(probe[0].length) : text;
  for (const [, name, value] of rest.matchAll(/([A-Za-z_]\w*)(?:=|: ?)("(?:[^"\\]|\\.)*"|[^\s,)]+)/g)) {
    fields[name] = pairValue(value);
  }
  return fields;
}

function pairValue(text: string): bigint | string {
  if (/^-?\d{1,20}$/.test(text)) return BigInt(text);
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
}
