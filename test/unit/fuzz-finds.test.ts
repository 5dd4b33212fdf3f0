/** Every input on which the fuzzer once found a bug (`npm run fuzz`): read, or refused in words. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { mutate } from '../fuzz/mutate.ts';
import { Random } from '../fuzz/random.ts';
import { seeds } from '../fuzz/seeds.ts';
import { kinds, Targets } from '../fuzz/targets.ts';

const folder = fileURLToPath(new URL('../fixtures/fuzz/', import.meta.url));
const finds = existsSync(folder)
  ? readdirSync(folder).filter((name) => kinds.some((k) => name.startsWith(`${k}-`)))
  : [];
const targets = new Targets(tmpdir());
afterAll(() => targets.close());

describe('fuzz', () => {
  it.each(finds)('%s is read or refused', (name) => {
    const kind = kinds.find((k) => name.startsWith(`${k}-`))!;
    expect(() => targets.run(kind, new Uint8Array(readFileSync(join(folder, name))))).not.toThrow();
  });

  it('begins with traces whose stage 2 is reconstructed, and with every kind of input', () => {
    const all = seeds();
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(kinds));
    const small = all.filter(({ kind, bytes }) => kind === 'capture' && bytes.length < 40_000);
    const reached = small.filter(({ kind, bytes }) => targets.run(kind, bytes).stage2 > 0);
    expect(reached.length).toBeGreaterThan(1);
  });

  it('changes inputs the same way for the same seed', () => {
    const [a, b] = [Buffer.from('kvm_entry: PC: 0x1000\nkvm_exit: ret 1\n'), Buffer.from('x y\n')];
    const run = () => {
      const random = new Random(7);
      return Array.from({ length: 50 }, () => Buffer.from(mutate(a, b, random)).toString('latin1'));
    };
    expect(run()).toEqual(run());
    expect(new Set(run()).size).toBeGreaterThan(20);
  });
});
