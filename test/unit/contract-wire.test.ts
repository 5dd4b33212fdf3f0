import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, WireError } from '../../core/contract/wire.ts';

const arrays = fc.oneof(
  fc.uint8Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array({ noNaN: true }),
  fc.bigUint64Array(),
);

/** A message whose leaves may be typed arrays, with names that would confuse a codec that uses marker objects. */
const messages = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    arrays,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('arrays', 'message', 'path', 'constructor')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

function overTheWire(message: unknown): unknown {
  const frame = encodeFrame(message);
  return decodeFrame(typeof frame === 'string' ? frame : frame.buffer);
}

describe('contract-wire', () => {
  it('carries any message, typed arrays with their type and bits', () => {
    fc.assert(fc.property(messages, (message) => void expect(overTheWire({ message })).toEqual({ message })));
  });

  it('sends text when there is nothing binary, and aligned arrays when there is', () => {
    expect(encodeFrame({ type: 'cancel', id: 1 })).toBe('{"type":"cancel","id":1}');
    const t = new BigUint64Array([0n, 2n ** 64n - 1n, 2n ** 53n + 1n]);
    const back = overTheWire({ rows: [{ t, cpu: new Uint8Array([7]) }] }) as { rows: { t: BigUint64Array }[] };
    expect(back.rows[0].t).toEqual(t);
    expect(back.rows[0].t.byteOffset % 8).toBe(0);
  });

  it('takes a view of a larger buffer as that view alone', () => {
    const whole = new Float64Array([1, 2, 3, 4]);
    expect(overTheWire([whole.subarray(1, 3)])).toEqual([new Float64Array([2, 3])]);
  });

  /** A binary frame with this header, and 8 bytes for arrays. */
  function frame(header: unknown): ArrayBuffer {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const bytes = new Uint8Array(Math.ceil((4 + json.length) / 8) * 8 + 8);
    new DataView(bytes.buffer).setUint32(0, json.length, true);
    bytes.set(json, 4);
    return bytes.buffer;
  }

  it.each([
    ['text that is no JSON', '{"a":'],
    ['an empty frame', new ArrayBuffer(0)],
    ['a header longer than its frame', new Uint8Array([255, 255, 255, 127, 1]).buffer],
    ['no list of arrays', frame({ message: null })],
    ['an unknown type', frame({ message: null, arrays: [{ path: [], type: 'Function', at: 0, length: 1 }] })],
    ['an inherited name as type', frame({ message: null, arrays: [{ path: [], type: 'toString', at: 0, length: 1 }] })],
    ['an array past the end', frame({ message: null, arrays: [{ path: [], type: 'Uint8Array', at: 0, length: 9 }] })],
    ['a negative place', frame({ message: null, arrays: [{ path: [], type: 'Uint8Array', at: -8, length: 1 }] })],
    ['an unaligned place', frame({ message: null, arrays: [{ path: [], type: 'Uint8Array', at: 1, length: 1 }] })],
    [
      'a place that holds something',
      frame({ message: { a: 1 }, arrays: [{ path: ['a'], type: 'Uint8Array', at: 0, length: 1 }] }),
    ],
    [
      'a path into a prototype',
      frame({ message: {}, arrays: [{ path: ['__proto__', 'x'], type: 'Uint8Array', at: 0, length: 1 }] }),
    ],
  ])('refuses %s', (_what, bad) => {
    expect(() => decodeFrame(bad)).toThrow(WireError);
  });

  it('refuses any other bytes as a WireError, never otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeFrame(bytes.slice().buffer);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});
