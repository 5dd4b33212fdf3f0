/**
 * The VM description: what a KVM trace doesn't hold. Memslots tie host virtual addresses to guest pages, vCPU thread ids
 * tie kvm events to a VM, and buffers say where the guest's SPE writes (model.md section 3).
 */
import { z } from 'zod';
import { inWords } from './schema-words.ts';
import { parseJson } from './json-text.ts';
import { PAGE_SHIFT } from './terms.ts';

/** Private anonymous memory; a memfd, shmem or a file; huge pages of hugetlbfs; a guest_memfd. */
export const backings = ['anonymous', 'shared', 'hugetlb', 'guest_memfd'] as const;
export type Backing = (typeof backings)[number];

/** Pages are addresses >> 12: exact in a double for every 64-bit address. */
export interface VmSlot {
  readonly slot: number;
  /** First IPA page. */
  readonly page: number;
  readonly pages: number;
  /** Page of the host virtual address that backs the first page. */
  readonly hva: number;
  /** KVM_MEM_READONLY: a guest's write leaves as MMIO and maps nothing. */
  readonly readonly: boolean;
  /** The host memory that backs it; undefined if not given (anonymous is then assumed). */
  readonly backing: Backing | undefined;
}

export interface VmBuffer {
  readonly vcpu: number;
  readonly page: number;
  readonly pages: number;
}

export interface Vm {
  /** Process id of the VMM; undefined if unknown. */
  readonly pid: number | undefined;
  readonly slots: readonly VmSlot[];
  readonly vcpus: readonly { readonly vcpu: number; readonly tid: number }[];
  readonly buffers: readonly VmBuffer[];
}

export interface VmDescription {
  /** The host's page size in 4 KiB units (1, 4 or 16): what a stage 2 fault maps. */
  readonly pageUnit: number;
  /** False if not given; 4 KiB is then assumed. */
  readonly pageSizeGiven: boolean;
  readonly vms: readonly Vm[];
}

/** The description can't be used; the message names the field and says what to do. The caller that opened the file adds its name. */
export class VmDescriptionError extends Error {
  override readonly name = 'VmDescriptionError';
}

const MAX_ADDRESS = (1n << 64n) - 1n;

/** Addresses and sizes: `"0x…"`, a decimal string, or a number that JSON holds exactly. */
const address = z
  .union([z.string(), z.number()], 'write an address such as "0x80000000"')
  .transform((value, context) => {
    const exact =
      typeof value === 'string' ? /^(0x[0-9a-f]{1,32}|[0-9]{1,32})$/i.test(value.trim()) : Number.isSafeInteger(value);
    const address = exact ? BigInt(typeof value === 'string' ? value.trim() : value) : -1n;
    if (address >= 0n && address <= MAX_ADDRESS) return address;
    context.addIssue(
      typeof value === 'number' && Number.isInteger(value) && value > 0
        ? `${value} is too large for a JSON number: write it as a string "0x…"`
        : `${JSON.stringify(value)} is not an address: write "0x…", a decimal string or a whole number`,
    );
    return z.NEVER;
  });

const id = z
  .union([z.number(), z.string().regex(/^(0x[0-9a-f]+|[0-9]+)$/i, 'write a whole number')], 'write a whole number')
  .transform(Number)
  .pipe(z.number().int('write a whole number').min(0, 'must not be negative').max(0x7fffffff, 'does not fit 31 bits'));

/** Limits of one host; the work on a trace grows with each of them. */
const MAX_VMS = 256;
/** KVM_USER_MEM_SLOTS of arm64 is 32764 (include/linux/kvm_host.h), QEMU uses a few dozen. */
const MAX_SLOTS = 4096;
/** KVM_MAX_VCPUS of arm64 is 512 (VGIC_V3_MAX_CPUS). */
const MAX_VCPUS = 512;
/** Maximum slots that share a page of host memory: each change of it becomes a row of each. */
const MAX_ALIASES = 16;

/** Maximum size of a description file, bytes. */
export const MAX_VM_BYTES = 16 << 20;

function atMost<T extends z.ZodType>(most: number, item: T) {
  return z.array(item).max(most, `holds more than ${most} entries`).default([]);
}

const schema = z.object({
  pageSize: address.optional(),
  vms: z
    .array(
      z.object({
        pid: id.optional(),
        slots: atMost(
          MAX_SLOTS,
          z.object({
            ...{ slot: id, gpa: address, size: address, hva: address },
            readonly: z.boolean().default(false),
            backing: z.enum(backings, `write one of ${backings.join(', ')}`).optional(),
          }),
        ),
        vcpus: atMost(MAX_VCPUS, z.object({ vcpu: id, tid: id })),
        buffers: atMost(MAX_VCPUS, z.object({ vcpu: id, ipa: address, size: address })),
      }),
    )
    .min(1, 'name at least one VM')
    .max(MAX_VMS, `names more than ${MAX_VMS} VMs`),
});

type Raw = z.infer<typeof schema>;

/** `vms[0].slots[1].hva`, as a user would write it. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    '',
  );
}

function fail(path: string, message: string): never {
  throw new VmDescriptionError(path ? `${path}: ${message}` : message);
}

/**
 * Parses a VM description (`*.vm.json`): `{pageSize?, vms: [{pid, slots: [{slot, gpa, size, hva, readonly?, backing?}], vcpus: [{vcpu, tid}],
 * buffers: [{vcpu, ipa, size}]}]}`. `pageSize` is the host's, 4096 if absent.
 * @throws VmDescriptionError naming the first field that is wrong.
 */
export function parseVmDescription(text: string): VmDescription {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    fail('', `${(error as Error).message} (expected {"vms": […]})`);
  }
  const parsed = schema.safeParse(json, inWords);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    fail(pathText(issue.path), issue.message);
  }
  return checked(parsed.data);
}

function checked(raw: Raw): VmDescription {
  const pageSize = raw.pageSize ?? 4096n;
  if (![4096n, 16384n, 65536n].includes(pageSize))
    fail('pageSize', 'arm64 hosts have pages of 4096, 16384 or 65536 bytes');
  const toPages = (bytes: bigint, path: string): number => {
    if (bytes % pageSize !== 0n) fail(path, `0x${bytes.toString(16)} is not a multiple of the page size ${pageSize}`);
    return Number(bytes >> BigInt(PAGE_SHIFT));
  };
  const range = (start: bigint, size: bigint, path: string, startName: string) => {
    if (size === 0n) fail(`${path}.size`, 'must not be 0');
    if (start + size - 1n > MAX_ADDRESS) fail(`${path}.size`, `runs past the end of the address space`);
    return { page: toPages(start, `${path}.${startName}`), pages: toPages(size, `${path}.size`) };
  };
  const vms = raw.vms.map((vm, v): Vm => {
    const slots = vm.slots.map((slot, s): VmSlot => {
      const path = `vms[${v}].slots[${s}]`;
      const { page, pages } = range(slot.gpa, slot.size, path, 'gpa');
      range(slot.hva, slot.size, path, 'hva');
      return {
        slot: slot.slot,
        page,
        pages,
        hva: toPages(slot.hva, `${path}.hva`),
        readonly: slot.readonly,
        backing: slot.backing,
      };
    });
    refuseOverlaps(slots, v);
    refuseAliases(slots, v);
    const buffers = vm.buffers.map((b, i): VmBuffer => ({
      vcpu: b.vcpu,
      ...range(b.ipa, b.size, `vms[${v}].buffers[${i}]`, 'ipa'),
    }));
    return { pid: vm.pid, slots, vcpus: vm.vcpus, buffers };
  });
  refuseSharedThreads(vms);
  return { pageUnit: Number(pageSize) >> PAGE_SHIFT, pageSizeGiven: raw.pageSize !== undefined, vms };
}

/** Slots of one VM never overlap in IPA (KVM refuses them); several may share host memory. */
function refuseOverlaps(slots: readonly VmSlot[], vm: number): void {
  const order = slots.map((_, i) => i).sort((a, b) => slots[a].page - slots[b].page);
  for (let k = 1; k < order.length; k++) {
    const [before, after] = [slots[order[k - 1]], slots[order[k]]];
    if (before.page + before.pages > after.page)
      fail(`vms[${vm}].slots[${order[k]}].gpa`, `slot ${after.slot} overlaps slot ${before.slot}: correct gpa or size`);
  }
}

function refuseAliases(slots: readonly VmSlot[], vm: number): void {
  const ends = slots.flatMap(({ hva, pages }, i) => [
    { at: hva, step: 1, i },
    { at: hva + pages, step: -1, i },
  ]);
  // At one address, ends go first.
  ends.sort((a, b) => a.at - b.at || a.step - b.step);
  let open = 0;
  for (const { step, i } of ends) {
    open += step;
    if (open > MAX_ALIASES)
      fail(`vms[${vm}].slots[${i}].hva`, `more than ${MAX_ALIASES} slots share this host memory: leave some out`);
  }
}

function refuseSharedThreads(vms: readonly Vm[]): void {
  const seen = new Map<number, string>();
  vms.forEach((vm, v) =>
    vm.vcpus.forEach(({ tid }, i) => {
      const path = `vms[${v}].vcpus[${i}].tid`;
      const other = seen.get(tid);
      if (other !== undefined) fail(path, `thread ${tid} is also ${other}: a thread runs one vCPU`);
      seen.set(tid, path);
    }),
  );
}
