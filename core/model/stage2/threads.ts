/** What each thread of the trace is doing, as far as the model needs it: its VM, and the call in which it changes memory. */
import { ByTid } from '../by-tid.ts';
import { KvmKind } from '../kvm-events.ts';
import type { KvmEvents } from '../kvm-events.ts';
import type { VmDescription } from '../vm.ts';
import type { PendingFault } from './faults.ts';

export class Thread {
  readonly tid: number;
  /** Index of its VM in the description; -1 if it belongs to none. */
  readonly vm: number;
  readonly vcpu: boolean;
  /** HVA pages of the memory call it is in; empty outside of one. */
  callStart = 0;
  callEnd = 0;
  /** `word` of that call; of the latest one outside. */
  call = 0;
  /** Pages of that call's range. */
  callPages = 0;
  /** ns of its latest kvm_exit. */
  exitAt = -1;
  /** ns of the kvm_entry before that: the guest saw whatever has held ever since. */
  enteredAt = -1;
  /** ns of the kvm_exit before that: the guest ran until then, too. */
  leftAt = -1;
  /** Page of its latest answered fault; -1 if none. */
  claimed = -1;
  /** Its fault that KVM has yet to answer. */
  pending: PendingFault | undefined;
  /** How often it was seen that the guest had got past its latest fault. */
  progress = 0;

  constructor(tid: number, vm: number, vcpu: boolean) {
    this.tid = tid;
    this.vm = vm;
    this.vcpu = vcpu;
  }
}

export class Threads {
  readonly #byTid = new ByTid<Thread>();
  readonly #owner = new Map<number, number>();
  readonly #vcpus = new Set<number>();
  /** The VM that unlisted vCPU threads belong to: the only one, if its threads aren't listed. */
  readonly #unlisted: number;

  constructor(description: VmDescription) {
    description.vms.forEach((vm, v) => {
      if (vm.pid !== undefined) this.#owner.set(vm.pid, v);
      for (const { tid } of vm.vcpus) {
        this.#owner.set(tid, v);
        this.#vcpus.add(tid);
      }
    });
    const unlisted = description.vms.map((vm, v) => (vm.vcpus.length ? -1 : v)).filter((v) => v >= 0);
    this.#unlisted = unlisted.length === 1 ? unlisted[0] : -1;
  }

  /** The thread; `runsGuest` when the current event is a vCPU's. */
  of(tid: number, runsGuest: boolean): Thread {
    const known = this.#byTid.get(tid);
    if (known && (known.vm >= 0 || !runsGuest || this.#unlisted < 0)) return known;
    const vm = this.#owner.get(tid) ?? (runsGuest ? this.#unlisted : -1);
    return this.#byTid.add(new Thread(tid, vm, runsGuest || this.#vcpus.has(tid)));
  }
}

/** Follows system calls and the guest's exits. Call for every event of the thread, in order. */
export function follow(thread: Thread, events: KvmEvents, i: number): void {
  const kind = events.kind[i];
  if (kind === KvmKind.MEMORY_CALL) {
    thread.callStart = events.page(i);
    thread.callEnd = events.end(i);
    thread.callPages = thread.callEnd - thread.callStart;
    thread.call = events.word[i];
  } else if (kind <= KvmKind.EXIT || (kind >= KvmKind.OTHER_CALL && kind <= KvmKind.CALL_EXIT)) {
    thread.callEnd = thread.callStart = 0;
  }
  if (kind === KvmKind.ENTRY) {
    thread.enteredAt = events.t[i];
    thread.leftAt = thread.exitAt;
  }
  if (kind === KvmKind.EXIT) thread.exitAt = events.t[i];
}
