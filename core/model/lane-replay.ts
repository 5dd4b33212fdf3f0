/**
 * One lane under one policy: the state machine that follows docs/design/replay-rules.md. It goes from change to change (a stage 2
 * event, an answer's effect, a session's edge, a page that isn't valid, a service point) and skips the samples between.
 */
import { Answers, restartAfter } from './lane-answers.ts';
import { LaneBlackouts } from './lane-blackouts.ts';
import type { Latencies } from './latencies.ts';
import { LaneRecord } from './lane-record.ts';
import type { Reason } from './lane-record.ts';
import { LaneStage2, loses } from './lane-stage2.ts';
import { LaneLosses } from './lane-losses.ts';
import { NONE } from './outcome.ts';
import type { RunParams } from './params.ts';
import type { Policy } from './policy.ts';
import type { PreparedLane } from './prepare.ts';
import { answerEffects, answers, code, PAGE_SHIFT, windowKinds } from './terms.ts';
import type { Answer, WindowKind } from './terms.ts';

const PAGE = 2 ** PAGE_SHIFT;
const kindCode = Object.fromEntries(windowKinds.map((k, i) => [k, i])) as Record<WindowKind, number>;
const REFUSED: Reason = {
  kind: kindCode['session-killed'],
  cause: NONE,
  page: -1,
  action: code(answers, 'exit-to-userspace'),
};

/** The fault that killed the VM. */
export interface Death {
  /** ns: from here on every lane is black. */
  readonly at: number;
  readonly cause: number;
  readonly page: number;
}

/** The run that the lane belongs to. */
export interface RunOfLanes {
  /** First session's start and last session's end, ns. */
  readonly start: number;
  readonly end: number;
  readonly lanes: number;
  /** Pages that `pin: vm` pins up front, on the first lane; 0 on the others. */
  readonly upFrontPages: number;
  /** The VM's death caused by another lane. */
  readonly doom: Death;
}

export class LaneReplay {
  readonly record: LaneRecord;
  /** Set when a fault of this lane was answered with an SError. */
  death: Death | undefined;

  readonly #lane: PreparedLane;
  readonly #params: RunParams;
  readonly #latencies: Latencies;
  readonly #run: RunOfLanes;
  readonly #stage2: LaneStage2;
  readonly #black: LaneBlackouts;
  readonly #answers: Answers;
  readonly #losses: LaneLosses | undefined;
  readonly #bufferBytes: number;
  readonly #watermark: number;
  /** Nothing comes between the SPU and its buffer: every sample is kept. */
  readonly #bare: boolean;
  readonly #private: boolean;
  /** Only pages before the limit are checked: enables pin the rest before it is written (rule 12). */
  readonly #looksToLimit: boolean;

  /** Offset in the buffer; all bytes ever written; bytes in the private buffer. */
  #ptr = 0;
  #written = 0;
  #fill = 0;
  /** The session: its place in `sessions`, its end, the end of its samples. */
  #session = 0;
  #sessionEnd = 0;
  #sessionSamples = 0;
  /** First samples since the last service point, and since the session's start. */
  #sinceService = 0;
  #sinceStart = 0;
  /** The lane is stopped until then; -Infinity while it runs. `#restarts`: it ends with a restart of rule 20. */
  #restartAt = -Infinity;
  #restarts = false;
  /** Records to come that the decoder will misread, and by which fault. */
  #debt = 0;
  #torn: Reason = REFUSED;

  constructor(lane: PreparedLane, policy: Policy, params: RunParams, latencies: Latencies, run: RunOfLanes) {
    this.#lane = lane;
    this.#params = params;
    this.#latencies = latencies;
    this.#run = run;
    this.record = new LaneRecord(lane.lane.t.length);
    this.#black = new LaneBlackouts(lane.times, this.record);
    this.#answers = new Answers(policy, params);
    this.#bare = policy.pin === 'no-stage-2';
    this.#private = policy.pin === 'private-buffer';
    this.#looksToLimit = policy.pin === 'enable';
    this.#bufferBytes = lane.lane.pages.length * PAGE;
    this.#watermark = params.watermarkBytes === 'auto' ? this.#bufferBytes / 2 : params.watermarkBytes;
    const losing = loses(lane, policy, params) || (this.#private && lane.events.anyGone);
    this.#losses = losing ? new LaneLosses(lane, this.record) : undefined;
    const wiped = (t: number, slots: readonly number[], cause: number): void => {
      if (t > run.end) return;
      this.#losses?.wipe(t, slots, cause, this.#written, this.#private ? undefined : this.#black.next);
    };
    this.#stage2 = new LaneStage2(lane, policy, params, latencies, this.record, {
      ...{ start: run.start, until: run.doom.at, lanes: run.lanes, upFrontPages: run.upFrontPages },
      wiped,
    });
  }

  run(): void {
    const { sessions, t } = this.#lane.lane;
    if (sessions.length && this.#params.guestZeroes && sessions[0] < this.#run.doom.at) this.#stage2.touch(sessions[0]);
    for (this.#session = 0; this.#session < sessions.length; this.#session += 2) {
      this.#runSession(sessions[this.#session], sessions[this.#session + 1]);
    }
    this.record.outside(this.#black.next, t.length);
    // Pending answers still take effect, and unmaps still wipe, while the run lasts and the VM lives.
    const death = Math.min(this.death?.at ?? Infinity, this.#run.doom.at);
    if (sessions.length) this.#stage2.settle(Math.min(this.#run.end, death - 1));
    if (this.#stage2.effectAt < death) this.#stage2.settle(this.#stage2.effectAt);
  }

  /** A lane killed by its own fault stays in that fault's window. */
  #doomAt(): number {
    return this.death ? Infinity : this.#run.doom.at;
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
      if (this.#private && this.#fill > 0 && end < this.#doomAt()) {
        this.#stage2.settle(end);
        this.#copyOut(end);
      }
    }
    if (end >= this.#doomAt()) this.#die(Math.max(start, this.#run.doom.at));
  }

  /** The rest of a session in a VM killed by another lane's SError. */
  #die(from: number): void {
    const { cause, page } = this.#run.doom;
    const why = { kind: kindCode['vm-dead'], cause, page, action: code(answers, 'serror') };
    this.record.window(from, this.#sessionEnd, why, this.#black.next, this.#sessionSamples);
    this.#black.next = this.#sessionSamples;
  }

  /** Profiling is enabled: at a session's start, when a stopped lane restarts, at a service point. */
  #enable(at: number): void {
    if (this.#bare) return;
    const restarts = this.#restarts;
    this.#restartAt = -Infinity;
    this.#restarts = false;
    const head = Math.floor(this.#ptr / PAGE);
    const limit = Math.ceil((this.#ptr + this.#toLimit()) / PAGE);
    if (!this.#stage2.enable(at, restarts, head, limit)) return;
    this.#stopForSession(Math.max(at, this.#black.shownUntil), REFUSED, 0);
  }

  /** The lane is off to the session's end; the next one's start enables it. */
  #stopForSession(from: number, why: Reason, atLeast: number): void {
    this.#restartAt = this.#sessionEnd;
    this.#black.open(from, this.#sessionEnd + 1, this.#sessionEnd, why, atLeast);
  }

  #runSamples(): void {
    const { times, bytesBefore, lane } = this.#lane;
    const t = times.values;
    while (this.#black.next < this.#black.end) {
      const { next, after } = this.#black;
      if (after > -Infinity && t[next] > after) {
        this.#black.openAfter();
        continue;
      }
      this.#stage2.settleBefore(next);

      // What next stops the samples if nothing else happens: found by bytes alone.
      let until = after > -Infinity ? times.firstAbove(t[next], next + 1, this.#black.end) : this.#black.end;
      if (this.#debt > 0) until = next + 1;
      const page = Math.floor(this.#ptr / PAGE);
      const invalid = this.#stage2.pages.nextInvalid(page);
      const toLimit = this.#toLimit();
      let toFault = invalid < 0 ? Infinity : this.#distanceTo(invalid);
      if (this.#looksToLimit && toFault >= toLimit) toFault = Infinity;
      const toStop = Math.min(toLimit, this.#toCopy());
      // The nearer one comes first; a sample that does both faults.
      const first = this.#reaching(toStop <= toFault ? toStop : toFault + 1, until);
      const last = Math.min(first, until - 1);
      const bytes = bytesBefore.at(last + 1) - bytesBefore.at(next);
      const faults = first < until && bytes > toFault;

      const pagesAhead = Math.floor(((this.#ptr % PAGE) + bytes) / PAGE) + 1;
      const change = this.#stage2.changeOnTheWay(last, page, pagesAhead);
      if (change < Infinity) {
        this.#write(change);
      } else if (faults) {
        this.#write(first);
        this.#fault(invalid, lane.pages[invalid]);
      } else if (first < until) {
        this.#serve(first, toLimit);
      } else {
        this.#write(until);
      }
    }
  }

  /** Bytes from ptr to the first one in a page. */
  #distanceTo(slot: number): number {
    const ahead = slot * PAGE - this.#ptr;
    return ahead > -PAGE ? Math.max(0, ahead) : ahead + this.#bufferBytes;
  }

  /** The sample with which the bytes from here reach `distance`; `until` if none does. */
  #reaching(distance: number, until: number): number {
    if (distance === Infinity) return until;
    const { bytesBefore } = this.#lane;
    return bytesBefore.firstAtLeast(bytesBefore.at(this.#black.next) + distance, this.#black.next + 1, until + 1) - 1;
  }

  /** Bytes from ptr to the next service point (rule 9: the next multiple of the watermark, or the buffer's end). */
  #toLimit(): number {
    if (this.#bare) return Infinity;
    return Math.min(this.#watermark - (this.#ptr % this.#watermark), this.#bufferBytes - this.#ptr);
  }

  #toCopy(): number {
    return this.#private ? this.#params.privateBytes - this.#fill : Infinity;
  }

  /** Samples up to `to` are written: kept, except those that the decoder misreads (those come one at a time). */
  #write(to: number): void {
    const from = this.#black.next;
    if (to <= from) return;
    const { bytesBefore, lane } = this.#lane;
    const bytes = bytesBefore.at(to) - bytesBefore.at(from);
    if (this.#debt > 0) {
      this.record.torn(from, lane.t[from], this.#torn, this.#sinceStart);
      this.#debt--;
    } else {
      this.#losses?.written(from, to, this.#written, this.#session);
    }
    this.#ptr = (this.#ptr + bytes) % this.#bufferBytes;
    this.#written += bytes;
    this.#fill += bytes;
    this.#black.next = to;
  }

  /** Sample `stop` is written and reaches a service point, or fills the private buffer, or both. */
  #serve(stop: number, toLimit: number): void {
    const at = this.#lane.lane.t[stop];
    const { bytesBefore } = this.#lane;
    const bytes = bytesBefore.at(stop + 1) - bytesBefore.at(this.#black.next);
    const copies = bytes >= this.#toCopy();
    this.#write(stop + 1);
    if (copies) {
      this.#black.copyAfter(at, this.#latencies.take('irqNs'));
      this.#copyOut(at);
    }
    if (bytes < toLimit) return;
    this.#sinceService = this.#black.next;
    this.#losses?.read(at + this.#latencies.readNs, this.#private ? undefined : this.#black.next);
    this.#black.fullAfter(at, this.#latencies.take('fullExtraNs'));
    this.#enable(at);
  }

  #copyOut(at: number): void {
    this.#stage2.stall(at, this.#fill / this.#latencies.take('copyBytesPerNs'), 'copy');
    this.#losses?.copy(this.#stage2.pages, this.#written - this.#fill, this.#written, this.#black.next);
    this.#fill = 0;
  }

  /** A stage 2 fault at the next sample. */
  #fault(slot: number, page: number): void {
    const { pages } = this.#stage2;
    const at = this.#lane.lane.t[this.#black.next];
    const cause = pages.causeOf(slot);
    this.record.faults[cause]++;
    const irqEnd = at + (this.#params.profilingException ? 0 : this.#latencies.take('irqNs'));
    const dl = this.#latencies.chance(this.#params.dlProbability);
    const answer = this.#answers.to(cause, dl, pages.held, pages.isGone(slot));
    const why = { cause, page, action: code(answers, answer) };
    const { guest } = answerEffects[answer];
    if (guest === 'resumes') this.#resume(at, irqEnd, answer, slot, dl, why);
    else if (guest === 'kills' && this.#params.guestSError === 'panic') this.#kill(at, irqEnd, why);
    else this.#inject(at, irqEnd, answer, dl, why);
  }

  /** Rules 18 and 19: KVM or the VMM resolves it, and the guest isn't notified. */
  #resume(at: number, irqEnd: number, answer: Answer, slot: number, dl: boolean, why: Omit<Reason, 'kind'>): void {
    if (answer === 'exit-to-userspace' && this.#params.afterExit === 'stop') {
      this.#stage2.stall(irqEnd, this.#latencies.take('exitNs'), 'exit');
      this.#stopForSession(at, { ...why, kind: kindCode['session-killed'] }, this.#black.next + 1);
      return;
    }
    if (dl) {
      this.#debt = this.#params.tornRecords;
      this.#torn = { ...why, kind: kindCode.torn };
    }
    const does = answer === 'map' ? 'map' : 'settle';
    this.#stage2.answerAt(irqEnd, answer === 'repin' ? { does: 'repin' } : { does, slot });
    this.#black.open(at, irqEnd, irqEnd, { ...why, kind: kindCode['irq-latency'] }, this.#black.next + 1);
  }

  /** Rule 27. */
  #kill(at: number, irqEnd: number, why: Omit<Reason, 'kind'>): void {
    this.death = { at: Math.max(irqEnd, at + 1), cause: why.cause, page: why.page };
    this.#restartAt = Infinity;
    this.#bound();
    this.#black.open(at, Infinity, Infinity, { ...why, kind: kindCode['vm-dead'] }, this.#black.next + 1);
  }

  /** Rules 20, 21 and 24: a buffer management event, or an SError that the guest survives without knowing of its SPU. */
  #inject(at: number, irqEnd: number, answer: Answer, dl: boolean, why: Omit<Reason, 'kind'>): void {
    const serror = answerEffects[answer].guest === 'kills';
    const aware = !serror && this.#answers.injectedDl(dl);
    const reaction = serror ? 'linux' : this.#params.guestReaction;
    if (!serror) this.#discard(at, answer, aware, why);
    this.#sinceService = this.#black.next;
    this.#debt = 0;

    const injectNs = this.#latencies.take('injectNs');
    this.#stage2.stall(irqEnd, injectNs, 'inject');
    const handled = irqEnd + injectNs + this.#latencies.take('guestHandlerNs');
    if (aware) this.#losses?.read(handled + this.#latencies.readNs, this.#black.next);
    const reenableNs = (): number => this.#latencies.take('reenableNs');
    this.#restartAt = restartAfter(this.#lane.lane, this.#session, handled, aware, reaction, reenableNs);
    this.#restarts = true;
    const killed = { ...why, kind: kindCode['session-killed'] };
    this.#black.open(at, this.#restartAt, this.#restartAt, killed, this.#black.next + 1);
    if (this.#restartAt <= this.#sessionEnd && this.#restartAt < this.#run.doom.at) this.#enable(this.#restartAt);
  }

  /** What the guest discards because of an event injected for a fault at `at`. */
  #discard(at: number, answer: Answer, aware: boolean, why: Omit<Reason, 'kind'>): void {
    const { dlDiscard, guestReaction } = this.#params;
    const all = guestReaction === 'discard-session';
    const some = dlDiscard === 'buffer' ? aware : dlDiscard === 'abort' && answer === 'external-abort';
    if (!all && !some) return;
    const from = all ? this.#sinceStart : this.#sinceService;
    this.record.take(from, this.#black.next, this.#lane.lane.t, { ...why, kind: kindCode.discarded }, at);
    this.#losses?.discarded(from);
  }
}
