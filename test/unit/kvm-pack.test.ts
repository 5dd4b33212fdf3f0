import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvmEvents, KvmKind } from '../../core/model/kvm-events.ts';
import { kindsOf, packedBytes, packEvents, unpackEvents } from '../../core/model/kvm-pack.ts';

const event = fc.record({
  // Damaged traces go back.
  step: fc.oneof(fc.nat(70_000), fc.nat(2 ** 40), fc.integer({ min: -(2 ** 40), max: -1 })),
  tid: fc.oneof(fc.nat(70_000), fc.constant(-1)),
  cpu: fc.nat(600),
  kind: fc.constantFrom(...Object.values(KvmKind)),
  page: fc.oneof(fc.constant(0), fc.nat(2 ** 52)),
  end: fc.oneof(fc.constant(0), fc.nat(2 ** 52)),
  word: fc.oneof(fc.nat(300), fc.nat(0xffff_ffff)),
  other: fc.option(fc.nat(2 ** 53 - 1), { nil: undefined }),
  flags: fc.option(fc.nat(255), { nil: undefined }),
});

function rows(events: KvmEvents): unknown[] {
  return Array.from({ length: events.n }, (_, i) => [
    ...[events.t[i], events.tid[i], events.cpu[i], events.kind[i], events.word[i]],
    ...[events.page(i), events.end(i), events.other(i), events.flags(i)],
  ]);
}

describe('packed events', () => {
  it('come out as they went in, into whatever was there before', () => {
    const into = new KvmEvents();
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (list) => {
        const events = new KvmEvents();
        let t = 0;
        for (const e of list) {
          const i = events.push((t += e.step), e.tid, e.cpu, e.kind, e.page, e.end, e.word);
          if (e.other !== undefined) events.setOther(i, e.other);
          if (e.flags !== undefined) events.setFlags(i, e.flags);
        }
        const packed = packEvents(events);
        expect(packed.kinds).toBe(list.reduce((bits, e) => bits | (1 << e.kind), 0));
        unpackEvents(packed, into);
        expect(rows(into)).toEqual(rows(events));
      }),
    );
  });

  it('take 7 bytes each when they name no page', () => {
    const events = new KvmEvents();
    for (let i = 0; i < 10_000; i++) events.push(12_500 * i, 4711 + (i & 3), i & 1, KvmKind.EXIT, 0, 0, 0x24);
    expect(packedBytes(packEvents(events))).toBe(70_000);
  });

  it('tell kinds from an event on', () => {
    const events = new KvmEvents();
    for (const kind of [KvmKind.ENTRY, KvmKind.IOCTL, KvmKind.EXIT]) events.push(0, 1, 0, kind);
    expect(kindsOf(events, 1)).toBe((1 << KvmKind.IOCTL) | (1 << KvmKind.EXIT));
  });
});
