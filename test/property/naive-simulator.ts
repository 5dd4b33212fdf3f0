/**
 * The SPU, KVM and the guest on one lane, one sample at a time: rules 4 to 25 and 30 of docs/design/replay-rules.md, written from
 * that text alone, to be compared with core/model. Slow and plain on purpose. Here: rows, moments, samples.
 */
import { NaiveFaults } from './naive-faults.ts';
import { applyRow, wipes } from './naive-pages.ts';
import type { NaiveRow } from './naive-pages.ts';
import { isEmpty, lose, runsOf, take } from './naive-windows.ts';
import type { NaiveSample } from './naive-windows.ts';

export class NaiveLane extends NaiveFaults {
  // Rows: rules 5, 6, 23.

  row(row: NaiveRow): void {
    const { policy, params, runEnd, hit } = this.run;
    const inRange = this.pages.filter((p) => row.first <= p.number && p.number < row.first + row.pages);
    const reached = inRange.filter((p) => applyRow(p, row, policy, params, hit));
    if (!reached.length || row.t > runEnd || !wipes(row, params)) return;
    const inReach = (s: NaiveSample) => this.pagesOf(s).find((p) => reached.includes(p));
    const unread = this.samples.filter((s) => s.fate === 'kept' && s.landed && inReach(s) && !this.isRead(s, row.t));
    const runs = runsOf(this.sessions, unread);
    if (runs.length > 1) hit(23, 'several runs');
    for (const [session, run] of runs) {
      hit(23, session.end < row.t ? 'wiped, earlier session' : 'wiped');
      const page = inReach(run[0])!.number;
      take(session, run, run.at(-1)!.t, { kind: 'wiped', cause: row.cause, page, action: null }, hit);
    }
  }

  /** Rule 15. */
  protected isRead(sample: NaiveSample, t: number): boolean {
    const overwritten = this.written - sample.from > this.bytes;
    if (overwritten) this.run.hit(15, 'overwritten');
    if (sample.readAt <= t) this.run.hit(15, 'read');
    return overwritten || sample.readAt <= t;
  }

  // One moment, in the order of rule 1.

  enables(t: number): void {
    const session = this.sessions.find((s) => s.start === t);
    if (session) {
      for (const b of this.blackouts)
        if (b.end >= t && b.start <= session.end) {
          this.run.hit(26, 'blackout over several sessions');
          b.window = session.open(b);
        }
      if (!this.started && this.run.params.guestZeroes) {
        this.run.hit(4, 'guest zeroes');
        for (const page of this.pages) {
          if (page.gone) this.run.hit(4, 'but for gone pages');
          else page.makeValid();
        }
      }
      this.started = true;
    }
    if (this.stopped && session && this.stopped.at > t) this.run.hit(11, 'no enable while stopped');
    if (this.stopped) this.restart(t);
    else if (session) this.enable(t, false);
  }

  take(t: number): void {
    const now = this.samples.filter((s) => s.t === t && s.session);
    for (const sample of now) {
      const dark = this.blackouts.find((b) => b.holds(t));
      if (dark) {
        sample.session!.track.push(sample);
        lose(sample, dark.window!);
      } else this.write(sample);
      if (this.effects.some((e) => e.t === t)) this.run.hit(1, 'effect at its own sample');
      this.bringEffects(t);
      this.restart(t);
    }
    this.openLate(t);
  }

  ends(t: number): void {
    if (!this.sessions.some((s) => s.end === t)) return;
    if (this.isPrivate && this.fill) {
      this.run.hit(14, 'copy at session end');
      this.copy(t);
    }
    this.since = this.samples.filter((s) => s.t <= t).length;
  }

  // Samples: rules 12 to 14 and 19.

  protected write(sample: NaiveSample): void {
    const { hit } = this.run;
    const limit = this.limit;
    const end = this.ptr + sample.size;
    const looked = this.run.policy.pin === 'enable' ? Math.min(end, limit) : end;
    if (looked < end) hit(12, 'beyond the limit');
    sample.ptr = this.ptr;
    sample.from = this.written;
    const bad = this.pagesOf({ ptr: this.ptr, size: looked - this.ptr }).find((p) => !p.valid);
    if (bad && !this.isPrivate) {
      this.fault(sample, bad);
      return;
    }
    hit(12, sample.size ? 'written' : 'record of 0 bytes');
    this.written += sample.size;
    this.ptr = end % this.bytes;
    if (this.debt.left > 0) this.tear(sample);
    else {
      sample.fate = 'kept';
      sample.session!.track.push(sample);
    }
    if (this.isPrivate) this.fill += sample.size;
    else sample.landed = true;
    if (this.isPrivate && this.fill >= this.run.params.privateBytes) {
      hit(14, 'copy');
      this.opening.push({ kind: 'copy-out', ns: this.time('irqNs') });
      this.copy(sample.t);
    }
    if (sample.size > this.bytes) hit(13, 'record longer than the buffer');
    if (end >= limit) this.service(sample.t, sample.index);
  }

  protected tear(sample: NaiveSample): void {
    this.run.hit(19, 'torn');
    if (!sample.session!.track.some((e) => e.is === 'sample')) this.run.hit(19, 'debt of an earlier session');
    this.debt.left--;
    const { track } = sample.session!;
    const before = track.filter((e) => e.is === 'sample' || !isEmpty(e)).at(-1);
    if (before?.is === 'sample' && before.fate === 'torn') {
      this.run.hit(19, 'torn window lengthened');
      before.window!.end = sample.t;
      track.push(sample);
      lose(sample, before.window!);
      return;
    }
    const { cause, page, action } = this.debt;
    const window = sample.session!.open({ kind: 'torn', start: sample.t, end: sample.t, cause, page, action });
    track.push(sample);
    lose(sample, window);
  }

  protected service(t: number, index: number): void {
    this.run.hit(13, 'service point');
    const refused = this.refused;
    this.wake(t);
    this.since = index + 1;
    this.opening.push({ kind: 'buffer-full', ns: this.time('fullExtraNs') });
    this.enable(t, false);
    if (this.refused > refused) this.run.hit(10, 'refused at a service point');
  }

  protected wake(t: number): void {
    const readAt = t + this.time('readNs');
    for (const s of this.samples) if (s.landed && s.readAt === Infinity) s.readAt = readAt;
  }

  protected copy(t: number): void {
    this.stall('copy', t, this.fill / this.time('copyBytesPerNs'));
    this.fill = 0;
    const copied = this.samples.filter((s) => s.fate === 'kept' && !s.landed);
    for (const sample of copied) sample.landed = true;
    const gonePage = (s: NaiveSample) => this.pagesOf(s).find((p) => p.gone);
    const failed = copied.filter(gonePage);
    for (const [session, run] of runsOf(this.sessions, failed)) {
      this.run.hit(14, 'copy-failed');
      const { cause, number } = gonePage(run[0])!;
      take(session, run, run.at(-1)!.t, { kind: 'copy-failed', cause, page: number, action: null }, this.run.hit);
    }
  }
}
