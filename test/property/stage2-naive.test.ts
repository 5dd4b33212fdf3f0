/** A tiny KVM: true page states, and the events that the kernel would emit. The reconstruction must find the states again. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KvmEvents, KvmIoctl, KvmKind } from '../../core/model/kvm-events.ts';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { nextState, PageState } from '../../core/model/stage2/page-states.ts';
import { reconstruct } from '../../core/model/stage2/reconstruct.ts';
import { Rows } from '../../core/model/stage2/rows.ts';
import { summarise } from '../../core/model/stage2/summary.ts';
import {
  description,
  HVA,
  KSMD,
  PERMISSION,
  RAM,
  READ,
  Trace,
  TRANSLATION,
  VCPU,
  VCPU2,
  VMM,
  WRITE,
} from '../unit/stage2-trace.ts';

const PAGES = 12;

type Step =
  | { kind: 'touch'; page: number; write: boolean; second: boolean; retries: number }
  | { kind: 'unmap'; page: number; pages: number; ksm: boolean }
  | { kind: 'merge'; page: number }
  | { kind: 'progress' | 'dirty-log' | 'memslot' };

const page = fc.nat(PAGES - 1);
const exactSteps: fc.Arbitrary<Step>[] = [
  fc.record({
    kind: fc.constant('touch'),
    page,
    write: fc.boolean(),
    second: fc.boolean(),
    retries: fc.nat(2),
  }) as fc.Arbitrary<Step>,
  fc.record({
    kind: fc.constant('unmap'),
    page,
    pages: fc.integer({ min: 1, max: 5 }),
    ksm: fc.boolean(),
  }) as fc.Arbitrary<Step>,
  fc.record({ kind: fc.constant('merge'), page }) as fc.Arbitrary<Step>,
  fc.constant<Step>({ kind: 'progress' }),
];

class NaiveKvm {
  readonly trace = new Trace();
  readonly truth = new Rows();
  readonly state = new Uint8Array(PAGES);
  /** Moments at which the guest used a page: page, whether it wrote, ns. */
  readonly uses: [page: number, write: boolean, t: number][] = [];
  #hasTable = false;
  #isLogging = false;

  constructor() {
    this.trace.create();
    this.truth.add('initial-unmapped', 0, RAM, 2048, 'vm-created');
    this.trace.enter(VCPU).enter(VCPU2);
  }

  step(step: Step): void {
    if (step.kind === 'touch') this.#touch(step.page, step.write, step.second ? VCPU2 : VCPU, step.retries);
    else if (step.kind === 'unmap') this.#unmap(step.page, step.pages, step.ksm);
    else if (step.kind === 'merge') this.#merge(step.page);
    else if (step.kind === 'progress') this.trace.progress();
    else if (step.kind === 'dirty-log') this.#fetchLog();
    else this.#memslot();
  }

  #touch(p: number, write: boolean, tid: number, retries: number): void {
    const needs = write ? PageState.WRITABLE : PageState.READ_ONLY;
    while (this.state[p] < needs) {
      const fsc = (this.state[p] === PageState.UNMAPPED ? TRANSLATION : PERMISSION) | 3;
      this.trace.touch(RAM + p, fsc, tid, write ? WRITE : READ);
      if (retries-- > 0) continue;
      this.#hasTable = true;
      // Under dirty logging only a write makes a page writable (user_mem_abort).
      const writable = write || !this.#isLogging;
      this.state[p] = writable ? PageState.WRITABLE : PageState.READ_ONLY;
      this.truth.add('map', this.trace.t, RAM + p, 1, 'fault', undefined, writable);
    }
    // The guest runs on: whatever stopped it, it got past this instruction.
    this.uses.push([p, write, this.trace.t]);
    this.trace.progress(tid);
  }

  #unmap(p: number, pages: number, ksm: boolean): void {
    const n = Math.min(pages, PAGES - p);
    if (ksm) this.trace.unmap(RAM + p, n, KSMD);
    else this.trace.madvise(RAM + p, n);
    this.truth.add('unmap', this.trace.t, RAM + p, n, 'unmap-hva', 'host-mm');
    this.state.fill(PageState.UNMAPPED, p, p + n);
  }

  #merge(p: number): void {
    this.#unmap(p, 1, true);
    this.trace.push(KSMD, KvmKind.SET_SPTE, HVA + p);
    if (!this.#hasTable) return;
    this.state[p] = PageState.READ_ONLY;
    this.truth.add('map', this.trace.t, RAM + p, 1, 'set-spte-hva', 'host-mm', false);
  }

  #fetchLog(): void {
    this.trace.ioctl(KvmIoctl.GET_DIRTY_LOG);
    this.#isLogging = true;
    for (let p = 0; p < PAGES; p++) if (this.state[p] === PageState.WRITABLE) this.state[p] = PageState.READ_ONLY;
  }

  /** Deleted and restored. */
  #memslot(): void {
    this.trace.ioctl(KvmIoctl.SET_USER_MEMORY_REGION).wait(5000);
    this.state.fill(PageState.UNMAPPED);
    this.#hasTable = false;
    this.trace.push(VMM, KvmKind.CALL_EXIT).ioctl(KvmIoctl.SET_USER_MEMORY_REGION).push(VMM, KvmKind.CALL_EXIT);
  }
}

test('with events that tell all: the very states, at every moment', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(...exactSteps), { maxLength: 60 }), (steps) => {
      const kvm = new NaiveKvm();
      for (const step of steps) kvm.step(step);
      const { events } = kvm.trace;
      const { timelines } = reconstruct(events, description());
      const truth = kvm.truth.finish(0n, events.span, true);
      const accuracy = measureAccuracy(timelines[0], truth, [{ page: RAM, pages: PAGES }]);
      expect(accuracy).toMatchObject({ valid: 1, mapped: 1, missed: 0, false: 0, unknown: 0 });
    }),
    { numRuns: 300 },
  );
});

test('with ioctls that tell little: what the guest used was mapped, and writable for its writes', () => {
  const steps = fc.oneof(
    ...exactSteps,
    fc.constant<Step>({ kind: 'dirty-log' }),
    fc.constant<Step>({ kind: 'memslot' }),
  );
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (list) => {
      const kvm = new NaiveKvm();
      for (const step of list) kvm.step(step);
      const [timeline] = reconstruct(kvm.trace.events, description()).timelines;
      for (const [p, write, t] of kvm.uses) {
        let state: number = PageState.WRITABLE;
        for (let i = 0; i < timeline.n && timeline.t[i] <= t; i++) {
          const from = timeline.page[i];
          if (RAM + p >= from && RAM + p < from + timeline.pages[i]) state = nextState(timeline, i, state);
        }
        expect(state).toBeGreaterThanOrEqual(write ? PageState.WRITABLE : PageState.READ_ONLY);
      }
    }),
    { numRuns: 300 },
  );
});

test('any events at all give sorted rows within the trace, and shares that add up', () => {
  const event = fc.record({
    dt: fc.nat(1000),
    tid: fc.constantFrom(VCPU, VCPU2, VMM, KSMD, 7),
    cpu: fc.nat(2),
    kind: fc.nat(14),
    page: fc.oneof(
      fc.integer({ min: RAM - 4, max: RAM + 1030 }),
      fc.integer({ min: HVA - 4, max: HVA + 1030 }),
      fc.nat(),
    ),
    pages: fc.nat(600),
    word: fc.oneof(
      fc.constantFrom(...Object.values(KvmIoctl)),
      fc
        .constantFrom(TRANSLATION, TRANSLATION | 2, TRANSLATION | 3, PERMISSION | 2, PERMISSION | 3, 0x0b)
        .map((f) => (WRITE | f) >>> 0),
      fc.nat(0xff),
    ),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), fc.boolean(), (list, described) => {
      const events = new KvmEvents();
      let t = 0;
      for (const e of list) events.push((t += e.dt), e.tid, e.cpu, e.kind, e.page, e.page + e.pages, e.word);
      events.span = t;
      const { timelines } = reconstruct(events, described ? description() : undefined);
      for (const timeline of timelines) {
        for (let i = 0; i < timeline.n; i++) {
          expect(timeline.t[i]).toBeGreaterThanOrEqual(0);
          expect(timeline.t[i]).toBeLessThanOrEqual(t);
          expect(timeline.pages[i]).toBeGreaterThan(0);
          if (i > 0) expect(timeline.t[i]).toBeGreaterThanOrEqual(timeline.t[i - 1]);
        }
        const { certainty } = summarise(timeline, [{ page: RAM, pages: 2048 }]);
        if (t > 0) expect(certainty.observed + certainty.inferred + certainty.unknown).toBeCloseTo(1);
      }
    }),
    { numRuns: 500 },
  );
});
