/** Files and requests that must fail, and the line they must fail with. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pair, temporaryFolder, umbra, umbraJson } from './umbra.ts';

const perf = readFileSync(pair.spe);

/** Name, content (nothing: no such file), and what stderr must say. */
const files: [string, Uint8Array | string | undefined, RegExp][] = [
  ['missing.data', undefined, /missing\.data: no such file$/],
  ['empty.data', '', /empty\.data: is empty$/],
  [
    'noise.bin',
    'just some words\n',
    /noise\.bin: is text, but no line of it is an event .*it begins 'just some words'/,
  ],
  ['head.data', perf.subarray(0, 60), /head\.data: byte \d+: /],
  ['big-endian.data', Buffer.concat([Buffer.from('2ELIFREP'), perf.subarray(8)]), /big.endian/i],
  ['no-spe.data', withoutAuxtrace(), /no-spe\.data: .*perf record -e arm_spe_0/],
  ['no-events.dat', readFileSync(pair.kvm).subarray(0, 400), /no-events\.dat: /],
];

/** The capture with its AUXTRACE_INFO and AUXTRACE records' types changed to an unknown one. */
function withoutAuxtrace(): Uint8Array {
  const bytes = Buffer.from(perf);
  const start = Number(bytes.readBigUInt64LE(40));
  const end = start + Number(bytes.readBigUInt64LE(48));
  for (let at = start; at + 8 <= end;) {
    const type = bytes.readUInt32LE(at);
    const size = bytes.readUInt16LE(at + 6);
    const payload = type === 71 ? Number(bytes.readBigUInt64LE(at + 8)) : 0;
    if (type === 70) bytes.writeUInt32LE(200, at);
    if (type === 71) return Buffer.concat([bytes.subarray(0, 48), u64(at - start), bytes.subarray(56, at)]);
    at += size + payload;
  }
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

describe('bad files', () => {
  it.each(files)('%s: one line, exit 1, no lab file', (name, content, line) => {
    const folder = temporaryFolder();
    const file = join(folder, name);
    if (content !== undefined) writeFileSync(file, content);
    const ran = umbra('import', file, '--db', join(folder, 'lab.umbra'));
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(ran.stderr.trimEnd()).toMatch(line);
    expect(ran.stderr).not.toMatch(/internal error/);
    expect(ran.code).toBe(1);
    expect(existsSync(join(folder, 'lab.umbra'))).toBe(false);
  });

  it('leaves a lab file byte for byte as it was when one of several files is bad', () => {
    const folder = temporaryFolder();
    const db = join(folder, 'lab.umbra');
    expect(umbra('import', pair.kvm, '--db', db).code).toBe(0);
    const before = readFileSync(db);
    writeFileSync(join(folder, 'noise.bin'), 'noise');
    expect(umbra('import', pair.spe, join(folder, 'noise.bin'), '--db', db).code).toBe(1);
    expect(readFileSync(db).equals(before)).toBe(true);
  });

  it('keeps what a truncated capture holds, and says what is missing', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'cut.perf.data');
    writeFileSync(file, perf.subarray(0, 900_000));
    const { captures } = umbraJson<{
      captures: { samples: number; warnings: { message: string; offset?: number }[] }[];
    }>(...['import', file, '--db', join(folder, 'lab.umbra')]);
    expect(captures[0].samples).toBeGreaterThan(10_000);
    expect(captures[0].samples).toBeLessThan(24_000);
    expect(captures[0].warnings.some((w) => w.offset !== undefined)).toBe(true);
  });
});

describe('bad requests', () => {
  const requests: [string, string[], number, RegExp][] = [
    ['no command', ['frobnicate'], 2, /no command 'frobnicate'/],
    ['unknown option', ['captures', '--db', 'x', '--frob'], 2, /--frob/],
    ['missing option', ['captures'], 2, /--db LAB is missing/],
    ['no lab file', ['captures', '--db', '/nonexistent/x.umbra'], 1, /no such lab file/],
    [
      'an option twice as a number',
      ['replay', '--db', 'x', '--spe', 'one', '--kvm', '2'],
      2,
      /--spe takes a whole number/,
    ],
    [
      'a report of unknown form',
      ['run', pair.spe, pair.kvm, '-o', 'report.doc'],
      1,
      /report\.doc: reports are written as/,
    ],
    ['two traces', ['run', pair.kvm, pair.kvm, '-o', '/tmp/never.html'], 1, /one must be an SPE capture/],
    [
      'an unknown policy',
      ['run', pair.spe, pair.kvm, '-o', '/tmp/never.html', '--policy', 'hope'],
      1,
      /unknown policy 'hope'/,
    ],
    [
      'an unknown parameter',
      ['run', pair.spe, pair.kvm, '-o', '/tmp/never.html', '--set', 'irq=1'],
      1,
      /unknown parameter irq/,
    ],
    [
      'a wrong value',
      ['run', pair.spe, pair.kvm, '-o', '/tmp/never.html', '--set', 'irqNs=-1'],
      1,
      /irqNs wants a whole number of ns/,
    ],
    [
      'clocks that never meet',
      ['run', pair.spe, pair.kvm, '-o', '/tmp/never.html', '--align', 'absolute'],
      1,
      /don't overlap on one clock/,
    ],
  ];

  it.each(requests)('%s', (_, args, code, line) => {
    const ran = umbra(...args);
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(ran.stderr).toMatch(line);
    expect(ran.code).toBe(code);
  });

  it('names the field of a VM description that is wrong', () => {
    const folder = temporaryFolder();
    const vm = join(folder, 'vm.json');
    writeFileSync(vm, readFileSync(pair.vm, 'utf8').replace('"0x800000"', '"8 MiB"'));
    const ran = umbra('import', pair.kvm, '--vm', vm, '--db', join(folder, 'lab.umbra'));
    expect(ran.stderr).toMatch(/vm\.json: vms\[0\]\.slots\[1\]\.size: /);
    expect(ran.code).toBe(1);
  });

  it('refuses to write through SQL, and a lab file that is none or newer', () => {
    const folder = temporaryFolder();
    const db = join(folder, 'lab.umbra');
    umbra('import', pair.kvm, '--db', db);
    expect(umbra('sql', '--db', db, 'delete from capture')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/never writes/),
    });
    const newer = join(folder, 'newer.umbra');
    copyFileSync(db, newer);
    const bytes = readFileSync(newer);
    bytes.writeUInt32BE(99, 60); // user_version
    writeFileSync(newer, bytes);
    expect(umbra('captures', '--db', newer)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/newer Umbra \(lab format 99/),
    });
    writeFileSync(
      newer,
      'no database at all, but long enough to be read as a header of one, or so one might think at first sight',
    );
    expect(umbra('captures', '--db', newer)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not a lab file/),
    });
    mkdirSync(join(folder, 'directory'));
    expect(umbra('inspect', join(folder, 'directory'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is a directory/),
    });
  });
});
