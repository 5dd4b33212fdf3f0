/** Guest time: when a VM's vCPUs run, and the page-time that counts only then. */
import { expect, test } from 'vitest';
import { KvmKind } from '../../core/model/kvm-events.ts';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { guestClock } from '../../core/model/stage2/guest-clock.ts';
import { Rows } from '../../core/model/stage2/rows.ts';
import { description, RAM, Trace, VCPU, VCPU2, VMM } from './stage2-trace.ts';

const exit = (trace: Trace, tid = VCPU): Trace => trace.push(tid, KvmKind.EXIT);
const readings = (trace: Trace, ...at: number[]): number[] => at.map(guestClock(trace.events, description(), 0));

test('passes between a kvm_entry and its kvm_exit only', () => {
  const trace = exit(new Trace().enter().wait(2000)).enter().wait(4000);
  exit(trace).ioctl(0);
  expect(readings(trace, 0, 1000, 2000, 4000, 4500, 5000, 6000, 10_000, 99_000)).toEqual([
    0, 0, 1000, 3000, 3000, 3000, 4000, 8000, 8000,
  ]);
});

test('of two vCPUs passes while either runs, once', () => {
  const trace = new Trace().enter().enter(VCPU2);
  exit(exit(trace), VCPU2);
  expect(readings(trace, 1000, 2000, 3000, 4000)).toEqual([0, 1000, 2000, 3000]);
});

test('leaves out runs of other VMs, those without both ends, and those in which events were lost', () => {
  const stranger = exit(new Trace().enter(VMM + 50), VMM + 50);
  expect(readings(stranger, 5000)).toEqual([0]);
  expect(readings(exit(new Trace()).enter(), 5000)).toEqual([0]);
  const lost = exit(new Trace().enter().push(VMM, KvmKind.LOST)).enter();
  expect(readings(exit(lost), 3000, 4000, 5000)).toEqual([0, 0, 1000]);
});

test('unknown page-time by guest time: what passes while the guest stands still doesn’t count', () => {
  const trace = exit(exit(new Trace().enter().wait(3000)).wait(6000).enter());
  const claimed = new Rows();
  claimed.add('unknown', 4000, RAM, 1, 'memslot-ioctl');
  claimed.add('map', 11_000, RAM, 1, 'fault', undefined, true);
  const actual = new Rows();
  actual.add('map', 0, RAM, 1, 'table-call', undefined, true);
  const { span } = trace.events;
  const [timeline, truth] = [claimed.finish(0n, span, false), actual.finish(0n, span, true)];
  const ranges = [{ page: RAM, pages: 1 }];
  expect(measureAccuracy(timeline, truth, ranges).unknown).toBeCloseTo(7000 / span);
  const guest = measureAccuracy(timeline, truth, ranges, guestClock(trace.events, description(), 0));
  // It runs from 1 to 5 µs and from 12 to 13 µs.
  expect(guest).toMatchObject({ valid: 1, unknown: 1000 / 5000, pageSeconds: 5e-6 });
});
