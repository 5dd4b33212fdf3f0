/**
 * What a trace shows of its VMs, as a VM description (`*.vm.json`): the threads that enter the guest, and memslots where the call that sets
 * them was traced. What an existing description says is kept.
 */

/** A thread that entered the guest. */
export interface VcpuThread {
  readonly tid: number;
  /** Its name in the trace, if it has one: VMMs number their vCPU threads in it. */
  readonly name: string;
}

/** A call of kvm_set_memory_region that set a slot: bytes. */
export interface TracedSlot {
  readonly slot: number;
  readonly gpa: bigint;
  readonly size: bigint;
  readonly hva: bigint;
}

export interface VmDraft {
  /** The description, for review before it is stored. */
  readonly text: string;
  /** What was taken from where, and what the trace doesn't show: a sentence each. */
  readonly notes: readonly string[];
}

interface RawVm {
  slots?: { slot: number }[];
  vcpus?: { vcpu: number; tid: number }[];
  [field: string]: unknown;
}

const hex = (value: bigint) => `0x${value.toString(16)}`;

/**
 * The vCPU's number as its thread's name has it: QEMU's `CPU 3/KVM`, Firecracker's `fc_vcpu 3`, kvmtool's `kvm-vcpu-3`, crosvm's
 * `crosvm_vcpu3`, Cloud Hypervisor's `vcpu3`.
 */
export function vcpuNumber(name: string): number | undefined {
  const found = /^CPU (\d{1,4})\/(?:KVM|TCG)|vcpu[ _-]?(\d{1,4})$/i.exec(name);
  return found ? Number(found[1] ?? found[2]) : undefined;
}

/**
 * @param threads by tid, ascending: a VMM starts its vCPUs one after the other
 * @param slots in the trace's order
 * @param stored the existing description, parsed; undefined for none
 * @param pageSize of the host, bytes, if the trace says it
 */
export function draftVm(
  threads: readonly VcpuThread[],
  slots: readonly TracedSlot[],
  stored: { readonly vms?: readonly RawVm[] } | undefined,
  pageSize: number | undefined,
): VmDraft {
  const notes: string[] = [];
  const whole: Record<string, unknown> & { vms: RawVm[] } = {
    ...stored,
    vms: (stored?.vms ?? []).map((vm) => ({ ...vm })),
  };
  if (pageSize !== undefined && whole['pageSize'] === undefined) {
    whole['pageSize'] = pageSize;
    notes.push(`The host’s pages are ${pageSize} bytes, as the trace says.`);
  }
  addThreads(whole.vms, threads, notes);
  if (!whole.vms.length) whole.vms.push({});
  addSlots(whole.vms, slots, notes);
  for (const vm of whole.vms) {
    vm.slots ??= [];
    vm.vcpus ??= [];
    vm['buffers'] ??= [];
  }
  return { text: JSON.stringify(whole, undefined, 2), notes };
}

function addThreads(vms: RawVm[], threads: readonly VcpuThread[], notes: string[]): void {
  const known = new Set(vms.flatMap((vm) => vm.vcpus?.map(({ tid }) => tid) ?? []));
  const fresh = threads.filter(({ tid }) => !known.has(tid));
  if (!threads.length)
    notes.push('No thread enters the guest in this trace (no kvm_entry): vCPU threads have to be typed in.');
  else if (!fresh.length) notes.push('All threads that enter the guest are described already.');
  if (!fresh.length) return;
  const named = fresh.every(({ name }) => vcpuNumber(name) !== undefined);
  // A VM has each number once: where a number repeats, another VM's threads begin.
  const groups: { vcpu: number; tid: number }[][] = [];
  for (const [i, { tid, name }] of fresh.entries()) {
    const vcpu = named ? vcpuNumber(name)! : i;
    const last = groups.at(-1);
    if (last && !last.some((v) => v.vcpu === vcpu)) last.push({ vcpu, tid });
    else groups.push([{ vcpu, tid }]);
  }
  const open = vms.filter((vm) => !vm.vcpus?.length);
  for (const group of groups) {
    const vm = open.shift() ?? (vms.length === 1 && groups.length === 1 ? vms[0] : undefined);
    const sorted = group.toSorted((a, b) => a.vcpu - b.vcpu);
    if (vm) vm.vcpus = [...(vm.vcpus ?? []), ...sorted];
    else vms.push({ vcpus: sorted });
  }
  const n = fresh.length === 1 ? '1 vCPU thread' : `${fresh.length} vCPU threads`;
  notes.push(
    named
      ? `${n}, numbered as their names say (${fresh[0].name}).`
      : `${n}, numbered in the order of their thread ids: their names don’t say which vCPU each is. Check the numbers.`,
  );
  if (groups.length > 1)
    notes.push(`vCPU numbers come again: taken for ${groups.length} VMs. Check which thread is whose.`);
}

function addSlots(vms: RawVm[], slots: readonly TracedSlot[], notes: string[]): void {
  const known = new Set(vms.flatMap((vm) => vm.slots?.map(({ slot }) => slot) ?? []));
  const first = new Map<number, TracedSlot>();
  for (const slot of slots)
    if (slot.size > 0n && !known.has(slot.slot) && !first.has(slot.slot)) first.set(slot.slot, slot);
  if (first.size) {
    const rows = [...first.values()].sort((a, b) => a.slot - b.slot);
    const vm = vms[0];
    vm.slots = [
      ...(vm.slots ?? []),
      ...rows.map(({ slot, gpa, size, hva }) => ({ slot, gpa: hex(gpa), size: hex(size), hva: hex(hva) })),
    ];
    notes.push(
      `${rows.length === 1 ? '1 memslot' : `${rows.length} memslots`} from traced calls of kvm_set_memory_region.`,
    );
    if (vms.length > 1)
      notes.push('With several VMs the trace doesn’t say whose memslots these are: they are in the first.');
  } else if (!known.size)
    notes.push(
      'No memslot: the trace holds no call that set one. The kit learns them from QEMU’s monitor or strace (kit/README.md), or type them in.',
    );
}
