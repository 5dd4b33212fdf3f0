/**
 * One lane under one policy: the state machine behind replay.ts, whose rules it follows. It goes from change to change (a
 * stage 2 event, an answer's effect, a session's edge, a page that isn't valid, a service point) and skips the samples between.
 */
import { LaneBlackouts } from './lane-blackouts.ts';
import type { Latencies } from './latencies.ts';
import { LaneRecord } from './lane-record.ts';
import type { Reason } from './lane-record.ts';
import { LaneStage2 } from './lane-stage2.ts';
import type { RunParams } from './params.ts';
import type { FaultAnswer, Policy } from './policy.ts';
import type { PreparedLane } from './prepare.ts';
import { answers, causeClasses, code, PAGE_SHIFT, windowKinds } from './terms.ts';
import type { Answer, WindowKind } from './terms.ts';

const PAGE = 2 ** PAGE_SHIFT;
const kindCode = Object.fromEntries(windowKinds.map((k, i) => [k, i])) as Record<WindowKind, number>;

/** The fault that killed the VM. */
export interface Death {
  /** ns: from here on every lane is black. */
  readonly at: number;
  readonly cause: number;
  readonly page: number;
}

export class LaneReplay {
  readonly record: LaneRecord;
  /** Set when a fault of this lane was answered with an SError. */
  death: Death | undefined;

  readonly #lane: PreparedLane;
  readonly #params: RunParams;
  readonly #latencies: Latencies;
  readonly #stage2: LaneStage2;
  readonly #black: LaneBlackouts;
  readonly #answers: readonly Answer[];
  readonly #onUnpinned: Answer | undefined;
  /** The VM's death by another lane. */
  readonly #doom: Death;
  readonly #bufferBytes: number;
  readonly #watermark: number;
  readonly #private: boolean;
  /** Whether anything depends on service points. */
  readonly #services: boolean;

  /** Offset in the buffer, bytes in the private buffer. */
  #ptr = 0;
  #fill = 0;
  /** The session: its place in `sessions`, its end, the end of its samples. */
  #session = 0;
  #sessionEnd = 0;
  #sessionSamples = 0;
  /** First samples since the last service point or discard, and since the session's start. */
  #sinceService = 0;
  #sinceStart = 0;
  /** Profiling is stopped until then; -Infinity while it runs. */
  #restartAt = -Infinity;

  constructor(lane: PreparedLane, policy: Policy, params: RunParams, latencies: Latencies, start: number, doom: Death) {
    this.#lane = lane;
    this.#params = params;
    this.#latencies = latencies;
    this.#doom = doom;
    this.record = new LaneRecord(lane.lane.t.length);
    this.#black = new LaneBlackouts(lane.times, this.record);
    this.#stage2 = new LaneStage2(lane, policy, params, latencies, this.record, start, doom.at);
    const noAborts = params.speVersion >= 'SPEv1p3';
    const meant = (answer: FaultAnswer): Answer => {
      const plain = typeof answer === 'string' ? answer : params.dlProbability > 0 ? answer.dl1 : answer.dl0;
      return plain === 'external-abort' && noAborts ? 'serror' : plain === 'exit-to-userspace' ? 'map' : plain;
    };
    this.#answers = causeClasses.map((c) => meant(policy.onFault[c]));
    this.#onUnpinned = policy.pin === 'first-fault' ? meant(policy.onUnpinned) : undefined;
    this.#private = policy.pin === 'private-buffer';
    this.#bufferBytes = lane.lane.pages.length * PAGE;
    this.#watermark = params.watermarkBytes === 'auto' ? this.#bufferBytes / 2 : params.watermarkBytes;
    this.#services = policy.pin !== 'no-stage-2' && (latencies.matters('fullExtraNs') || params.dlDiscard === 'buffer');
  }

  run(): void {
    const { sessions, t } = this.#lane.lane;
    for (this.#session = 0; this.#session < sessions.length; this.#session += 2) {
      this.#runSession(sessions[this.#session], sessions[this.#session + 1]);
    }
    this.record.outside(this.#black.next, t.length);
    if (this.#stage2.effectAt < this.#doom.at) this.#stage2.settle(this.#stage2.effectAt);
  }

  /** A lane that its own fault killed stays in that fault's window. */
  #doomAt(): number {
    return this.death ? Infinity : this.#doom.at;
  }

  #bound(): void {
    this.#black.end = this.#lane.times.firstAtLeast(this.#doomAt(), this.#black.next, this.#sessionSamples);
    this.#black.limit = Math.min(this.#sessionEnd, this.#doomAt());
  }

  #runSession(start: number, end: number): void {
    const { times } = this.#lane;
    const { length } = times.values;
    const first = times.firstAtLeast(start, this.#black.next, length);
    this.record.outside(this.#black.next, first);
    this.#black.next = this.#sinceStart = this.#sinceService = first;
    this.#sessionEnd = end;
    this.#sessionSamples = times.firstAbove(end, first, length);
    this.#bound();

    if (start < this.#doomAt()) {
      this.#black.carryInto(start);
      const enableAt = Math.max(start, this.#restartAt);
      if (enableAt <= end && enableAt < this.#doomAt()) this.#enable(enableAt);
      this.#runSamples();
      this.#black.openAfter();
      if (this.#private && this.#fill > 0 && end < this.#doomAt()) this.#copyOut(end);
    }
    if (end >= this.#doomAt()) this.#die(Math.max(start, this.#doom.at));
  }

  /** The rest of a session in a VM that another lane's SError killed. */
  #die(from: number): void {
    const { cause, page } = this.#doom;
    const why = { kind: kindCode['vm-dead'], cause, page, action: code(answers, 'serror') };
    this.record.window(from, this.#sessionEnd, why, this.#black.next, this.#sessionSamples);
    this.#black.next = this.#sessionSamples;
  }

  /** Profiling is enabled: at a session's start, or when a stopped lane restarts. */
  #enable(at: number): void {
    const restart = this.#restartAt > -Infinity;
    this.#restartAt = -Infinity;
    this.#stage2.enable(at, restart);
  }

  #runSamples(): void {
    const { times, bytesBefore, lane } = this.#lane;
    const t = times.values;
    while (this.#black.next < this.#black.end) {
      const now = t[this.#black.next];
      if (this.#black.after > -Infinity && now > this.#black.after) {
        this.#black.openAfter();
        continue;
      }
      this.#stage2.settle(now);

      // What stops the samples from here on, if nothing else happens: found by bytes alone.
      const until =
        this.#black.after > -Infinity ? times.firstAbove(now, this.#black.next + 1, this.#black.end) : this.#black.end;
      const page = Math.floor(this.#ptr / PAGE);
      const invalid = this.#stage2.pages.nextInvalid(page);
      const toFault = invalid < 0 ? Infinity : this.#distanceTo(invalid);
      const toStop = Math.min(this.#toService(), this.#toCopy());
      // Of the two the nearer comes first; a sample that does both faults.
      const first = this.#reaching(toStop <= toFault ? toStop : toFault + 1, until);
      const last = Math.min(first, until - 1);
      const bytes = bytesBefore.at(last + 1) - bytesBefore.at(this.#black.next);
      const faults = first < until && bytes > toFault;

      const pagesAhead = Math.floor(((this.#ptr % PAGE) + bytes) / PAGE) + 1;
      const change = this.#stage2.changeOnTheWay(t[last], page, pagesAhead);
      if (change < Infinity) {
        this.#keep(times.firstAtLeast(change, this.#black.next, last));
      } else if (faults) {
        this.#keep(first);
        this.#fault(invalid, lane.pages[invalid]);
      } else if (first < until) {
        this.#serve(first);
      } else {
        this.#keep(until);
      }
    }
  }

  /** Bytes from ptr to the first one in a page. */
  #distanceTo(slot: number): number {
    const ahead = slot * PAGE - this.#ptr;
    return ahead > -PAGE ? Math.max(0, ahead) : ahead + this.#bufferBytes;
  }

  /** The sample that brings the bytes from here to `distance`; `until` if none does. */
  #reaching(distance: number, until: number): number {
    if (distance === Infinity) return until;
    const { bytesBefore } = this.#lane;
    return bytesBefore.firstAtLeast(bytesBefore.at(this.#black.next) + distance, this.#black.next + 1, until + 1) - 1;
  }

  #toService(): number {
    if (!this.#services) return Infinity;
    return Math.min(this.#watermark - (this.#ptr % this.#watermark), this.#bufferBytes - this.#ptr);
  }

  #toCopy(): number {
    return this.#private ? this.#params.privateBytes - this.#fill : Infinity;
  }

  /** Samples up to `to` are kept. */
  #keep(to: number): void {
    const { bytesBefore } = this.#lane;
    const bytes = bytesBefore.at(to) - bytesBefore.at(this.#black.next);
    this.#ptr = (this.#ptr + bytes) % this.#bufferBytes;
    this.#fill += bytes;
    this.#black.next = to;
  }

  /** Sample `stop` is kept and reaches a service point, or fills the private buffer, or both. */
  #serve(stop: number): void {
    const at = this.#lane.lane.t[stop];
    const atService = this.#toService();
    const { bytesBefore } = this.#lane;
    const bytes = bytesBefore.at(stop + 1) - bytesBefore.at(this.#black.next);
    const copies = bytes >= this.#toCopy();
    this.#keep(stop + 1);
    if (copies) {
      this.#black.copyAfter(at, this.#latencies.take('irqNs'));
      this.#copyOut(at);
    }
    if (bytes >= atService) {
      this.#sinceService = this.#black.next;
      this.#black.fullAfter(at, this.#latencies.take('fullExtraNs'));
    }
  }

  #copyOut(at: number): void {
    this.#stage2.stall(at, this.#fill / this.#latencies.take('copyBytesPerNs'), 'copy');
    this.#fill = 0;
  }

  /** A stage 2 fault at the next sample. */
  #fault(slot: number, page: number): void {
    const at = this.#lane.lane.t[this.#black.next];
    const cause = this.#stage2.pages.causeOf(slot);
    const answer = (!this.#stage2.pinned && this.#onUnpinned) || this.#answers[cause];
    const why = { cause, page, action: code(answers, answer) };
    this.record.faults[cause]++;
    const irqEnd = at + this.#latencies.take('irqNs');
    const dataLost = this.#latencies.chance(this.#params.dlProbability);
    const injected = answer !== 'map' && answer !== 'repin' && answer !== 'serror';
    this.#discard(at, dataLost, injected, why);

    if (answer === 'serror') {
      this.death = { at: Math.max(irqEnd, at + 1), cause, page };
      this.#restartAt = Infinity;
      this.#bound();
      this.#black.open(at, Infinity, Infinity, { ...why, kind: kindCode['vm-dead'] }, this.#black.next + 1);
    } else if (injected) {
      this.#restartAt = this.#restart(irqEnd, dataLost);
      this.#black.open(
        at,
        this.#restartAt,
        this.#restartAt,
        { ...why, kind: kindCode['session-killed'] },
        this.#black.next + 1,
      );
      if (this.#restartAt <= this.#sessionEnd && this.#restartAt < this.#doom.at) this.#enable(this.#restartAt);
    } else {
      this.#stage2.answerAt(irqEnd, answer === 'map' ? slot : -1);
      this.#black.open(at, irqEnd, irqEnd, { ...why, kind: kindCode['irq-latency'] }, this.#black.next + 1);
    }
  }

  /** What the guest throws away because of a fault at `at`. */
  #discard(at: number, dataLost: boolean, injected: boolean, why: Omit<Reason, 'kind'>): void {
    const { t } = this.#lane.lane;
    if (injected && this.#params.guestReaction === 'discard-session') {
      this.record.discard(this.#sinceStart, this.#black.next, t, at, why);
    } else if (dataLost && this.#params.dlDiscard === 'buffer') {
      this.record.discard(this.#sinceService, this.#black.next, t, at, why);
      this.#sinceService = this.#black.next;
    }
  }

  /** When profiling comes back after an event that is injected at `irqEnd`, ns; Infinity if never. */
  #restart(irqEnd: number, dataLost: boolean): number {
    const injectNs = this.#latencies.take('injectNs');
    this.#stage2.stall(irqEnd, injectNs, 'inject');
    const handled = irqEnd + injectNs + this.#latencies.take('guestHandlerNs');
    const { sessions, mode } = this.#lane.lane;
    if (this.#params.guestReaction === 'linux') {
      if (dataLost) return handled + this.#latencies.take('reenableNs');
      if (mode === 'cpu-bound') return Infinity;
    }
    for (let s = this.#session + 2; s < sessions.length; s += 2) if (sessions[s] >= handled) return sessions[s];
    return Infinity;
  }
}
