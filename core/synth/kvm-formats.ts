/**
 * Descriptions of the events that a KVM trace needs, word for word as Linux 6.1 (arm64) gives them in
 * events/SYSTEM/NAME/format; the ids are those of a Debian 6.1.0-50-cloud-arm64 kernel.
 */
type Field = readonly [declaration: string, offset: number, size: number, signed?: 1];

const common: readonly Field[] = [
  ['unsigned short common_type', 0, 2],
  ['unsigned char common_flags', 2, 1],
  ['unsigned char common_preempt_count', 3, 1],
  ['int common_pid', 4, 4, 1],
];

export interface TraceFormat {
  readonly system: 'ftrace' | 'kvm' | 'syscalls';
  readonly id: number;
  /** Bytes of a record, the common header included; `print` has its text after them. */
  readonly size: number;
  readonly text: string;
}

function format(
  system: TraceFormat['system'],
  name: string,
  id: number,
  fields: readonly Field[],
  print: string,
): TraceFormat {
  const lines = (list: readonly Field[]): string =>
    list
      .map(([d, offset, size, signed = 0]) => `\tfield:${d};\toffset:${offset};\tsize:${size};\tsigned:${signed};\n`)
      .join('');
  const text = `name: ${name}\nID: ${id}\nformat:\n${lines(common)}\n${lines(fields)}\nprint fmt: ${print}\n`;
  const size = fields.reduce((end, [, offset, bytes]) => Math.max(end, offset + bytes), 8);
  return { system, id, size, text };
}

/** A system call: its number, then each argument in 8 bytes. */
function call(name: string, id: number, args: readonly string[]): TraceFormat {
  const fields: Field[] = [['int __syscall_nr', 8, 4, 1]];
  args.forEach((arg, i) => fields.push([arg, 16 + 8 * i, 8]));
  const names = args.map((arg) => arg.slice(arg.lastIndexOf(' ') + 1));
  const text = names.map((n) => `${n}: 0x%08lx`).join(', ');
  const values = names.map((n) => `((unsigned long)(REC->${n}))`).join(', ');
  return format('syscalls', `sys_enter_${name}`, id, fields, `"${text}", ${values}`);
}

const exceptionClasses =
  '{ (0x00), "UNKNOWN" }, { (0x01), "WFx" }, { (0x03), "CP15_32" }, { (0x04), "CP15_64" }, { (0x05), "CP14_MR" }, { (0x06), "CP14_LS" }, { (0x07), "FP_ASIMD" }, { (0x08), "CP10_ID" }, { (0x09), "PAC" }, { (0x0C), "CP14_64" }, { (0x15), "SVC64" }, { (0x16), "HVC64" }, { (0x17), "SMC64" }, { (0x18), "SYS64" }, { (0x19), "SVE" }, { (0x1f), "IMP_DEF" }, { (0x20), "IABT_LOW" }, { (0x21), "IABT_CUR" }, { (0x22), "PC_ALIGN" }, { (0x24), "DABT_LOW" }, { (0x25), "DABT_CUR" }, { (0x26), "SP_ALIGN" }, { (0x28), "FP_EXC32" }, { (0x2C), "FP_EXC64" }, { (0x2F), "SERROR" }, { (0x30), "BREAKPT_LOW" }, { (0x31), "BREAKPT_CUR" }, { (0x32), "SOFTSTP_LOW" }, { (0x33), "SOFTSTP_CUR" }, { (0x34), "WATCHPT_LOW" }, { (0x35), "WATCHPT_CUR" }, { (0x38), "BKPT32" }, { (0x3A), "VECTOR32" }, { (0x3C), "BRK64" }';

const exitReasons = [
  'UNKNOWN EXCEPTION IO HYPERCALL DEBUG HLT MMIO IRQ_WINDOW_OPEN SHUTDOWN FAIL_ENTRY INTR SET_TPR TPR_ACCESS',
  'S390_SIEIC S390_RESET DCR NMI INTERNAL_ERROR OSI PAPR_HCALL S390_UCONTROL WATCHDOG S390_TSCH EPR SYSTEM_EVENT',
  'S390_STSI IOAPIC_EOI HYPERV ARM_NISV X86_RDMSR X86_WRMSR',
]
  .join(' ')
  .split(' ')
  .map((name, i) => `{ ${i}, "KVM_EXIT_" "${name}" }`)
  .join(', ');

export const traceFormats = {
  print: format(
    'ftrace',
    'print',
    5,
    [
      ['unsigned long ip', 8, 8],
      ['char buf[]', 16, 0],
    ],
    '"%ps: %s", (void *)REC->ip, REC->buf',
  ),
  entry: format('kvm', 'kvm_entry', 62, [['unsigned long vcpu_pc', 8, 8]], '"PC: 0x%016lx", REC->vcpu_pc'),
  exit: format(
    'kvm',
    'kvm_exit',
    61,
    [
      ['int ret', 8, 4, 1],
      ['unsigned int esr_ec', 12, 4],
      ['unsigned long vcpu_pc', 16, 8],
    ],
    `"%s: HSR_EC: 0x%04x (%s), PC: 0x%016lx", __print_symbolic(REC->ret, {0, "IRQ" }, {1, "SERROR" }, {2, "TRAP" }, {0xbadca11, "HYP_GONE" }), REC->esr_ec, __print_symbolic(REC->esr_ec, ${exceptionClasses}), REC->vcpu_pc`,
  ),
  guestFault: format(
    'kvm',
    'kvm_guest_fault',
    60,
    [
      ['unsigned long vcpu_pc', 8, 8],
      ['unsigned long hsr', 16, 8],
      ['unsigned long hxfar', 24, 8],
      ['unsigned long long ipa', 32, 8],
    ],
    '"ipa %#llx, hsr %#08lx, hxfar %#08lx, pc %#016lx", REC->ipa, REC->hsr, REC->hxfar, REC->vcpu_pc',
  ),
  unmap: format(
    'kvm',
    'kvm_unmap_hva_range',
    38,
    [
      ['unsigned long start', 8, 8],
      ['unsigned long end', 16, 8],
    ],
    '"mmu notifier unmap range: %#016lx -- %#016lx", REC->start, REC->end',
  ),
  setSpte: format(
    'kvm',
    'kvm_set_spte_hva',
    37,
    [['unsigned long hva', 8, 8]],
    '"mmu notifier set pte hva: %#016lx", REC->hva',
  ),
  age: format(
    'kvm',
    'kvm_age_hva',
    36,
    [
      ['unsigned long start', 8, 8],
      ['unsigned long end', 16, 8],
    ],
    '"mmu notifier age hva: %#016lx -- %#016lx", REC->start, REC->end',
  ),
  accessFault: format('kvm', 'kvm_access_fault', 59, [['unsigned long ipa', 8, 8]], '"IPA: %lx", REC->ipa'),
  mmio: format(
    'kvm',
    'kvm_mmio',
    44,
    [
      ['u32 type', 8, 4],
      ['u32 len', 12, 4],
      ['u64 gpa', 16, 8],
      ['u64 val', 24, 8],
    ],
    '"mmio %s len %u gpa 0x%llx val 0x%llx", __print_symbolic(REC->type, { 0, "unsatisfied-read" }, { 1, "read" }, { 2, "write" }), REC->len, REC->gpa, REC->val',
  ),
  userExit: format(
    'kvm',
    'kvm_userspace_exit',
    48,
    [
      ['__u32 reason', 8, 4],
      ['int errno', 12, 4, 1],
    ],
    `"reason %s (%d)", REC->errno < 0 ? (REC->errno == -4 ? "restart" : "error") : __print_symbolic(REC->reason, ${exitReasons}), REC->errno < 0 ? -REC->errno : REC->reason`,
  ),
  madvise: call('madvise', 536, ['unsigned long start', 'size_t len_in', 'int behavior']),
  munmap: call('munmap', 511, ['unsigned long addr', 'size_t len']),
  mmap: call('mmap', 30, [
    'unsigned long addr',
    'unsigned long len',
    'unsigned long prot',
    'unsigned long flags',
    'unsigned long fd',
    'unsigned long off',
  ]),
  mprotect: call('mprotect', 519, ['unsigned long start', 'size_t len', 'unsigned long prot']),
  ioctl: call('ioctl', 662, ['unsigned int fd', 'unsigned int cmd', 'unsigned long arg']),
} as const;

/** arm64 system call numbers. */
export const callNumber = { madvise: 233, munmap: 215, mmap: 222, ioctl: 29 } as const;

export const headerPage = [
  '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n',
  '\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n',
  '\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n',
  '\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n',
].join('');

export const headerEvent = [
  '# compressed entry header\n',
  '\ttype_len    :    5 bits\n',
  '\ttime_delta  :   27 bits\n',
  '\tarray       :   32 bits\n\n',
  '\tpadding     : type == 29\n',
  '\ttime_extend : type == 30\n',
  '\ttime_stamp : type == 31\n',
  '\tdata max type_len  == 28\n',
].join('');
