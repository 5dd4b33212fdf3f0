/** What the model says about itself, to forms, `--set` and verdicts. */
import { describe, expect, test } from 'vitest';
import { assumptionChecks, checkedParams, checksOf } from '../../core/model/checks.ts';
import { defaultParams, paramNames, paramSpecs, setParams, storedParams } from '../../core/model/params.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import { answerText, declaredAnswers, isPinGuard, possibleAnswers } from '../../core/model/policy.ts';
import type { Policy } from '../../core/model/policy.ts';
import { prepare } from '../../core/model/prepare.ts';
import { timelineOf } from '../property/replay-inputs.ts';

describe('parameters', () => {
  /** Unit, name, what it wants: docs/design/model.md section 4, Times; replay-rules.md, new parameters. */
  const ns = 'a whole number of ns from 0 to 864e12';
  const table: Readonly<Record<string, readonly [unit: string, wants: string]>> = {
    align: ['', 'auto, or one of absolute, start, loop, fit'],
    offsetNs: ['ns', 'a whole number of ns'],
    scale: ['', 'auto, or a number above 0, up to 1e9'],
    placement: ['', 'one of explicit, random, hot, quiet'],
    buffers: ['', 'buffers LANE=IPA:SIZE in whole pages, e.g. 0=0x80240000:512K'],
    lanes: ['', 'auto, or pairs CPU=VCPU, e.g. 0=0,2=1'],
    vm: ['', 'auto, or the number of a VM in the description, from 0'],
    trials: ['', 'a whole number from 1 to 100000'],
    seed: ['', 'a whole number from 0 to 2^53 - 1'],
    bufferBytes: ['bytes', 'a whole number of 4 KiB pages, in bytes (suffix K, M or G), up to 16G'],
    watermarkBytes: ['bytes', 'auto, or a whole number of bytes above 0'],
    privateBytes: ['bytes', 'a whole number of bytes above 0'],
    vmBytes: ['bytes', 'auto, or a whole number of bytes'],
    unpinnedBy: ['', 'policy, or a list of unmap, clear, protect, memslot, dirty-log, without spaces'],
    injectDl: ['', 'policy, or one of 0, 1, hardware'],
    trapsPerEnable: ['', 'a whole number from 0 to 1000'],
    rlimitBytes: ['bytes', 'none, or a whole number of bytes'],
    afterExit: ['', 'one of resume, stop'],
    dlProbability: ['', 'a probability from 0 to 1'],
    tornRecords: ['', 'a whole number from 0 to 1000000'],
    dlDiscard: ['', 'one of record, abort, buffer'],
    guestReaction: ['', 'one of linux, discard-session'],
    guestZeroes: ['', 'true or false'],
    guestSError: ['', 'one of panic, survives'],
    contentsKept: ['', 'true or false'],
    speVersion: ['', 'one of SPEv1, SPEv1p1, SPEv1p2, SPEv1p3'],
    profilingException: ['', 'true or false'],
    spuFlagUpdates: ['', 'true or false'],
    initial: ['', 'one of mapped, unmapped'],
    latency: ['', 'one of median, sampled'],
    calibrate: ['', 'true or false'],
    irqNs: ['ns', ns],
    trapNs: ['ns', ns],
    walkNsPerPage: ['ns a page', 'a number of ns a page, 0 or more'],
    mapNs: ['ns', ns],
    pinNsPerPage: ['ns a page', 'a number of ns a page, 0 or more'],
    unpinNsPerPage: ['ns a page', 'a number of ns a page, 0 or more'],
    injectNs: ['ns', ns],
    guestHandlerNs: ['ns', ns],
    reenableNs: ['ns', ns],
    fullExtraNs: ['ns', ns],
    copyBytesPerNs: ['bytes a ns', 'a number of bytes a ns above 0'],
    readNs: ['ns', ns],
    exitNs: ['ns', ns],
    gapFactor: ['', 'a number above 0'],
    gapMinNs: ['ns', ns],
  };

  test('have a unit, and say what they want', () => {
    const said = Object.fromEntries(paramNames.map((name) => [name, [paramSpecs[name].unit, paramSpecs[name].wants]]));
    expect(said).toEqual(table);
    expect(paramNames).toEqual(Object.keys(table));
  });

  test('times and offsets of ten days, no more; per page any number', () => {
    const { irqNs, offsetNs, pinNsPerPage } = paramSpecs;
    expect([864e12, 864e12 + 1, 1.5].map(irqNs.read)).toEqual([864e12, undefined, undefined]);
    expect([864e12, -864e12, 864e12 + 1, -864e12 - 1].map(offsetNs.read)).toEqual([
      864e12,
      -864e12,
      undefined,
      undefined,
    ]);
    expect([0, 0.25, 864e12, 864e12 + 1, -0.1].map(pinNsPerPage.read)).toEqual([0, 0.25, 864e12, undefined, undefined]);
  });

  test('numbers as people write them, and sizes with a binary suffix', () => {
    const { scale, vmBytes } = paramSpecs;
    const good = { ' 2.5 ': 2.5, '+3': 3, '.5': 0.5, '5.': 5, '1e3': 1000, '25E-1': 2.5, '1e+2': 100 };
    for (const [text, value] of Object.entries(good)) expect(scale.read(text), text).toBe(value);
    for (const bad of ['1e', 'e3', '.', '1.2.3', '0x10', '1 2', '--1', '1e400', 'Infinity', '1e3.5', 'a1', '1a'])
      expect(scale.read(bad), bad).toBeUndefined();
    const sizes = {
      '3K': 3 * 2 ** 10,
      ' 2 M ': 2 ** 21,
      '1g': 2 ** 30,
      '1KiB': 1024,
      '12kB': 12 * 1024,
      '7': 7,
      none: undefined,
    };
    for (const [text, value] of Object.entries(sizes)) expect(vmBytes.read(text), text).toBe(value);
    for (const bad of ['K', '1T', '1.5K', '-1K', '1Ki', '1KB0', 'x1K', '1K x', '1 0K'])
      expect(vmBytes.read(bad), bad).toBeUndefined();
    // A number has no suffix.
    expect([vmBytes.read(1024), vmBytes.read({}), vmBytes.read(['1K'])]).toEqual([1024, undefined, undefined]);
  });

  test('errors list what is known, and quote what was given, shortened', () => {
    const set = (values: Record<string, unknown>) => () => setParams(defaultParams(), values, 'user', '--set');
    expect(set({ nope: 1 })).toThrow(`--set: unknown parameter nope; known: ${paramNames.join(', ')}`);
    expect(set({ irqNs: 'x'.repeat(58) })).toThrow(`not "${'x'.repeat(58)}"`);
    expect(set({ irqNs: 'x'.repeat(59) })).toThrow(`not "${'x'.repeat(56)}…`);
    expect(set({ irqNs: { a: [1] } })).toThrow('not {"a":[1]}');
    expect(set({ irqNs: undefined })).toThrow('not undefined');
    // Exactly the buffer's size is a service point.
    expect(set({ watermarkBytes: 8192, bufferBytes: 8192 })().params.watermarkBytes).toBe(8192);
  });

  test('a stored run’s unknown names and values that no reader takes are at their defaults, assumed', () => {
    const { params, origin } = storedParams({
      params: { irqNs: -1, colour: 'red', mapNs: 7, speVersion: 'SPEv1p4' },
      origin: { irqNs: 'user', mapNs: 'measured' },
    });
    expect(params).toEqual({ ...defaultParams().params, mapNs: 7, speVersion: 'SPEv1p3' });
    expect([origin.irqNs, origin.mapNs, origin.speVersion]).toEqual(['assumed', 'measured', 'assumed']);
  });
});

describe('assumption checks', () => {
  const { params } = defaultParams();
  const policy = builtinPolicy('pin-vm')!;

  test('in words, to follow "if", and what they set (rule 31)', () => {
    const slow = { ...params, irqNs: 1005, reenableNs: 1009, readNs: 25 };
    expect(assumptionChecks.map(({ id, title, sets }) => [id, title, sets(slow, policy)])).toEqual([
      ['dl-0', 'DL is never set, by the hardware or by KVM', { dlProbability: 0, injectDl: 0 }],
      ['clear-reaches-pins', "pins don't withstand MMU_NOTIFY_CLEAR", { unpinnedBy: ['unmap', 'memslot', 'clear'] }],
      ['irq-slow', 'the PMBIRQ takes ten times as long', { irqNs: 10_050 }],
      ['reader-slow', 'perf reads and re-enables ten times slower', { reenableNs: 10_090, readNs: 250 }],
      ['reader-fast', 'perf reads and re-enables ten times faster', { reenableNs: 100, readNs: 2 }],
      ['guest-discards', 'the guest discards the buffer at DL=1', { dlDiscard: 'buffer' }],
      ['contents-kept', 'no unmap loses the contents of a page', { contentsKept: true }],
      ['exit-stops', 'the VMM leaves profiling off after an exit', { afterExit: 'stop' }],
    ]);
    const clear = assumptionChecks[1];
    expect(clear.sets({ ...params, unpinnedBy: ['clear'] }, policy)).toEqual({ unpinnedBy: ['clear'] });
    expect(clear.sets({ ...params, unpinnedBy: [] }, policy)).toEqual({ unpinnedBy: ['clear'] });
  });

  const lane = {
    ...{ lane: 0, t: Float64Array.of(1), size: Uint32Array.of(64), sessions: Float64Array.of(0, 9) },
    ...{ mode: 'cpu-bound' as const, pages: Float64Array.of(3) },
  };
  const run = prepare([lane], timelineOf([]));
  const check = (id: string) => assumptionChecks.find((c) => c.id === id)!;

  test('with nothing left to set, or to change, share the plain outcome (rule 32)', () => {
    const base = defaultParams();
    expect(checkedParams(check('irq-slow'), base, policy, run)).toEqual({ ...params, irqNs: 10_000 });
    // A policy's own time goes over the run's, so the check changes nothing; nor where the value is what it sets.
    expect(checkedParams(check('irq-slow'), base, { ...policy, times: { irqNs: 5 } }, run)).toBeUndefined();
    expect(checkedParams(check('irq-slow'), base, { ...policy, times: { mapNs: 5 } }, run)).toBeDefined();
    const zero = { ...base, params: { ...params, irqNs: 0, dlDiscard: 'buffer' as const } };
    expect(checkedParams(check('irq-slow'), zero, policy, run)).toBeUndefined();
    expect(checkedParams(check('guest-discards'), zero, policy, run)).toBeUndefined();
    const half = { ...base, params: { ...params, readNs: 0 } };
    expect(checkedParams(check('reader-fast'), half, policy, run)).toMatchObject({ reenableNs: 100_000, readNs: 0 });
  });

  test('are left out of a run only if every policy leaves them nothing', () => {
    const ids = (settings = defaultParams(), policies: readonly Policy[] = [policy]) =>
      checksOf(settings, policies).map(({ id }) => id);
    expect(ids()).toEqual(assumptionChecks.map(({ id }) => id));
    expect(ids(defaultParams(), [])).toEqual([]);
    const settled = { ...policy, settled: ['unpinnedBy' as const] };
    expect(ids(defaultParams(), [settled])).not.toContain('clear-reaches-pins');
    expect(ids(defaultParams(), [settled, policy])).toContain('clear-reaches-pins');
    const user = setParams(defaultParams(), { reenableNs: 5 }, 'user', 'test');
    expect(ids(user)).toContain('reader-slow');
    expect(ids(setParams(user, { readNs: 5 }, 'measured', 'test'))).not.toContain('reader-slow');
  });

  test('of pins concern policies that pin, or whose answer does', () => {
    const of = (own: Policy) => checkedParams(check('clear-reaches-pins'), defaultParams(), own, run) !== undefined;
    const map = builtinPolicy('map-on-fault')!;
    expect([of(policy), of(map), of({ ...map, onFault: { ...map.onFault, kvm: 'repin' } })]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('a policy’s answers', () => {
  const map = builtinPolicy('map-on-fault')!;
  const sorted = (answers: Set<string>) => [...answers].sort();

  test('are those of its faults, for either DL, and of unpinned buffers where it pins at the first fault', () => {
    expect(sorted(declaredAnswers(map))).toEqual(['map']);
    const dl = { ...map, onFault: { ...map.onFault, kvm: { dl0: 'serror', dl1: 'report-s2' } as const } };
    expect(sorted(declaredAnswers(dl))).toEqual(['map', 'report-s2', 'serror']);
    expect(sorted(declaredAnswers({ ...map, pin: 'first-fault' }))).toEqual(['map', 'repin']);
    for (const pin of ['no-stage-2', 'private-buffer'] as const) expect(declaredAnswers({ ...map, pin }).size).toBe(0);
  });

  test('and where one needs a page, what it does without (4.2)', () => {
    expect(sorted(possibleAnswers(map))).toEqual(['impdef-event', 'map']);
    const serror = builtinPolicies.find(({ pin }) => pin === 'vm')!;
    expect(sorted(possibleAnswers({ ...serror, onUnresolved: 'serror' }))).toEqual(['impdef-event']);
    expect(sorted(possibleAnswers({ ...map, pin: 'private-buffer' }))).toEqual([]);
  });

  test('in words; the first edition’s guards by name', () => {
    expect(answerText('map')).toBe('map');
    expect(answerText({ dl0: 'repin', dl1: 'serror' })).toBe('repin (DL 0), serror (DL 1)');
    expect(['gup', 'gup+notifier-filter', 'guest_memfd', 'none', 7, undefined].map(isPinGuard)).toEqual([
      ...[true, true, true, false, false, false],
    ]);
  });

  test('every built-in policy says in a sentence what it does, and where it comes from', () => {
    for (const { id, title, summary, source } of builtinPolicies) {
      expect(title, id).toMatch(/^[A-Za-z][\w ,]{4,30}$/);
      expect(summary, id).toMatch(/^[A-Z].{40,150}\.$/);
      expect(source, id).toMatch(/KVM|arm_spe_pmu|RFC/);
    }
    expect(new Set(builtinPolicies.map(({ title }) => title)).size).toBe(builtinPolicies.length);
    expect([builtinPolicy('serror')?.id, builtinPolicy('nope')]).toEqual(['serror', undefined]);
  });
});
