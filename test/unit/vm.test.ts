import { describe, expect, test } from 'vitest';
import { parseVmDescription, VmDescriptionError } from '../../core/model/vm.ts';

const slot = { slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffffb0400000' };
const parse = (vm: object, more: object = {}): ReturnType<typeof parseVmDescription> =>
  parseVmDescription(JSON.stringify({ vms: [vm], ...more }));

test('addresses are hex strings, decimal strings or numbers, and exact over all 64 bits', () => {
  const { pageUnit, vms } = parse({
    pid: '7',
    slots: [{ ...slot, gpa: 2147483648, size: '8388608', hva: '0xfffffffffff000' }],
    vcpus: [{ vcpu: 0, tid: 8 }],
    buffers: [{ vcpu: 0, ipa: '0x80240000', size: '0x80000' }],
  });
  expect(pageUnit).toBe(1);
  expect(vms[0]).toEqual({
    pid: 7,
    slots: [{ slot: 1, page: 0x80000, pages: 0x800, hva: 0xfffffffffff, readonly: false }],
    vcpus: [{ vcpu: 0, tid: 8 }],
    buffers: [{ vcpu: 0, page: 0x80240, pages: 0x80 }],
  });
  expect(parse({ slots: [{ ...slot, hva: '0xfffffffff0000000' }] }).vms[0].slots[0].hva).toBe(0xfffffffff0000);
});

test('slots may share host memory', () => {
  expect(parse({ slots: [slot, { ...slot, slot: 2, gpa: '0xa0000000' }] }).vms[0].slots).toHaveLength(2);
});

describe('what is wrong is named', () => {
  test.each<[object, RegExp]>([
    [
      { slots: [slot, { ...slot, slot: 2, hva: 'nowhere' }] },
      /^vms\[0\]\.slots\[1\]\.hva: "nowhere" is not an address: write "0x…"/,
    ],
    [
      { slots: [{ ...slot, hva: 281474164097024000 }] },
      /^vms\[0\]\.slots\[0\]\.hva: .*too large for a JSON number: write it as a string/,
    ],
    [{ slots: [{ ...slot, gpa: -4096 }] }, /^vms\[0\]\.slots\[0\]\.gpa: /],
    [{ slots: [{ ...slot, size: 0 }] }, /^vms\[0\]\.slots\[0\]\.size: must not be 0/],
    [
      { slots: [{ ...slot, size: '0x1001' }] },
      /^vms\[0\]\.slots\[0\]\.size: 0x1001 is not a multiple of the page size 4096/,
    ],
    [{ slots: [{ ...slot, hva: '0xffffffffffff0000' }] }, /^vms\[0\]\.slots\[0\]\.size: runs past the end/],
    [{ slots: [slot, { ...slot, slot: 2, gpa: '0x80001000' }] }, /^vms\[0\]\.slots\[1\]\.gpa: slot 2 overlaps slot 1/],
    [{ slots: [{ slot: 1, gpa: 0, size: 4096 }] }, /^vms\[0\]\.slots\[0\]\.hva: write an address/],
    [{ vcpus: [{ vcpu: 0, tid: 1.5 }] }, /^vms\[0\]\.vcpus\[0\]\.tid: write a whole number/],
    [
      {
        vcpus: [
          { vcpu: 0, tid: 5 },
          { vcpu: 1, tid: 5 },
        ],
      },
      /^vms\[0\]\.vcpus\[1\]\.tid: thread 5 is also vms\[0\]\.vcpus\[0\]\.tid/,
    ],
  ])('%j', (vm, message) => {
    expect(() => parse(vm)).toThrow(message);
  });

  test('no JSON, no VMs, no such page size', () => {
    expect(() => parseVmDescription('{"vms":')).toThrow(/^not JSON: .*expected \{"vms": \[…\]\}/);
    expect(() => parseVmDescription('[]')).toThrow(VmDescriptionError);
    expect(() => parseVmDescription('{"vms":[]}')).toThrow('vms: name at least one VM');
    expect(() => parse({ slots: [slot] }, { pageSize: 8192 })).toThrow('pageSize: arm64 hosts have pages of');
  });
});
