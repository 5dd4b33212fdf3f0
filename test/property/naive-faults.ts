/** Faults of the naive simulator and what follows from them: rules 17 to 22, 24 and 27 of docs/design/replay-rules.md. */
import type { Answer, CauseClass } from '../../core/model/terms.ts';
import type { NaiveFault } from './naive-lane.ts';
import type { NaivePage } from './naive-pages.ts';
import { NaivePins } from './naive-pins.ts';
import { lose, take } from './naive-windows.ts';
import type { NaiveSample } from './naive-windows.ts';

export class NaiveFaults extends NaivePins {
  protected answer(cause: CauseClass, gone: boolean, dl: 0 | 1): Answer {
    const { policy, params, hit } = this.run;
    const onFault = policy.onFault[cause];
    let answer = typeof onFault === 'string' ? onFault : dl ? onFault.dl1 : onFault.dl0;
    if (typeof onFault !== 'string') hit(17, 'answer by DL');
    if (policy.pin === 'first-fault' && !this.held.length) {
      hit(17, 'onUnpinned');
      answer = policy.onUnpinned;
    }
    if (gone && (answer === 'map' || answer === 'repin')) {
      hit(17, 'onUnresolved');
      answer = policy.onUnresolved;
    }
    if (answer === 'external-abort' && params.speVersion === 'SPEv1p3') {
      hit(17, 'SPEv1p3');
      answer = 'serror';
    }
    return answer;
  }

  protected fault(sample: NaiveSample, page: NaivePage): void {
    const { params, hit } = this.run;
    const { t } = sample;
    const { cause } = page;
    this.faults.push(cause);
    if (params.profilingException) hit(17, 'profilingException');
    const irqNs = params.profilingException ? 0 : this.time('irqNs');
    const dl = this.hardwareDl();
    const action = this.answer(cause, page.gone, dl);
    hit(17, action);
    if (this.debt.left) hit(19, 'faults while in debt');
    const fault: NaiveFault = { cause, page: page.number, action };
    if (action === 'serror' && params.guestSError === 'panic') this.panic(t, irqNs, fault);
    else if (action === 'map' || action === 'repin' || action === 'exit-to-userspace') {
      this.resume(t, irqNs, dl, page, fault, action);
    } else this.inject(sample, irqNs, dl, fault);
    // The faulting one is in its window even when that is empty.
    sample.session!.track.push(sample);
    lose(sample, this.blackouts.at(-1)!.window!);
  }

  /** Rule 27. */
  protected panic(t: number, irqNs: number, fault: NaiveFault): void {
    this.open(t, { ...fault, kind: 'vm-dead', start: t, end: Infinity, holds: (x) => t <= x });
    this.stopped = { at: Infinity, restart: false };
    this.death = { ...fault, at: t + (irqNs || 1) };
  }

  /** Rules 18 and 19. */
  protected resume(t: number, irqNs: number, dl: 0 | 1, page: NaivePage, fault: NaiveFault, action: Answer): void {
    const { params, hit } = this.run;
    const effect = t + irqNs;
    if (action === 'exit-to-userspace' && params.afterExit === 'stop') {
      hit(18, 'afterExit stop');
      this.stall('exit', effect, this.time('exitNs'));
      this.stopForSession(t, fault);
      return;
    }
    this.open(t, { ...fault, kind: 'irq-latency', start: t, end: effect, holds: (x) => t <= x && x < effect });
    if (dl) this.debt = { ...fault, left: params.tornRecords };
    const bring = (): void => {
      if (action === 'repin') {
        this.pin(effect, this.pages, false);
        return;
      }
      if (page.gone) hit(18, 'page gone at the effect');
      else page.makeValid();
      if (action === 'map') this.stall('map', effect, this.time('walkNsPerPage') + this.time('mapNs'));
      else this.stall('exit', effect, this.time('exitNs'));
    };
    this.effects.push({ t: effect, bring });
  }

  /** Rules 20, 21 and 24. */
  protected inject(sample: NaiveSample, irqNs: number, hardwareDl: 0 | 1, fault: NaiveFault): void {
    const { policy, params, hit } = this.run;
    const { t } = sample;
    const unaware = fault.action === 'serror';
    const asked = params.injectDl === 'policy' ? policy.injectDl : params.injectDl;
    const dl = unaware ? 0 : asked === 'hardware' ? hardwareDl : asked;
    const reaction = unaware ? 'linux' : params.guestReaction;
    if (unaware) hit(21, 'survives');
    const injectNs = this.time('injectNs');
    this.stall('inject', t + irqNs, injectNs);
    const sessionStart = (from: number) => this.sessions.find((s) => s.start >= from)?.start ?? Infinity;
    const h = t + irqNs + injectNs + this.time('guestHandlerNs');
    let until = Infinity;
    if (reaction === 'discard-session') until = sessionStart(h);
    else if (dl) until = h + this.time('reenableNs');
    else if (this.bound === 'task-bound') until = sessionStart(h);
    if (!unaware) hit(20, reaction === 'discard-session' ? reaction : dl ? 'DL 1' : `DL 0, ${this.bound}`);
    if (!unaware) this.discard(sample, dl, fault);
    if (dl) {
      const readAt = h + this.time('readNs');
      for (const s of this.samples) if (s.landed && s.readAt === Infinity) s.readAt = readAt;
    }
    this.since = sample.index + 1;
    this.debt.left = 0;
    this.open(t, { ...fault, kind: 'session-killed', start: t, end: until, holds: (x) => t <= x && x < until });
    const session = this.sessions.find((s) => s.end >= until);
    this.stopped = { at: session ? Math.max(until, session.start) : Infinity, restart: true };
  }

  /** Rule 24. */
  protected discard(sample: NaiveSample, dl: 0 | 1, fault: NaiveFault): void {
    const { params, hit } = this.run;
    const session = sample.session!;
    let taken: NaiveSample[] = [];
    if (params.guestReaction === 'discard-session') taken = this.samples.filter((s) => s.session === session);
    else if (
      (params.dlDiscard === 'buffer' && dl === 1) ||
      (params.dlDiscard === 'abort' && fault.action === 'external-abort')
    ) {
      taken = this.samples.slice(this.since);
    }
    taken = taken.filter((s) => s.fate === 'kept');
    if (!taken.length) return;
    if (params.guestReaction === 'discard-session') hit(24, 'session');
    else hit(24, params.dlDiscard === 'buffer' ? 'buffer' : 'abort');
    take(session, taken, sample.t, { ...fault, kind: 'discarded' }, hit);
  }
}
