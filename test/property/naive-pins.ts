/** Pins and enables of the naive simulator: rules 8 to 11 of docs/design/replay-rules.md. */
import { NaiveLaneState, PAGE } from './naive-lane.ts';
import type { NaiveFault } from './naive-lane.ts';
import type { NaivePage } from './naive-pages.ts';

export class NaivePins extends NaiveLaneState {
  protected pin(t: number, asked: readonly NaivePage[], atEnable: boolean): void {
    const { cached, pins, releases } = this.toPin(asked, atEnable);
    if (cached) this.run.hit(8, 'cachePins leaves pages alone');
    const walk = pins.length ? this.time('walkNsPerPage') : 0;
    const pin = pins.length ? this.time('pinNsPerPage') : 0;
    const unpin = releases.length ? this.time('unpinNsPerPage') : 0;
    if (releases.length) this.run.hit(8, 'releases');
    this.stall('unpin', t, releases.length * unpin);
    for (const page of releases) page.release();
    this.stall('pin', t, pins.length * (walk + pin));
    for (const page of pins) page.makePinned();
    if (pins.length) this.run.hit(8, 'pins');
  }

  protected toPin(asked: readonly NaivePage[], atEnable: boolean) {
    const there = asked.filter((p) => !p.gone);
    if (there.length < asked.length) this.run.hit(8, 'gone pages left out');
    if (!atEnable || !this.run.policy.cachePins) return { pins: there, releases: this.held, cached: false };
    const pins = there.filter((p) => !(p.pinned && p.valid));
    return { pins, releases: pins.filter((p) => p.held), cached: pins.length < there.length };
  }

  protected enable(t: number, restart: boolean): void {
    const { policy, params, hit } = this.run;
    hit(11, restart ? 'restart' : 'enable');
    const traps = policy.trapsPerEnable ?? params.trapsPerEnable;
    if (traps > 0) this.stall('trap', t, traps * this.time('trapNs'));
    hit(9, policy.trapsPerEnable === undefined ? "the run's traps" : "the policy's traps");
    if (policy.pin === 'enable') {
      const headToLimit = this.pagesOf({ ptr: this.ptr, size: this.limit - this.ptr });
      if (this.isRefused(headToLimit)) this.refuse(t);
      else this.pin(t, headToLimit, true);
    } else if (restart && (policy.pin === 'vm' || policy.pin === 'first-fault')) {
      hit(9, 'restart pins all');
      this.pin(t, this.pages, true);
    }
  }

  protected isRefused(asked: readonly NaivePage[]): boolean {
    const { rlimitBytes } = this.run.params;
    const { pins, releases } = this.toPin(asked, true);
    if (rlimitBytes === 'none' || !pins.length) return false;
    const after = new Set([...this.held.filter((p) => !releases.includes(p)), ...pins]);
    return after.size * PAGE * this.run.lanes > rlimitBytes;
  }

  protected refuse(t: number): void {
    this.run.hit(10, 'refused');
    this.refused++;
    this.stall('exit', t, this.time('exitNs'));
    this.stopForSession(t, { cause: null, page: null, action: 'exit-to-userspace' });
  }

  /** Black to the session's end; enabled at the next one's start. */
  protected stopForSession(t: number, fault: NaiveFault): void {
    const session = this.sessions.find((s) => s.start <= t && t <= s.end)!;
    const start = Math.max(t, ...this.blackouts.filter((b) => b.end > t).map((b) => b.end));
    if (start > t) this.run.hit(10, 'refused behind a blackout');
    const next = this.sessions.find((s) => s.start > t)?.start ?? Infinity;
    this.open(t, {
      ...fault,
      kind: 'session-killed',
      start,
      end: session.end,
      holds: (x) => start <= x && x <= session.end,
    });
    this.stopped = { at: next, restart: false };
  }

  /** Rule 11: the restart of a stopped lane if this is its moment. */
  protected restart(t: number): void {
    if (!this.stopped || this.stopped.at > t) return;
    const { restart } = this.stopped;
    if (restart && this.sessions.some((s) => s.start === t)) this.run.hit(11, 'restart between sessions');
    this.stopped = undefined;
    this.enable(t, restart);
  }
}
