/** What the host does to a VM's memory: the VMM's calls, kswapd and ksmd, at the requested rates. */
import type { Random } from '../model/random.ts';
import { NS_PER_TICK, TIME_ZERO } from './clock.ts';
import { adviceOf } from './advice.ts';
import type { Backing } from './advice.ts';
import { BLOCK, HOST_MM, PAGE, State } from './guest-memory.ts';
import type { Effect } from './guest-memory.ts';
import type { HostRates, SynthOptions } from './options.ts';
import type { Actor } from './trace-events.ts';
import type { Machine } from './vcpu.ts';
import type { Phases } from './workload.ts';

export interface HostThreads {
  readonly vmm: Actor;
  readonly kswapd: Actor;
  readonly ksmd: Actor;
}

const KVM_CREATE_VM = 0xae01;
const KVM_SET_USER_MEMORY_REGION = 0x4020ae46;
const KVM_SET_USER_MEMORY_REGION2 = 0x40a0ae49;
const KVM_CREATE_GUEST_MEMFD = 0xc040aed4;
const MAP_HUGETLB = 0x40000;
const GUEST_MEMFD = 9;
const KVM_GET_DIRTY_LOG = 0x4010ae42;
const VM_FD = 6;
const ARG = 0xffffe1373000;
/** From a call to its notifier, ns. */
const CALL_NS = 700;
/** How long KVM_SET_USER_MEMORY_REGION takes, when in it the pages go, and how long the slot stays away. */
const MEMSLOT_NS = 40_000;
const REMOVED_AFTER = 15_000;
const AWAY_NS = 200_000;

/** Flags and file of a call that remaps a range (MAP_FIXED). */
const mapArguments: Readonly<Record<Backing, readonly [flags: number, fd: number]>> = {
  anonymous: [0x4032, -1],
  shared: [0x4032, -1],
  hugetlb: [0x4032 | MAP_HUGETLB, -1],
  guest_memfd: [0x11, GUEST_MEMFD],
};

export class Host {
  readonly #machine: Machine;
  readonly #threads: HostThreads;
  readonly #options: SynthOptions;
  readonly #random: Random;
  readonly #phases: Phases;
  /** The VMM is in a call until then. */
  #busy = 0;
  /** A slot of a guest_memfd takes the second form of the call. */
  readonly #setRegion: number;

  constructor(machine: Machine, threads: HostThreads, options: SynthOptions, random: Random, phases: Phases) {
    this.#machine = machine;
    this.#threads = threads;
    this.#options = options;
    this.#random = random;
    this.#phases = phases;
    this.#setRegion = options.backing === 'guest_memfd' ? KVM_SET_USER_MEMORY_REGION2 : KVM_SET_USER_MEMORY_REGION;
  }

  /** The VM is created at `t`; everything else begins at `from`. */
  start(t: number, from: number): void {
    const { events, memory } = this.#machine;
    const { vmm } = this.#threads;
    const { seed, samples, cpus, mode } = this.#options;
    events.call(t, vmm, 'ioctl', [5, KVM_CREATE_VM, 0]);
    events.print(t + 5_000, vmm, `umbra-synth: seed=${seed} samples=${samples} cpus=${cpus} mode=${mode}`);
    memory.slots.forEach(({ first, pages }, i) => {
      const at = t + 20_000 + i * 60_000;
      const { backing, thp } = this.#options;
      if (backing === 'guest_memfd') {
        events.call(at, vmm, 'ioctl', [VM_FD, KVM_CREATE_GUEST_MEMFD, ARG]);
        events.call(at + 10_000, vmm, 'mmap', [0, pages * PAGE, 3, 1, GUEST_MEMFD + i, 0]);
      } else if (backing === 'hugetlb') {
        events.call(at, vmm, 'mmap', [0, pages * PAGE, 3, 0x4022 | MAP_HUGETLB, -1, 0]);
      } else {
        events.call(at, vmm, 'mmap', [0, pages * PAGE, 3, 0x4022, -1, 0]);
        events.call(at + 10_000, vmm, 'madvise', [memory.hva(first), pages * PAGE, thp ? 14 : 15]);
      }
      events.call(at + 20_000, vmm, 'ioctl', [VM_FD, this.#setRegion, ARG]);
    });
    // The call that ends the last ioctl.
    events.call(t + 200_000, vmm, 'ioctl', [VM_FD, 0xae41, 0]);
    this.#repeat('unmaps', from, this.#vmmUnmap, true);
    this.#repeat('reclaims', from, this.#reclaim, true);
    this.#repeat('merges', from, this.#merge);
    this.#repeat('aging', from, this.#age);
    this.#repeat('memslots', from, (at) => this.#memslot(at, false));
    this.#repeat('moves', from, (at) => this.#memslot(at, true));
    this.#repeat('dirtyLogs', from, this.#dirtyLog);
  }

  /** A Poisson process with a higher rate in the burst's phase; thinned from the highest rate. */
  #repeat(name: keyof HostRates, from: number, act: (t: number) => void, bursts = false): void {
    const rate = this.#options[name];
    const burst = bursts ? this.#options.burst : undefined;
    const most = rate * Math.max(1, burst?.factor ?? 1);
    if (!(most > 0)) return;
    const { agenda } = this.#machine;
    const wait = (): number => Math.max(1, Math.round((-Math.log(1 - this.#random.uniform()) / most) * 1e9));
    const step = (t: number): void => {
      const factor = burst && this.#phaseAt(t) === burst.phase ? burst.factor : 1;
      if (this.#random.uniform() * most < rate * factor) act(t);
      agenda.at(t + wait(), step);
    };
    agenda.at(from + wait(), step);
  }

  #phaseAt(ns: number): string {
    return this.#phases.names[this.#phases.at((ns - TIME_ZERO) / NS_PER_TICK)];
  }

  /** A range within one slot, and within the buffers if it lies in theirs. */
  #range(most = this.#options.unmapPages): { first: number; pages: number } {
    const { memory } = this.#machine;
    const inBuffers = this.#random.uniform() < this.#options.bufferShare;
    const start = inBuffers ? memory.slots[1].first : 0;
    const asked = inBuffers ? memory.allBufferPages : this.#options.ramPages;
    // Calls on huge pages take whole ones (EINVAL); so do slots.
    const unit = this.#options.backing === 'hugetlb' ? BLOCK : 1;
    const size = Math.ceil(asked / unit);
    const n = Math.min(size, 1 + this.#random.below(Math.ceil(most / unit)));
    return { first: start + this.#random.below(size - n + 1) * unit, pages: n * unit };
  }

  /** Runs a VMM call once it is free; `ns` is the call's duration. */
  #call(t: number, ns: number, run: (t: number) => void): void {
    const at = Math.max(t, this.#busy);
    this.#busy = at + ns;
    this.#machine.agenda.at(at, run);
  }

  #unmap(
    t: number,
    actor: Actor,
    [first, pages]: readonly [number, number],
    cause: 'userspace' | 'host-mm',
    effect: Effect,
  ): void {
    const { events, memory } = this.#machine;
    const end = first + pages;
    this.#machine.invalidations++;
    events.unmap(t, actor, memory.hva(first), pages * PAGE);
    // A notifier finds no slot while it is away: nothing more happens.
    if (memory.slotOf(first).slot === 2 && !this.#machine.hasBuffers) {
      if (effect.contents === 'gone') memory.isHole.fill(1, first, end);
      if (effect.contents === 'dropped') memory.dropAway(first, pages);
      return;
    }
    // Part of a huge page goes: the host's mm splits it first, with a notifier for all of it (__split_huge_pmd), and it stays split.
    const split: number[] = [];
    for (let region = first >> 9; region <= (end - 1) >> 9; region++) {
      if (first <= region * BLOCK && end >= (region + 1) * BLOCK) continue;
      if (memory.isBlock[region]) split.push(region * BLOCK);
      memory.isSplit[region] = 1;
    }
    memory.unmap(t, first, pages, cause, effect);
    for (const block of split) {
      events.unmap(t, actor, memory.hva(block), BLOCK * PAGE);
      memory.announceSplit(t, block, Math.max(block, first), cause);
      memory.announceSplit(t, Math.min(block + BLOCK, end), block + BLOCK, cause);
    }
  }

  readonly #vmmUnmap = (t: number): void => {
    const { events, memory, agenda } = this.#machine;
    const { vmm } = this.#threads;
    const { first, pages } = this.#range();
    const isMunmap = this.#random.below(4) === 0;
    const { backing, advice: all, holes } = this.#options;
    // No draw where there is no choice: a seed's pair stays the same.
    const advice = all[all.length > 1 ? this.#random.below(all.length) : 0];
    const leavesHole = isMunmap && holes > 0 && this.#random.uniform() < holes;
    this.#call(t, 12_000, (at) => {
      // ENOMEM, and no notifier for what isn't mapped.
      if (memory.hasHole(first, pages)) return;
      const range = [memory.hva(first), pages * PAGE];
      if (isMunmap) events.call(at, vmm, 'munmap', range);
      else events.call(at, vmm, 'madvise', [...range, adviceOf[advice].number]);
      // The guest has a guest_memfd's pages whatever the VMM maps.
      const gone = backing === 'guest_memfd' ? 'kept' : 'gone';
      const contents = isMunmap ? gone : adviceOf[advice].contents(backing);
      if (contents !== undefined) {
        const effect = { notify: isMunmap ? 'unmap' : 'clear', contents } as const;
        agenda.at(at + CALL_NS, (then) => this.#unmap(then, vmm, [first, pages], 'userspace', effect));
      }
      // MAP_FIXED puts fresh memory there; nothing is mapped in between, so no notifier runs.
      if (!isMunmap || leavesHole) return;
      agenda.at(at + 4_000, (then) => {
        events.call(then, vmm, 'mmap', [...range, 3, ...mapArguments[backing], 0]);
        const isAway = memory.slotOf(first).slot === 2 && !this.#machine.hasBuffers;
        memory.remapHost(then, first, pages, isAway);
      });
    });
  };

  readonly #reclaim = (t: number): void => {
    const { first, pages } = this.#range();
    if (this.#machine.memory.hasHole(first, pages)) return;
    this.#unmap(t, this.#threads.kswapd, [first, pages], 'host-mm', HOST_MM);
  };

  /** write_protect_page, then replace_page (mm/ksm.c): unmapped for a moment, then mapped read-only. */
  readonly #merge = (t: number): void => {
    const { memory, events, agenda } = this.#machine;
    const { first } = this.#range(1);
    if (!this.#machine.hasBuffers || this.#machine.isLogging) return;
    if (memory.state[first] !== State.WRITABLE || memory.isBlock[first >> 9]) return;
    this.#unmap(t, this.#threads.ksmd, [first, 1], 'host-mm', HOST_MM);
    agenda.at(t + 180, (then) => {
      // Another thread unmapped it: replace_page finds its entry changed.
      if (memory.isHole[first]) return;
      this.#machine.invalidations++;
      events.setSpte(then, this.#threads.ksmd, memory.hva(first));
      if (this.#machine.hasBuffers && !memory.isBlock[first >> 9]) memory.remap(then, first);
    });
  };

  readonly #age = (t: number): void => {
    const { memory, events } = this.#machine;
    const { first, pages } = this.#range();
    events.age(t, this.#threads.kswapd, memory.hva(first), pages * PAGE);
    memory.age(t, first, pages);
  };

  /** The buffers' slot is deleted and added again; or it moves to another IPA, and back. */
  #memslot(t: number, moves: boolean): void {
    const { memory, events, agenda } = this.#machine;
    const { vmm } = this.#threads;
    const buffers = memory.slots[1];
    const setRegion = (at: number): void => events.call(at, vmm, 'ioctl', [VM_FD, this.#setRegion, ARG]);
    const returned = (at: number): void => events.call(at, vmm, 'ioctl', [VM_FD, 0xae03, 0]);
    this.#call(t, 2 * MEMSLOT_NS + AWAY_NS, (at) => {
      setRegion(at);
      agenda.at(at + REMOVED_AFTER, (then) => {
        this.#machine.hasBuffers = false;
        this.#machine.invalidations++;
        memory.removeSlot(then, buffers);
      });
      agenda.at(at + MEMSLOT_NS, returned);
      agenda.at(at + MEMSLOT_NS + AWAY_NS, setRegion);
      agenda.at(at + MEMSLOT_NS + AWAY_NS + 1_000, (then) => {
        this.#machine.hasBuffers = true;
        memory.restoreSlot(then, buffers);
        // Added again without the flag for dirty logging, which a move keeps.
        if (!moves) this.#machine.isLogging = false;
      });
      agenda.at(at + 2 * MEMSLOT_NS + AWAY_NS - 1_000, returned);
    });
  }

  /** The first one switches logging on, which write-protects the slot; the others fetch the log, which write-protects again. */
  readonly #dirtyLog = (t: number): void => {
    const { memory, events, agenda } = this.#machine;
    const { vmm } = this.#threads;
    this.#call(t, 20_000, (at) => {
      if (this.#machine.isLogging) {
        events.call(at, vmm, 'ioctl', [VM_FD, KVM_GET_DIRTY_LOG, ARG]);
        memory.writeProtect(at, memory.slots[1]);
      } else {
        events.call(at, vmm, 'ioctl', [VM_FD, this.#setRegion, ARG]);
        agenda.at(at + 6_000, (then) => {
          this.#machine.isLogging = true;
          memory.writeProtect(then, memory.slots[1]);
        });
        agenda.at(at + 12_000, (then) => events.call(then, vmm, 'ioctl', [VM_FD, 0xae03, 0]));
      }
    });
  };
}
