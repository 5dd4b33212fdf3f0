/** Names that refer to their own parts (Itanium C++ ABI 5.1.9, Rust RFC 2603): a few hundred characters stand for gigabytes. */
import { describe, expect, it } from 'vitest';
import { createDemangler } from '../../core/lab/symbols/demangle.ts';

/** `a<a<…>, a<…>>`: each template argument is the one before, twice. */
function doubled(times: number): string {
  const part = (n: number): string => (n ? `S${(n - 1).toString(36).toUpperCase()}_` : 'S_');
  return `_Z1f1aIiiE${Array.from({ length: times }, (_, i) => `S_I${part(i + 1)}${part(i + 1)}E`).join('')}`;
}

describe('names', () => {
  it('of C++ and Rust', () => {
    const plain = createDemangler();
    expect(plain('_ZN3foo3barEv')).toBe('foo::bar()');
    expect(plain('_RNvC1a1f')).toBe('a::f');
    expect(plain(doubled(2))).toBe(
      'f(a<int, int>, a<a<int, int>, a<int, int> >, a<a<a<int, int>, a<int, int> >, a<a<int, int>, a<int, int> > >)',
    );
  });

  it('that would be too long stay as they are, and don’t keep others from being read', () => {
    const plain = createDemangler();
    for (const times of [14, 20, 30]) expect(plain(doubled(times))).toBe(doubled(times));
    expect(plain('_ZN3foo3barEv')).toBe('foo::bar()');
  });

  it('are no longer read after many of those', () => {
    const plain = createDemangler();
    for (let i = 0; i < 64; i++) plain(doubled(12));
    expect(plain('_ZN3foo3barEv')).toBe('_ZN3foo3barEv');
  });
});
