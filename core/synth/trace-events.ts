/** Events of a KVM trace as ring buffer records. Times are ns of the trace's clock; addresses are below 2^53 except PCs. */
import { callNumber, traceFormats } from './kvm-formats.ts';
import type { TraceFormat } from './kvm-formats.ts';
import type { RingBuffer } from './ring-buffer.ts';
import { TRACING_MARK } from './trace-dat.ts';

/** The source of events, and where it runs. */
export interface Actor {
  readonly tid: number;
  readonly cpu: number;
}

/** The guest's writer. */
const GUEST_PC = 0x400011f0;

export const ExitReason = { IRQ: 0, TRAP: 2 } as const;
export const EC = { NONE: 0, SYS64: 0x18, DABT_LOW: 0x24 } as const;

export class TraceEvents {
  readonly #cpus: readonly RingBuffer[];
  /** A buffer for each size of record, reused. */
  readonly #records = new Map<number, { bytes: Uint8Array; view: DataView }>();

  constructor(cpus: readonly RingBuffer[]) {
    this.#cpus = cpus;
  }

  #begin({ id, size }: TraceFormat, actor: Actor, bytes = (size + 3) & ~3): DataView {
    let record = this.#records.get(bytes);
    if (!record) {
      const fresh = new Uint8Array(bytes);
      record = { bytes: fresh, view: new DataView(fresh.buffer) };
      this.#records.set(bytes, record);
    }
    record.bytes.fill(0);
    record.view.setUint16(0, id, true);
    record.view.setInt32(4, actor.tid, true);
    return record.view;
  }

  #end(t: number, actor: Actor, view: DataView): void {
    this.#cpus[actor.cpu].add(t, this.#records.get(view.byteLength)!.bytes);
  }

  entry(t: number, vcpu: Actor): void {
    const view = this.#begin(traceFormats.entry, vcpu);
    word(view, 8, GUEST_PC);
    this.#end(t, vcpu, view);
  }

  exit(t: number, vcpu: Actor, reason: number, ec: number): void {
    const view = this.#begin(traceFormats.exit, vcpu);
    view.setInt32(8, reason, true);
    view.setUint32(12, ec, true);
    word(view, 16, GUEST_PC);
    this.#end(t, vcpu, view);
  }

  guestFault(t: number, vcpu: Actor, ipa: number, esr: number): void {
    const view = this.#begin(traceFormats.guestFault, vcpu);
    word(view, 8, GUEST_PC);
    word(view, 16, esr);
    word(view, 24, ipa);
    word(view, 32, ipa);
    this.#end(t, vcpu, view);
  }

  mmioWrite(t: number, vcpu: Actor, ipa: number): void {
    const view = this.#begin(traceFormats.mmio, vcpu);
    view.setUint32(8, 2, true);
    view.setUint32(12, 8, true);
    word(view, 16, ipa);
    word(view, 24, 0x4b430000);
    this.#end(t, vcpu, view);
  }

  /** @param reason KVM_EXIT_* @param errno KVM_RUN's, 0 or below */
  userExit(t: number, vcpu: Actor, reason: number, errno = 0): void {
    const view = this.#begin(traceFormats.userExit, vcpu);
    view.setUint32(8, reason, true);
    view.setInt32(12, errno, true);
    this.#end(t, vcpu, view);
  }

  unmap(t: number, actor: Actor, hva: number, bytes: number): void {
    const view = this.#begin(traceFormats.unmap, actor);
    word(view, 8, hva);
    word(view, 16, hva + bytes);
    this.#end(t, actor, view);
  }

  setSpte(t: number, actor: Actor, hva: number): void {
    const view = this.#begin(traceFormats.setSpte, actor);
    word(view, 8, hva);
    this.#end(t, actor, view);
  }

  age(t: number, actor: Actor, hva: number, bytes: number): void {
    const view = this.#begin(traceFormats.age, actor);
    word(view, 8, hva);
    word(view, 16, hva + bytes);
    this.#end(t, actor, view);
  }

  call(t: number, actor: Actor, name: keyof typeof callNumber, args: readonly number[]): void {
    const view = this.#begin(traceFormats[name], actor);
    view.setInt32(8, callNumber[name], true);
    args.forEach((arg, i) => word(view, 16 + 8 * i, arg));
    this.#end(t, actor, view);
  }

  print(t: number, actor: Actor, text: string): void {
    const view = this.#begin(traceFormats.print, actor, (16 + text.length + 2 + 3) & ~3);
    view.setBigUint64(8, TRACING_MARK, true);
    for (let i = 0; i < text.length; i++) view.setUint8(16 + i, text.charCodeAt(i));
    view.setUint8(16 + text.length, 10);
    this.#end(t, actor, view);
  }
}

/** A 64-bit value in two's complement: -1 is all ones. */
function word(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
