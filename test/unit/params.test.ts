import { expect, test } from 'vitest';
import { ModelError } from '../../core/model/errors.ts';
import {
  defaultParams,
  paramNames,
  paramSpecs,
  parseParamsFile,
  parseSetting,
  setParams,
  storedParams,
} from '../../core/model/params.ts';
import type { ResolvedParams } from '../../core/model/params.ts';

const set = (values: Record<string, unknown>, base = defaultParams()): ResolvedParams =>
  setParams(base, values, 'user', '--set');

test('the defaults are those of the model, all assumed, and each is a value that its own reader takes', () => {
  const { params, origin } = defaultParams();
  expect(params).toMatchObject({
    irqNs: 1000,
    trapNs: 1500,
    walkNsPerPage: 200,
    mapNs: 1500,
    pinNsPerPage: 150,
    unpinNsPerPage: 60,
    injectNs: 2000,
    guestHandlerNs: 5000,
    reenableNs: 1_000_000,
    fullExtraNs: 3000,
    copyBytesPerNs: 5,
    bufferBytes: 4 * 2 ** 20,
    privateBytes: 2 ** 20,
    watermarkBytes: 'auto',
    dlProbability: 1,
    readNs: 1_000_000,
    exitNs: 50_000,
    trapsPerEnable: 2,
    rlimitBytes: 'none',
    tornRecords: 1,
    guestZeroes: true,
    guestSError: 'panic',
    profilingException: false,
    afterExit: 'resume',
    contentsKept: false,
    injectDl: 'policy',
    unpinnedBy: 'policy',
    dlDiscard: 'record',
    guestReaction: 'linux',
    spuFlagUpdates: true,
    initial: 'mapped',
    latency: 'median',
    calibrate: true,
    gapFactor: 20,
    gapMinNs: 10_000,
  });
  expect(new Set(Object.values(origin))).toEqual(new Set(['assumed']));
  for (const name of paramNames) expect(paramSpecs[name].read(params[name])).toEqual(params[name]);
  expect(setParams(defaultParams(), params, 'user', 'a run').params).toEqual(params);
});

test('text and JSON read alike', () => {
  const { params, origin } = set({ ...parseSetting('irqNs=1500'), ...parseSetting('bufferBytes = 64K'), seed: 7 });
  expect(params).toMatchObject({ irqNs: 1500, bufferBytes: 65536, seed: 7 });
  expect([origin.irqNs, origin.seed, origin.mapNs]).toEqual(['user', 'user', 'assumed']);
  expect(set({ calibrate: 'false', scale: '2.5', offsetNs: '-100' }).params).toMatchObject({
    calibrate: false,
    scale: 2.5,
    offsetNs: -100,
  });
  const buffers = [
    { lane: 0, ipa: '0x80240000', size: 524288 },
    { lane: 1, ipa: '0x80440000', size: 4096 },
  ];
  expect(set({ buffers: '0=0x80240000:512K,1=0x80440000:4096' }).params.buffers).toEqual(buffers);
  expect(set({ buffers }).params.buffers).toEqual(buffers);
  expect(set({ lanes: '0=0,3=1' }).params.lanes).toEqual([
    { cpu: 0, vcpu: 0 },
    { cpu: 3, vcpu: 1 },
  ]);
});

test("what was measured doesn't displace what the user set", () => {
  const user = set({ mapNs: 900 });
  const measured = setParams(user, { mapNs: 2100, trapNs: 1700 }, 'measured', 'calibration');
  expect(measured.params).toMatchObject({ mapNs: 900, trapNs: 1700 });
  expect([measured.origin.mapNs, measured.origin.trapNs]).toEqual(['user', 'measured']);
});

test.each([
  [{ irqNs: -5 }, '--set: irqNs wants a whole number of ns from 0 to 864e12, not -5'],
  [{ irqNs: '1.5' }, '--set: irqNs wants a whole number of ns'],
  [{ irqNs: '12abc' }, 'not "12abc"'],
  [{ irqNs: null }, 'not null'],
  [{ irqNs: Infinity }, 'irqNs wants'],
  [{ pinNsPerPage: '-1' }, 'pinNsPerPage wants a number of ns a page'],
  [{ copyBytesPerNs: 0 }, 'copyBytesPerNs wants a number of bytes a ns above 0'],
  [{ bufferBytes: 5000 }, 'bufferBytes wants a whole number of 4 KiB pages, in bytes'],
  [{ bufferBytes: 0 }, 'bufferBytes wants'],
  [
    { bufferBytes: 65536, watermarkBytes: 65537 },
    'watermarkBytes (65537 bytes) is more than bufferBytes (65536 bytes)',
  ],
  [{ dlProbability: 1.1 }, 'dlProbability wants a probability from 0 to 1'],
  [{ dlDiscard: 'all' }, 'dlDiscard wants one of record, abort, buffer, not "all"'],
  [{ calibrate: 'maybe' }, 'calibrate wants true or false'],
  [{ scale: 0 }, 'scale wants auto, or a number above 0'],
  [{ align: 'somehow' }, 'align wants auto, or one of absolute, start, loop, fit'],
  [{ buffers: '0=0x80240001:4096' }, 'buffers wants buffers LANE=IPA:SIZE in whole pages'],
  [{ buffers: [{ lane: 0, ipa: '0xffffffffff000', size: 8192 }] }, 'buffers wants'],
  [{ lanes: '0-1' }, 'lanes wants auto, or pairs CPU=VCPU'],
  [{ irqns: 5 }, 'unknown parameter irqns'],
  [{ __proto__x: 5 }, 'unknown parameter __proto__x'],
])('%j is refused', (values, message) => {
  expect(() => set(values)).toThrow(ModelError);
  expect(() => set(values)).toThrow(message);
});

test('files and settings that are no parameters at all', () => {
  expect(parseParamsFile('{"irqNs": 5}', 'p.json')).toEqual({ irqNs: 5 });
  expect(() => parseParamsFile('{', 'p.json')).toThrow('p.json: not JSON');
  expect(() => parseParamsFile('[1]', 'p.json')).toThrow('p.json: wants one JSON object');
  expect(() => parseSetting('irqNs')).toThrow('--set irqNs: wants name=value');
});

test('names and values of the first edition are read as shorthand', () => {
  const { params, origin } = set({ pinGuard: 'guest_memfd', hardwareAccessFlag: 'false', speVersion: 'SPEv1p5' });
  expect(params).toMatchObject({ unpinnedBy: ['memslot'], spuFlagUpdates: false, speVersion: 'SPEv1p3' });
  expect([origin.unpinnedBy, origin.spuFlagUpdates]).toEqual(['user', 'user']);
  expect(set({ unpinnedBy: 'clear,dirty-log', injectDl: '0', rlimitBytes: '64M' }).params).toMatchObject({
    unpinnedBy: ['clear', 'dirty-log'],
    injectDl: 0,
    rlimitBytes: 2 ** 26,
  });
  expect(() => set({ unpinnedBy: 'clear,reclaim' })).toThrow('unpinnedBy wants policy, or a list of unmap, clear');
});

test('a stored run of the first edition has today’s names, and defaults for what it did not know', () => {
  const old = {
    params: { irqNs: 7, pinGuard: 'gup', hardwareAccessFlag: false, dlDiscard: 'buffer' },
    origin: { irqNs: 'user', pinGuard: 'user', hardwareAccessFlag: 'assumed', dlDiscard: 'user' },
  };
  const { params, origin } = storedParams(old);
  expect(params).toEqual({
    ...defaultParams().params,
    ...{ irqNs: 7, unpinnedBy: ['unmap', 'clear', 'protect', 'memslot'], spuFlagUpdates: false, dlDiscard: 'buffer' },
  });
  expect([origin.unpinnedBy, origin.spuFlagUpdates, origin.readNs]).toEqual(['user', 'assumed', 'assumed']);
});
