/** Hand-made traces: each call appends the events that the kernel would emit, a microsecond apart by default. */
import { KvmEvents, KvmIoctl, KvmKind, MemoryCall } from '../../core/model/kvm-events.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { stage2Rows } from '../../core/model/stage2/stage2-json.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import type { VmDescription } from '../../core/model/vm.ts';

export const VMM = 100;
export const VCPU = 101;
export const VCPU2 = 102;
export const KSMD = 33;
/** Page of slot 1's first IPA and HVA. */
export const RAM = 0x80000;
export const HVA = 0xffffb0401;

/** Data abort, write; FSC to be added. */
export const WRITE = 0x93c78040;
export const READ = 0x93c78000;
export const TRANSLATION = 0x04;
export const PERMISSION = 0x0c;

export const description = (slots?: object[], vcpus = [VCPU, VCPU2], pageSize = 4096): VmDescription =>
  parseVmDescription(
    JSON.stringify({
      pageSize,
      vms: [
        {
          pid: VMM,
          slots: slots ?? [{ slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0401000' }],
          vcpus: vcpus.map((tid, vcpu) => ({ vcpu, tid })),
        },
      ],
    }),
  );

/** Guest and host addresses agree within a block. */
export const blocks = description([{ slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0400000' }]);

export class Trace {
  readonly events = new KvmEvents();
  t = 0;

  push(tid: number, kind: number, page = 0, end = 0, word = 0): this {
    this.t += 1000;
    this.events.push(this.t, tid, 0, kind, page, end, word);
    this.events.span = this.t;
    return this;
  }

  wait(ns: number): this {
    this.t += ns;
    return this;
  }

  create(): this {
    return this.push(VMM, KvmKind.IOCTL, 0, 0, KvmIoctl.CREATE_VM);
  }

  ioctl(command: number): this {
    return this.push(VMM, KvmKind.IOCTL, 0, 0, command);
  }

  enter(tid = VCPU): this {
    return this.push(tid, KvmKind.ENTRY);
  }

  /** Exit and guest fault, not yet answered. `fsc` with its level in the low two bits. */
  fault(page: number, fsc = TRANSLATION | 3, tid = VCPU, access = WRITE): this {
    this.push(tid, KvmKind.EXIT, 0, 0, 0x24);
    return this.push(tid, KvmKind.GUEST_FAULT, page, 0, access | fsc);
  }

  /** A fault that KVM answers. */
  touch(page: number, fsc = TRANSLATION | 3, tid = VCPU, access = WRITE): this {
    return this.fault(page, fsc, tid, access).enter(tid);
  }

  /** A fault that becomes MMIO. */
  device(page: number, fsc = TRANSLATION | 3, tid = VCPU): this {
    return this.fault(page, fsc, tid).push(tid, KvmKind.MMIO, page).enter(tid);
  }

  /** The guest got past its latest fault: a hypercall. */
  progress(tid = VCPU): this {
    return this.push(tid, KvmKind.EXIT, 0, 0, 0x16).enter(tid);
  }

  /** Unmap of `pages` pages behind guest page `page` of slot 1. */
  unmap(page: number, pages = 1, tid = VMM): this {
    return this.push(tid, KvmKind.UNMAP, HVA + page - RAM, HVA + page - RAM + pages);
  }

  /** MADV_DONTNEED by default. */
  madvise(page: number, pages = 1, advice = 4): this {
    return this.call(MemoryCall.MADVISE, page, pages, advice).unmap(page, pages);
  }

  /** A system call of the VMM's on the memory behind guest pages of slot 1. */
  call(call: number, page: number, pages = 1, argument = 0): this {
    const start = HVA + page - RAM;
    return this.push(VMM, KvmKind.MEMORY_CALL, start, start + pages, call | (argument << 8));
  }

  /** A memslot call of the VMM's, its kprobe inside. `pages` 0: deleted. */
  memslot(slot: number, page: number, pages: number, hva: number, flags = 0): this {
    this.ioctl(KvmIoctl.SET_USER_MEMORY_REGION).push(VMM, KvmKind.MEMSLOT, page, page + pages, slot);
    this.events.setOther(this.events.n - 1, hva);
    this.events.setFlags(this.events.n - 1, flags);
    return this;
  }

  /** Rows of the first VM as text: `3000 map 80000+1 W fault`. */
  rows(vm: VmDescription | undefined = description()): string[] {
    return rowTexts(reconstruct(this.events, vm).timelines[0]);
  }
}

/** Unmaps and read-only maps of the first VM as `kind page+pages notify contents origin`, without times. */
export function effectTexts(timeline: Parameters<typeof stage2Rows>[0]): string[] {
  return [...stage2Rows(timeline)].flatMap((row) => {
    if (row.notify === undefined) return [];
    const page = (Number(row.ipa) / 4096).toString(16);
    return [`${row.kind} ${page}+${row.pages} ${row.notify} ${row.contents ?? ''} ${row.contentsOrigin ?? ''}`];
  });
}

export function rowTexts(timeline: Parameters<typeof stage2Rows>[0]): string[] {
  return [...stage2Rows(timeline)].map((row) => {
    const page = (Number(row.ipa) / 4096).toString(16);
    const access = row.writable === undefined ? [] : [row.writable ? 'W' : 'R'];
    return [row.t, row.kind, `${page}+${row.pages}`, ...access, ...(row.cause ? [row.cause] : []), row.evidence].join(
      ' ',
    );
  });
}
