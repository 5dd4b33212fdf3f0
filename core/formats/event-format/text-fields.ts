/**
 * Fields of events out of their text, under the names that the kernel's own descriptions give them. For the events that the
 * model reads the text is matched against the kernel's print formats (arch/arm64/kvm/trace_arm.h, include/trace/events/kvm.h,
 * kernel/trace/trace_syscalls.c, trace_probe.c); for others whatever looks like `name=value` or `name: value`.
 */

type Fields = Record<string, bigint | string>;

/** Every number is hexadecimal, with or without 0x: C's `%#lx` prints 0 as `0`. */
const hexEvents: ReadonlyMap<string, RegExp> = new Map([
  ['kvm_entry', /PC: (?<vcpu_pc>0x[0-9a-f]+)/],
  ['kvm_guest_fault', /ipa (?<ipa>\w+), hsr (?<hsr>\w+), hxfar (?<hxfar>\w+), pc (?<vcpu_pc>\w+)/],
  ['kvm_access_fault', /IPA: (?<ipa>\w+)/],
  ['kvm_unmap_hva_range', /range: (?<start>\w+) -- (?<end>\w+)/],
  ['kvm_age_hva', /age hva: (?<start>\w+)(?: -- (?<end>\w+))?/],
  ['kvm_test_age_hva', /hva: (?<hva>\w+)/],
  ['kvm_set_spte_hva', /hva: (?<hva>\w+)/],
  ['kvm_hvc_arm64', /at (?<vcpu_pc>\w+) \(r0: (?<r0>\w+), imm: (?<imm>\w+)\)/],
]);

const mmioTypes: ReadonlyMap<string, bigint> = new Map([
  ['unsatisfied-read', 0n],
  ['read', 1n],
  ['write', 2n],
]);

/** An event's text is at most a page; what is longer isn't searched further. */
const MAX_SEARCH = 4096;

function hex(text: string): bigint {
  const digits = text.replace(/^0x/, '');
  return /^[0-9a-f]{1,16}$/i.test(digits) ? BigInt(`0x${digits}`) : 0n;
}

/** `whole`: what stands behind the event's name. A field that the text doesn't show is absent. */
export function textFields(event: string, whole: string): Fields {
  const text = whole.length > MAX_SEARCH && event !== 'print' ? whole.slice(0, MAX_SEARCH) : whole;
  const pattern = hexEvents.get(event);
  if (pattern) {
    const fields: Fields = {};
    for (const [name, value] of Object.entries(pattern.exec(text)?.groups ?? {})) if (value) fields[name] = hex(value);
    return fields;
  }
  switch (event) {
    case 'kvm_exit':
      return exitFields(text);
    case 'kvm_mmio': {
      const m = /mmio (\S+) len (\d+) gpa (\w+) val (\w+)/.exec(text);
      if (!m) return {};
      return { type: mmioTypes.get(m[1]) ?? m[1], len: BigInt(m[2]), gpa: hex(m[3]), val: hex(m[4]) };
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
      return event.startsWith('sys_') ? syscallFields(event, text) : pairs(text);
  }
}

/** Fields of 32 bits and less, and signed ones: the others are addresses, sizes and registers, which are written `0x…`. */
const plainFields = new Set('esr_ec type len reason errno id ret slot vcpu_id vcpu'.split(' '));

/** True where the binary capture would show this field as 64-bit unsigned. Text can't tell for events it knows nothing of. */
export function isHexTextField(event: string, name: string, value: bigint): boolean {
  if (event.startsWith('sys_')) return !plainFields.has(name) || event.startsWith('sys_enter_');
  const known = hexEvents.has(event) || event === 'kvm_mmio' || event === 'kvm_exit' || event === 'kvm_userspace_exit';
  return known ? !plainFields.has(name) : value > 0xffffffffn;
}

/** `TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x…`; older kernels name it `ESR_EC`. The exit's code is told by name only. */
function exitFields(text: string): Fields {
  const m = /(?:^|>)\s*(\w+): (?:HSR|ESR)_EC: (0x[0-9a-f]+) \([^)]*\), PC: (0x[0-9a-f]+)/.exec(text);
  if (m) return { ret: m[1], esr_ec: hex(m[2]), vcpu_pc: hex(m[3]) };
  const irq = /(?:^|>)\s*(\w+): PC: (0x[0-9a-f]+)/.exec(text);
  return irq ? { ret: irq[1], vcpu_pc: hex(irq[2]) } : {};
}

/** `reason KVM_EXIT_MMIO (6)`; with an errno `reason restart (4)`, `reason error (14)`. */
function userspaceExitFields(text: string): Fields {
  const m = /reason (\w+) \((-?\d+)\)/.exec(text);
  if (!m) return {};
  const number = BigInt(m[2]);
  return m[1] === 'error' || m[1] === 'restart' ? { errno: -number } : { reason: number, errno: 0n };
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
