/** A vCPU of the traced VM: its guest writes through its buffer and to other RAM, and KVM answers its faults. */
import type { Random } from '../model/random.ts';
import type { Agenda } from './agenda.ts';
import { HOST_MM, PAGE, State } from './guest-memory.ts';
import type { GuestMemory } from './guest-memory.ts';
import { EC, ExitReason } from './trace-events.ts';
import type { Actor, TraceEvents } from './trace-events.ts';

/** What the VM's vCPUs and its VMM share. */
export interface Machine {
  readonly memory: GuestMemory;
  readonly events: TraceEvents;
  readonly agenda: Agenda;
  readonly thp: boolean;
  /** The buffers' slot is there; while it isn't, a write to it exits as MMIO. */
  hasBuffers: boolean;
  /** The buffers' slot is under dirty logging. */
  isLogging: boolean;
  /** Invalidations so far: KVM retries a fault if one intervened (mmu_invalidate_retry). */
  invalidations: number;
}

/** ESR_EL2 of a write that aborts: DABT_LOW, IL, ISV and the rest as QEMU and N1 give it; the low six bits say why. */
const WRITE_ABORT = 0x93c78040;
const Fsc = { TRANSLATION: 0x04, PERMISSION: 0x0c } as const;

const KVM_RUN = 0xae80;
const KVM_EXIT_MMIO = 6;
const EFAULT = 14;

/** Latencies, ns: from exit to kvm_guest_fault, on to the next entry, of a plain trap, from entry to the same write again. */
const TO_FAULT = [250, 450] as const;
const TO_ENTRY = [1200, 2600] as const;
const TRAP = [600, 1900] as const;
const AGAIN = 120;

export class Vcpu {
  readonly actor: Actor;
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #vcpu: number;
  /** Mean ns from one write to a fresh place to the next, and from one plain exit to the next. */
  readonly #writeNs: number;
  readonly #exitNs: number;
  #exitAt = Infinity;
  #writeAt = 0;
  #offset = 0;
  #inRam = false;

  constructor(machine: Machine, vcpu: number, actor: Actor, random: Random, writeNs: number, exitNs: number) {
    this.#machine = machine;
    this.#vcpu = vcpu;
    this.actor = actor;
    this.#random = random;
    this.#writeNs = writeNs;
    this.#exitNs = exitNs;
  }

  /** First KVM_RUN. */
  start(t: number): void {
    this.#machine.events.call(t, this.actor, 'ioctl', [12 + this.#vcpu, KVM_RUN, 0]);
    this.#machine.events.entry(t + 900, this.actor);
    this.#exitAt = t + 900 + this.#spread(this.#exitNs);
    this.#writeAt = t + 900 + this.#spread(this.#writeNs);
    this.#next(t + 900);
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random.below(most - least);
  }

  #spread(mean: number): number {
    return Math.max(1, Math.floor(mean * (0.5 + this.#random.uniform())));
  }

  /** The guest runs from `t` on. */
  #next(t: number): void {
    const { agenda } = this.#machine;
    if (this.#exitAt <= this.#writeAt) agenda.at(Math.max(t + 50, this.#exitAt), this.#trap);
    else agenda.at(Math.max(t + 50, this.#writeAt), this.#write);
  }

  readonly #trap = (t: number): void => {
    const isIrq = this.#random.below(3) === 0;
    const back = t + this.#between(TRAP);
    const { events, agenda } = this.#machine;
    events.exit(t, this.actor, isIrq ? ExitReason.IRQ : ExitReason.TRAP, isIrq ? EC.NONE : EC.SYS64);
    agenda.at(back, () => {
      events.entry(back, this.actor);
      this.#exitAt = back + this.#spread(this.#exitNs);
      this.#next(back);
    });
  };

  /** The buffer front to back, four writes per page, and every other write to RAM. */
  readonly #write = (t: number): void => {
    const { memory } = this.#machine;
    this.#writeAt = t + this.#spread(this.#writeNs);
    this.#inRam = !this.#inRam;
    if (this.#inRam) this.#touch(t, this.#random.below(memory.slots[0].pages));
    else {
      const page = memory.bufferPage(this.#vcpu, this.#offset >> 2);
      this.#offset = (this.#offset + 1) % (memory.bufferPages * 4);
      this.#touch(t, page);
    }
  };

  #touch(t: number, page: number): void {
    const { memory, events, agenda, hasBuffers } = this.#machine;
    const missing = !hasBuffers && memory.slotOf(page).slot === 2;
    if (memory.state[page] === State.WRITABLE && !missing) return this.#next(t);
    const region = page >> 9;
    const isTranslation = memory.state[page] === State.UNMAPPED;
    const level = isTranslation ? (memory.hasTable[region] ? 3 : 2) : memory.isBlock[region] ? 2 : 3;
    const faultAt = t + this.#between(TO_FAULT);
    events.exit(t, this.actor, ExitReason.TRAP, EC.DABT_LOW);
    const esr = WRITE_ABORT | (isTranslation ? Fsc.TRANSLATION : Fsc.PERMISSION) | level;
    events.guestFault(faultAt, this.actor, memory.ipa(page), esr >>> 0);
    if (missing) return this.#emulate(faultAt, page);
    if (memory.isHole[page]) return this.#fillHole(faultAt, page);
    const seen = this.#machine.invalidations;
    if (!isTranslation && !memory.isBlock[region] && !this.#isLogged(page)) {
      agenda.at(faultAt + 300, (at) => this.#copyOnWrite(at, page));
      return;
    }
    agenda.at(faultAt + this.#between(TO_ENTRY), (back) => this.#answer(back, page, seen));
  }

  #isLogged(page: number): boolean {
    return this.#machine.isLogging && this.#machine.memory.slotOf(page).slot === 2;
  }

  /** Retried if anything was invalidated since KVM looked; else the fault's request is in effect from this entry on. */
  #answer(t: number, page: number, seen: number): void {
    const { memory, events, agenda, thp, invalidations } = this.#machine;
    const region = page >> 9;
    if (invalidations === seen) {
      const logged = this.#isLogged(page);
      if (memory.isBlock[region] && memory.state[page] === State.READ_ONLY) {
        if (logged) memory.splitBlock(t, page);
        else memory.mapBlock(t, region);
      } else if (memory.state[page] !== State.WRITABLE) {
        if (thp && !logged && !memory.isSplit[region] && memory.isEmpty(region)) memory.mapBlock(t, region);
        else memory.mapPage(t, page);
      }
    }
    events.entry(t, this.actor);
    agenda.at(t + AGAIN, (at) => this.#touch(at, page));
  }

  /** A write to a page that ksmd had merged: the host's mm copies it, and KVM retries (wp_page_copy, set_pte_at_notify). */
  #copyOnWrite(t: number, page: number): void {
    const { memory, events, agenda } = this.#machine;
    const still = memory.state[page] === State.READ_ONLY && this.#machine.hasBuffers;
    const back = t + this.#between(TO_ENTRY);
    if (!still) {
      agenda.at(back, (at) => {
        events.entry(at, this.actor);
        agenda.at(at + AGAIN, (again) => this.#touch(again, page));
      });
      return;
    }
    this.#machine.invalidations++;
    events.unmap(t, this.actor, memory.hva(page), PAGE);
    memory.unmap(t, page, 1, 'host-mm', HOST_MM);
    agenda.at(t + 160, (at) => {
      if (memory.isHole[page]) return;
      this.#machine.invalidations++;
      events.setSpte(at, this.actor, memory.hva(page));
      memory.remap(at, page);
    });
    agenda.at(Math.max(back, t + 400), (at) => {
      events.entry(at, this.actor);
      agenda.at(at + AGAIN, (again) => this.#writeCopied(again, page));
    });
  }

  /** The second fault on the page: the copy is there, and becomes writable. */
  #writeCopied(t: number, page: number): void {
    const { memory, events, agenda, hasBuffers } = this.#machine;
    const missing = !hasBuffers && memory.slotOf(page).slot === 2;
    if (memory.state[page] !== State.READ_ONLY || missing) return this.#touch(t, page);
    const faultAt = t + this.#between(TO_FAULT);
    events.exit(t, this.actor, ExitReason.TRAP, EC.DABT_LOW);
    events.guestFault(faultAt, this.actor, memory.ipa(page), (WRITE_ABORT | Fsc.PERMISSION | 3) >>> 0);
    const seen = this.#machine.invalidations;
    agenda.at(faultAt + this.#between(TO_ENTRY), (back) => this.#answer(back, page, seen));
  }

  /** No slot there: the write exits to the VMM as MMIO, and the guest continues when the VMM runs it again. */
  #emulate(t: number, page: number): void {
    const { memory, events, agenda } = this.#machine;
    events.mmioWrite(t + 150, this.actor, memory.ipa(page));
    events.userExit(t + 300, this.actor, KVM_EXIT_MMIO);
    const back = t + 300 + this.#spread(20_000);
    agenda.at(back, () => {
      events.call(back, this.actor, 'ioctl', [12 + this.#vcpu, KVM_RUN, 0]);
      agenda.at(back + 800, (entered) => {
        events.entry(entered, this.actor);
        this.#next(entered);
      });
    });
  }

  /** Nothing is mapped behind the page: KVM_RUN fails, and the VMM puts fresh memory there before it runs the guest again. */
  #fillHole(t: number, page: number): void {
    const { memory, events, agenda } = this.#machine;
    events.userExit(t + 300, this.actor, 0, -EFAULT);
    const mapAt = t + 300 + this.#spread(4_000);
    agenda.at(mapAt, (at) => {
      const [first, pages] = memory.hugePage(page);
      events.call(at, this.actor, 'mmap', [memory.hva(first), pages * PAGE, 3, 0x4032, -1, 0]);
      memory.remapHost(at, first, pages, memory.slotOf(page).slot === 2 && !this.#machine.hasBuffers);
    });
    agenda.at(mapAt + 3_000, (at) => events.call(at, this.actor, 'ioctl', [12 + this.#vcpu, KVM_RUN, 0]));
    agenda.at(mapAt + 3_800, (at) => {
      events.entry(at, this.actor);
      agenda.at(at + AGAIN, (again) => this.#touch(again, page));
    });
  }
}
