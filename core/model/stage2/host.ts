/** What the reconstruction must know about the host: its page size, and how its kernel writes a mapping's permissions. */
import { KvmKind } from '../kvm-events.ts';
import type { KvmTrace } from '../kvm-events.ts';
import { VmDescriptionError } from '../vm.ts';
import type { VmDescription } from '../vm.ts';

/** Facts of the recording host, from the trace's header or the board kit. */
export interface HostFacts {
  /** Kernel release or `uname -a`: its first version number counts. */
  readonly kernel?: string | undefined;
  /** Bytes. */
  readonly pageSize?: number | undefined;
  /** KVM_PGTABLE_PROT_W by the kernel's own BTF. */
  readonly protW?: number | undefined;
}

/** Who says it: the VM description, the trace's header or the kit, the kernel's version, or the values in the trace itself. */
export type FactOrigin = 'description' | 'host' | 'btf' | 'kernel' | 'values' | 'default';

const UNITS = [16, 4, 1];
/** Number of unmapped ranges whose common alignment is the page size: chance is unlikely by then. */
const ENOUGH_RANGES = 32;
/** 2 MiB in 4 KiB units: a huge page of a host with pages of 4 KiB. */
const HUGE = 512;

/**
 * The host's page size in 4 KiB units: by the description, the trace's header or kit, else by the alignment that all unmapped
 * ranges have in common.
 * @throws VmDescriptionError where two sources contradict each other
 */
export function pageUnitOf(
  trace: KvmTrace,
  description: VmDescription,
  { pageSize }: HostFacts,
): { readonly unit: number; readonly origin: FactOrigin } {
  const traced = pageSize !== undefined && UNITS.includes(pageSize / 4096) ? pageSize / 4096 : undefined;
  if (description.pageSizeGiven) {
    if (traced !== undefined && traced !== description.pageUnit) {
      throw new VmDescriptionError(
        `pageSize: the VM description says ${description.pageUnit * 4096}, the trace was recorded on a host with pages of ${traced * 4096} bytes: correct the description`,
      );
    }
    return { unit: description.pageUnit, origin: 'description' };
  }
  if (traced !== undefined) return { unit: traced, origin: 'host' };
  const { unit, ranges } = commonAlignment(trace);
  return ranges >= ENOUGH_RANGES && unit > 1 ? { unit, origin: 'values' } : { unit: 1, origin: 'default' };
}

function commonAlignment(trace: KvmTrace): { unit: number; ranges: number } {
  let ranges = 0;
  const fits = UNITS.map(() => true);
  for (const events of trace.blocks(KvmKind.UNMAP)) {
    for (let i = events.next(KvmKind.UNMAP, 0); i < events.n; i = events.next(KvmKind.UNMAP, i + 1)) {
      // Huge pages: they say nothing about small ones.
      if (events.page(i) % HUGE === 0 && events.end(i) % HUGE === 0) continue;
      ranges++;
      UNITS.forEach((unit, u) => {
        if (events.page(i) % unit || events.end(i) % unit) fits[u] = false;
      });
    }
  }
  return { unit: UNITS[fits.indexOf(true)], ranges };
}

/** enum kvm_pgtable_prot (asm/kvm_pgtable.h): X 1, W 2, R 4 up to 6.18; PX 1, UX 2, W 4, R 8 from 6.19 on. */
const OLD_W = 2;
const NEW_W = 4;
const NEW_R = 8;

/**
 * The bit that makes a mapping writable in the trace's page-table calls. Every mapping is readable: so if all calls have bit 3 the kernel
 * is a newer one, and if some lack it an older one, whatever else is claimed.
 */
export function protWriteBit(
  trace: KvmTrace,
  { kernel, protW }: HostFacts,
): { readonly bit: number; readonly origin: FactOrigin } {
  if (protW) return { bit: protW, origin: 'btf' };
  let maps = 0;
  let withBit3 = 0;
  for (const events of trace.blocks(KvmKind.S2_MAP)) {
    for (let i = events.next(KvmKind.S2_MAP, 0); i < events.n; i = events.next(KvmKind.S2_MAP, i + 1)) {
      maps++;
      if (events.word[i] & NEW_R) withBit3++;
    }
  }
  const bit = maps > 0 && withBit3 === maps ? NEW_W : OLD_W;
  const version = /(\d+)\.(\d+)/.exec(kernel ?? '');
  if (!version) return { bit, origin: 'values' };
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const byVersion = major > 6 || (major === 6 && minor >= 19) ? NEW_W : OLD_W;
  return { bit, origin: byVersion === bit ? 'kernel' : 'values' };
}
