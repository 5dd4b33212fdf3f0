import { describe, expect, it } from 'vitest';
import { methods } from '../../core/contract/contract.ts';
import { progressProblem, replyProblem } from '../contract/check.ts';
import { replyShapes } from '../contract/shapes.ts';

const capture = {
  ...{ id: 1, kind: 'kvm', name: 'host', file: 'host.dat', format: 'trace.dat', bytes: 1, sha256: '', records: 2 },
  ...{ cpus: [0], hasVm: false, facts: {}, warnings: [] },
};
const samples = {
  ...{ lane: 0, width: 1, first: 0 },
  ...{ samples: new Uint32Array(1), session: new Float32Array(1) },
};

describe('contract: what tests hold replies against', () => {
  it('knows every method, and is of the contract’s types', () => {
    const { replies } = replyShapes();
    expect(Object.keys(replies).sort()).toEqual(Object.keys(methods).sort());
    // A type that the compiler can’t resolve would let everything pass.
    expect(Object.entries(replies).filter(([, shape]) => shape === 'any')).toEqual([]);
  });

  it.each([
    ['captures', [capture], undefined],
    ['captures', [{ ...capture, id: undefined }], 'captures[0].id: undefined instead of number'],
    ['captures', [{ ...capture, ID: 1 }], 'captures[0].ID: not in the contract'],
    ['captures', [{ ...capture, kind: 'xen' }], 'captures[0].kind: xen instead of "spe" or "kvm"'],
    ['captures', { 0: capture }, 'captures: Object instead of a list'],
    ['removeFlag', {}, undefined],
    ['removeFlag', { id: 1 }, 'removeFlag.id: 1 instead of nothing'],
    ['findWindow', null, undefined],
    ['putFlag', { id: null }, 'putFlag.id: null instead of number'],
    ['fates', { kinds: [], lanes: [samples], policies: [] }, undefined],
    [
      'fates',
      { kinds: [], lanes: [{ ...samples, samples: [1] }], policies: [] },
      'fates.lanes[0].samples: Array instead of Uint32Array',
    ],
    ['checkVm', { problem: undefined }, undefined],
    ['fetes', {}, 'fetes: no such method'],
  ])('a reply of %s (%#)', (method, reply, problem) => expect(replyProblem(method, reply)).toBe(problem));

  it('names a schema’s refusal beyond types', () => {
    expect(replyProblem('captures', [{ ...capture, bytes: -1 }])).toContain('>=0');
  });

  it('checks progress, and the part of the result that it carries', () => {
    const progress = { phase: 'replaying', done: 1, unit: 'policies' };
    expect(progressProblem('replay', progress)).toBeUndefined();
    expect(progressProblem('replay', { ...progress, soFar: { policies: [] } })).toBeUndefined();
    expect(progressProblem('replay', { ...progress, soFar: {} })).toBe('replay’s progress.policies: missing');
    expect(progressProblem('import', { ...progress, soFar: {} })).toContain('soFar isn’t in the contract');
    expect(progressProblem('replay', { ...progress, unit: 'furlongs' })).toContain('unit');
  });
});
