/**
 * The SPU, KVM and the guest on one lane, one sample at a time: rules 4 to 25 and 30 of docs/design/replay-rules.md, written from
 * that text alone, to be compared with core/model. Slow and plain on purpose.
 */
import type { Lane } from '../../core/model/outcome.ts';
import type { RunParams } from '../../core/model/params.ts';
import type { Policy, TimeName } from '../../core/model/policy.ts';
import type { Random } from '../../core/model/random.ts';
import type { Answer, CauseClass, StallKind, WindowKind } from '../../core/model/terms.ts';
import type { Hit } from './naive-coverage.ts';
import { applyRow, NaivePage, wipes } from './naive-pages.ts';
import type { NaiveRow } from './naive-pages.ts';
import { isEmpty, lose, NaiveSession, runsOf, take } from './naive-windows.ts';
import type { NaiveSample, NaiveWindow } from './naive-windows.ts';

export const PAGE = 4096;

export type NaiveDistributions = Readonly<Partial<Record<TimeName, readonly number[]>>>;

/** What the lanes of a run share. */
export interface NaiveShared {
  readonly policy: Policy;
  readonly params: RunParams;
  readonly distributions: NaiveDistributions;
  readonly lanes: number;
  readonly runEnd: number;
  readonly hit: Hit;
}

export interface NaiveFault {
  readonly cause: CauseClass | null;
  readonly page: number | null;
  readonly action: Answer | null;
}

interface Blackout extends NaiveFault {
  readonly kind: WindowKind;
  readonly start: number;
  readonly end: number;
  /** Which samples it holds: those of [start, end), (start, end] or [start, end]. */
  readonly holds: '[)' | '(]' | '[]';
  window?: NaiveWindow;
}

const nothing: NaiveFault = { cause: null, page: null, action: null };

export class NaiveLane {
  readonly number: number;
  readonly run: NaiveShared;
  readonly pages: NaivePage[];
  readonly samples: NaiveSample[];
  readonly sessions: NaiveSession[];
  readonly bound: Lane['mode'];
  readonly random: Random;
  readonly stalls: { t: number; ns: number; kind: StallKind }[] = [];
  readonly faults: CauseClass[] = [];
  refused = 0;
  /** The VM's death that this lane brings about. */
  death?: NaiveFault & { readonly at: number };

  blackouts: Blackout[] = [];
  /** Blackouts of rules 13 and 14 that open when this moment has passed. */
  #opening: { readonly kind: WindowKind; readonly ns: number }[] = [];
  effects: { readonly t: number; readonly bring: () => void }[] = [];
  /** The lane is stopped, up to that enable; Infinity: for good. */
  stopped?: { readonly at: number; readonly restart: boolean };
  #started = false;
  #ptr = 0;
  #written = 0;
  #fill = 0;
  /** Index of the first sample after the last service point. */
  #since = 0;
  #debt: NaiveFault & { left: number } = { ...nothing, left: 0 };

  constructor(run: NaiveShared, lane: Lane, random: Random) {
    this.run = run;
    this.number = lane.lane;
    this.bound = lane.mode;
    this.random = random;
    this.pages = [...lane.pages].map((p) => new NaivePage(p));
    this.sessions = [];
    for (let i = 0; i < lane.sessions.length; i += 2) {
      this.sessions.push(new NaiveSession(lane.sessions[i], lane.sessions[i + 1]));
    }
    this.samples = [...lane.t].map((t, index) => ({
      ...{ is: 'sample', t, size: lane.size[index], index, fate: 'outside', window: undefined },
      session: this.sessions.find((s) => s.start <= t && t <= s.end),
      ...{ from: 0, ptr: 0, landed: false, readAt: Infinity },
    }));
  }

  // Times and random numbers: rule 30.

  time(name: TimeName): number {
    const { policy, params, distributions } = this.run;
    const own = policy.times?.[name];
    if (own !== undefined) return own;
    const measured = distributions[name];
    if (name === 'readNs' || params.latency !== 'sampled' || !measured?.length) return params[name];
    this.run.hit('30 latency drawn');
    return measured[this.random.below(measured.length)];
  }

  #hardwareDl(): 0 | 1 {
    const p = this.run.params.dlProbability;
    if (p === 0 || p === 1) return p;
    this.run.hit('30 DL drawn');
    return this.random.uniform() < p ? 1 : 0;
  }

  stall(kind: StallKind, t: number, ns: number): void {
    const whole = Math.floor(ns + 0.5);
    if (whole > 0) this.stalls.push({ t, ns: whole, kind });
  }

  get bytes(): number {
    return this.pages.length * PAGE;
  }

  get held(): NaivePage[] {
    return this.pages.filter((p) => p.held);
  }

  get #private(): boolean {
    return this.run.policy.pin === 'private-buffer';
  }

  // Rows: rules 5, 6, 23.

  row(row: NaiveRow): void {
    const { policy, params, runEnd, hit } = this.run;
    const inRange = this.pages.filter((p) => row.first <= p.number && p.number < row.first + row.pages);
    const reached = inRange.filter((p) => applyRow(p, row, policy, params, hit));
    if (!reached.length || row.t > runEnd || !wipes(row, params)) return;
    const inReach = (s: NaiveSample) => this.#pagesOf(s).find((p) => reached.includes(p));
    const unread = this.samples.filter((s) => s.fate === 'kept' && s.landed && inReach(s) && !this.#isRead(s, row.t));
    for (const [session, run] of runsOf(this.sessions, unread)) {
      hit(session.end < row.t ? '23 wiped, earlier session' : '23 wiped');
      take(session, run, run.at(-1)!.t, {
        ...{ kind: 'wiped', cause: row.cause, page: inReach(run[0])!.number, action: null },
      });
    }
  }

  /** Rule 15. */
  #isRead(sample: NaiveSample, t: number): boolean {
    const overwritten = this.#written - sample.from > this.bytes;
    if (overwritten) this.run.hit('15 overwritten');
    if (sample.readAt <= t) this.run.hit('15 read');
    return overwritten || sample.readAt <= t;
  }

  /** The pages that [ptr, ptr + size) touches, in that order; `size` may stop short of the record's. */
  #pagesOf({ ptr, size }: { ptr: number; size: number }): NaivePage[] {
    const pages: NaivePage[] = [];
    for (let at = ptr - (ptr % PAGE); at < ptr + size; at += PAGE) {
      if (size) pages.push(this.pages[(at / PAGE) % this.pages.length]);
    }
    return pages;
  }

  // One moment, in the order of rule 1.

  bringEffects(t: number): void {
    const due = this.effects.filter((e) => e.t <= t);
    this.effects = this.effects.filter((e) => e.t > t);
    for (const effect of due) effect.bring();
  }

  enables(t: number): void {
    const session = this.sessions.find((s) => s.start === t);
    if (session) {
      for (const b of this.blackouts) if (b.end >= t && b.start <= session.end) b.window = session.open(b);
      if (!this.#started && this.run.params.guestZeroes) {
        this.run.hit('4 guest zeroes');
        for (const page of this.pages) if (!page.gone) page.makeValid();
      }
      this.#started = true;
    }
    if (this.stopped) this.#restart(t);
    else if (session) this.#enable(t, false);
  }

  /** Rule 11: the restart of a stopped lane if this is its moment. */
  #restart(t: number): void {
    if (!this.stopped || this.stopped.at > t) return;
    const { restart } = this.stopped;
    this.stopped = undefined;
    this.#enable(t, restart);
  }

  take(t: number): void {
    for (const sample of this.samples.filter((s) => s.t === t && s.session)) {
      const dark = this.blackouts.find(({ start, end, holds }) => {
        return (holds[0] === '[' ? start <= t : start < t) && (holds[1] === ']' ? t <= end : t < end);
      });
      if (dark) {
        sample.session!.track.push(sample);
        lose(sample, dark.window!);
      } else this.#write(sample);
      this.bringEffects(t);
      this.#restart(t);
    }
    this.#openLate(t);
  }

  ends(t: number): void {
    if (!this.sessions.some((s) => s.end === t)) return;
    if (this.#private && this.#fill) {
      this.run.hit('14 copy at session end');
      this.#copy(t);
    }
    this.#since = this.samples.filter((s) => s.t <= t).length;
  }

  // Blackouts: rules 13, 14, 16.

  #open(blackout: Blackout): void {
    this.blackouts.push(blackout);
    const session = this.sessions.find((s) => s.start <= blackout.start && blackout.start <= s.end);
    if (session) blackout.window = session.open(blackout);
  }

  #openLate(t: number): void {
    for (const { kind, ns } of this.#opening) {
      const start = Math.max(t, ...this.blackouts.map((b) => b.end));
      if (start < t + ns) this.#open({ ...nothing, kind, start, end: t + ns, holds: '(]' });
    }
    this.#opening = [];
  }

  // Pins and enables: rules 8 to 10.

  #pin(t: number, asked: readonly NaivePage[], atEnable: boolean): void {
    const { cached, pins, releases } = this.#toPin(asked, atEnable);
    if (cached) this.run.hit('8 cachePins leaves pages alone');
    const walk = pins.length ? this.time('walkNsPerPage') : 0;
    const pin = pins.length ? this.time('pinNsPerPage') : 0;
    const unpin = releases.length ? this.time('unpinNsPerPage') : 0;
    if (releases.length) this.run.hit('8 releases');
    this.stall('unpin', t, releases.length * unpin);
    for (const page of releases) page.release();
    this.stall('pin', t, pins.length * (walk + pin));
    for (const page of pins) page.makePinned();
    if (pins.length) this.run.hit('8 pins');
  }

  #toPin(asked: readonly NaivePage[], atEnable: boolean) {
    const there = asked.filter((p) => !p.gone);
    if (!atEnable || !this.run.policy.cachePins) return { pins: there, releases: this.held, cached: false };
    const pins = there.filter((p) => !(p.pinned && p.valid));
    return { pins, releases: pins.filter((p) => p.held), cached: pins.length < there.length };
  }

  /** Rule 9: the next service point. */
  get #limit(): number {
    const { watermarkBytes } = this.run.params;
    const step = watermarkBytes === 'auto' ? this.bytes / 2 : watermarkBytes;
    return Math.min((Math.floor(this.#ptr / step) + 1) * step, this.bytes);
  }

  #enable(t: number, restart: boolean): void {
    const { policy, params, hit } = this.run;
    hit(restart ? '11 restart' : '11 enable');
    const traps = policy.trapsPerEnable ?? params.trapsPerEnable;
    if (traps > 0) this.stall('trap', t, traps * this.time('trapNs'));
    hit(policy.trapsPerEnable === undefined ? "9 the run's traps" : "9 the policy's traps");
    if (policy.pin === 'enable') {
      const headToLimit = this.#pagesOf({ ptr: this.#ptr, size: this.#limit - this.#ptr });
      if (this.#isRefused(headToLimit)) this.#refuse(t);
      else this.#pin(t, headToLimit, true);
    } else if (restart && (policy.pin === 'vm' || policy.pin === 'first-fault')) {
      hit('9 restart pins all');
      this.#pin(t, this.pages, true);
    }
  }

  #isRefused(asked: readonly NaivePage[]): boolean {
    const { rlimitBytes } = this.run.params;
    const { pins, releases } = this.#toPin(asked, true);
    if (rlimitBytes === 'none' || !pins.length) return false;
    const after = new Set([...this.held.filter((p) => !releases.includes(p)), ...pins]);
    return after.size * PAGE * this.run.lanes > rlimitBytes;
  }

  #refuse(t: number): void {
    this.run.hit('10 refused');
    this.refused++;
    this.stall('exit', t, this.time('exitNs'));
    this.#stopForSession(t, { cause: null, page: null, action: 'exit-to-userspace' });
  }

  /** Black to the session's end; enabled at the next one's start. */
  #stopForSession(t: number, fault: NaiveFault): void {
    const session = this.sessions.find((s) => s.start <= t && t <= s.end)!;
    const start = Math.max(t, ...this.blackouts.filter((b) => b.end > t).map((b) => b.end));
    const next = this.sessions.find((s) => s.start > t)?.start ?? Infinity;
    this.#open({ ...fault, kind: 'session-killed', start, end: session.end, holds: '[]' });
    this.stopped = { at: next, restart: false };
  }

  // Samples: rules 12 to 14 and 19.

  #write(sample: NaiveSample): void {
    const { hit } = this.run;
    const limit = this.#limit;
    const end = this.#ptr + sample.size;
    const looked = this.run.policy.pin === 'enable' ? Math.min(end, limit) : end;
    if (looked < end) hit('12 beyond the limit');
    sample.ptr = this.#ptr;
    sample.from = this.#written;
    const bad = this.#pagesOf({ ptr: this.#ptr, size: looked - this.#ptr }).find((p) => !p.valid);
    if (bad && !this.#private) {
      this.#fault(sample, bad);
      return;
    }
    hit(sample.size ? '12 written' : '12 record of 0 bytes');
    this.#written += sample.size;
    this.#ptr = end % this.bytes;
    if (this.#debt.left > 0) this.#tear(sample);
    else {
      sample.fate = 'kept';
      sample.session!.track.push(sample);
    }
    if (this.#private) this.#fill += sample.size;
    else sample.landed = true;
    if (this.#private && this.#fill >= this.run.params.privateBytes) {
      hit('14 copy');
      this.#opening.push({ kind: 'copy-out', ns: this.time('irqNs') });
      this.#copy(sample.t);
    }
    if (end >= limit) this.#service(sample.t, sample.index);
  }

  #tear(sample: NaiveSample): void {
    this.run.hit('19 torn');
    this.#debt.left--;
    const { track } = sample.session!;
    const before = track.filter((e) => e.is === 'sample' || !isEmpty(e)).at(-1);
    if (before?.is === 'sample' && before.fate === 'torn') {
      this.run.hit('19 torn window lengthened');
      before.window!.end = sample.t;
      track.push(sample);
      lose(sample, before.window!);
      return;
    }
    const { cause, page, action } = this.#debt;
    const window = sample.session!.open({ kind: 'torn', start: sample.t, end: sample.t, cause, page, action });
    track.push(sample);
    lose(sample, window);
  }

  #service(t: number, index: number): void {
    this.run.hit('13 service point');
    this.#wake(t);
    this.#since = index + 1;
    this.#opening.push({ kind: 'buffer-full', ns: this.time('fullExtraNs') });
    this.#enable(t, false);
  }

  #wake(t: number): void {
    const readAt = t + this.time('readNs');
    for (const s of this.samples) if (s.landed && s.readAt === Infinity) s.readAt = readAt;
  }

  #copy(t: number): void {
    this.stall('copy', t, this.#fill / this.time('copyBytesPerNs'));
    this.#fill = 0;
    const copied = this.samples.filter((s) => s.fate === 'kept' && !s.landed);
    for (const sample of copied) sample.landed = true;
    const gonePage = (s: NaiveSample) => this.#pagesOf(s).find((p) => p.gone);
    const failed = copied.filter(gonePage);
    for (const [session, run] of runsOf(this.sessions, failed)) {
      this.run.hit('14 copy-failed');
      const { cause, number } = gonePage(run[0])!;
      take(session, run, run.at(-1)!.t, { kind: 'copy-failed', cause, page: number, action: null });
    }
  }

  // Faults: rules 17 to 22, 24, 27.

  #answer(cause: CauseClass, gone: boolean, dl: 0 | 1): Answer {
    const { policy, params, hit } = this.run;
    const onFault = policy.onFault[cause];
    let answer = typeof onFault === 'string' ? onFault : dl ? onFault.dl1 : onFault.dl0;
    if (typeof onFault !== 'string') hit('17 answer by DL');
    if (policy.pin === 'first-fault' && !this.held.length) {
      hit('17 onUnpinned');
      answer = policy.onUnpinned;
    }
    if (gone && (answer === 'map' || answer === 'repin')) {
      hit('17 onUnresolved');
      answer = policy.onUnresolved;
    }
    if (answer === 'external-abort' && params.speVersion === 'SPEv1p3') {
      hit('17 SPEv1p3');
      answer = 'serror';
    }
    return answer;
  }

  #fault(sample: NaiveSample, page: NaivePage): void {
    const { params, hit } = this.run;
    const { t } = sample;
    const { cause } = page;
    this.faults.push(cause);
    if (params.profilingException) hit('17 profilingException');
    const irqNs = params.profilingException ? 0 : this.time('irqNs');
    const dl = this.#hardwareDl();
    const action = this.#answer(cause, page.gone, dl);
    hit(`17 ${action}`);
    const fault: NaiveFault = { cause, page: page.number, action };
    if (action === 'serror' && params.guestSError === 'panic') this.#panic(t, irqNs, fault);
    else if (action === 'map' || action === 'repin' || action === 'exit-to-userspace') {
      this.#resume(t, irqNs, dl, page, fault, action);
    } else this.#inject(sample, irqNs, dl, fault);
    // The faulting one is in its window even when that is empty.
    sample.session!.track.push(sample);
    lose(sample, this.blackouts.at(-1)!.window!);
  }

  /** Rule 27. */
  #panic(t: number, irqNs: number, fault: NaiveFault): void {
    this.#open({ ...fault, kind: 'vm-dead', start: t, end: Infinity, holds: '[)' });
    this.stopped = { at: Infinity, restart: false };
    this.death = { ...fault, at: t + (irqNs || 1) };
  }

  /** Rules 18 and 19. */
  #resume(t: number, irqNs: number, dl: 0 | 1, page: NaivePage, fault: NaiveFault, action: Answer): void {
    const { params, hit } = this.run;
    const effect = t + irqNs;
    if (action === 'exit-to-userspace' && params.afterExit === 'stop') {
      hit('18 afterExit stop');
      this.stall('exit', effect, this.time('exitNs'));
      this.#stopForSession(t, fault);
      return;
    }
    this.#open({ ...fault, kind: 'irq-latency', start: t, end: effect, holds: '[)' });
    if (dl) this.#debt = { ...fault, left: params.tornRecords };
    const bring = (): void => {
      if (action === 'repin') {
        this.#pin(effect, this.pages, false);
        return;
      }
      if (page.gone) hit('18 page gone at the effect');
      else page.makeValid();
      if (action === 'map') this.stall('map', effect, this.time('walkNsPerPage') + this.time('mapNs'));
      else this.stall('exit', effect, this.time('exitNs'));
    };
    this.effects.push({ t: effect, bring });
  }

  /** Rules 20, 21 and 24. */
  #inject(sample: NaiveSample, irqNs: number, hardwareDl: 0 | 1, fault: NaiveFault): void {
    const { policy, params, hit } = this.run;
    const { t } = sample;
    const unaware = fault.action === 'serror';
    const asked = params.injectDl === 'policy' ? policy.injectDl : params.injectDl;
    const dl = unaware ? 0 : asked === 'hardware' ? hardwareDl : asked;
    const reaction = unaware ? 'linux' : params.guestReaction;
    if (unaware) hit('21 survives');
    const injectNs = this.time('injectNs');
    this.stall('inject', t + irqNs, injectNs);
    const sessionStart = (from: number) => this.sessions.find((s) => s.start >= from)?.start ?? Infinity;
    const h = t + irqNs + injectNs + this.time('guestHandlerNs');
    let until = Infinity;
    if (reaction === 'discard-session') until = sessionStart(h);
    else if (dl) until = h + this.time('reenableNs');
    else if (this.bound === 'task-bound') until = sessionStart(h);
    hit(reaction === 'discard-session' ? '20 discard-session' : dl ? '20 DL 1' : `20 DL 0, ${this.bound}`);
    if (!unaware) this.#discard(sample, dl, fault);
    if (dl) {
      const readAt = h + this.time('readNs');
      for (const s of this.samples) if (s.landed && s.readAt === Infinity) s.readAt = readAt;
    }
    this.#since = sample.index + 1;
    this.#debt.left = 0;
    this.#open({ ...fault, kind: 'session-killed', start: t, end: until, holds: '[)' });
    const session = this.sessions.find((s) => s.end >= until);
    this.stopped = { at: session ? Math.max(until, session.start) : Infinity, restart: true };
  }

  /** Rule 24. */
  #discard(sample: NaiveSample, dl: 0 | 1, fault: NaiveFault): void {
    const { params, hit } = this.run;
    const session = sample.session!;
    let taken: NaiveSample[] = [];
    if (params.guestReaction === 'discard-session') taken = this.samples.filter((s) => s.session === session);
    else if (
      (params.dlDiscard === 'buffer' && dl === 1) ||
      (params.dlDiscard === 'abort' && fault.action === 'external-abort')
    ) {
      taken = this.samples.slice(this.#since);
    }
    taken = taken.filter((s) => s.fate === 'kept');
    if (!taken.length) return;
    hit(params.guestReaction === 'discard-session' ? '24 session' : `24 ${params.dlDiscard}`);
    take(session, taken, sample.t, { ...fault, kind: 'discarded' });
  }
}
