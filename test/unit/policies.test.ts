import { expect, test } from 'vitest';
import { ModelError } from '../../core/model/errors.ts';
import { builtinPolicies } from '../../core/model/policies.ts';
import { parsePolicyFile, storedPolicy } from '../../core/model/policy-file.ts';
import { answerText } from '../../core/model/policy.ts';

/** pin, cachePins, what an unpinned buffer gets, the answers: the table of model.md section 5. */
const table = `
bare-metal            no-stage-2      -      -      map
pin-vm                vm              -      -      impdef-event
map-on-fault          never           -      -      map
pin-at-enable         enable          -      -      impdef-event
pin-at-enable-cached  enable          cached -      impdef-event
pin-on-first-fault    first-fault     -      repin  impdef-event
nondestructive-repin  first-fault     -      repin  repin (DL 0), impdef-event (DL 1)
external-abort        first-fault     -      repin  external-abort
serror                first-fault     -      repin  serror
impdef-event          first-fault     -      repin  impdef-event
report-s2             first-fault     -      repin  report-s2
bounce-buffer         private-buffer  -      -      map
guest-memfd-prefault  vm              -      -      impdef-event dirty-log: exit-to-userspace
`;

test('the built-in policies are those of the model', () => {
  const rows = builtinPolicies.map(({ id, pin, cachePins, onUnpinned, onFault }) => {
    const most = answerText(onFault.kvm);
    const others = Object.entries(onFault).flatMap(([cause, a]) =>
      answerText(a) === most ? [] : [`${cause}: ${answerText(a)}`],
    );
    return [id, pin, cachePins ? 'cached' : '-', pin === 'first-fault' ? onUnpinned : '-', most, ...others].join(' ');
  });
  expect(rows).toEqual(
    table
      .trim()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ')),
  );
});

const onFault = {
  'first-touch': 'map',
  userspace: 'repin',
  'host-mm': 'map',
  kvm: 'map',
  'dirty-log': 'map',
  'guest-allowed': 'serror',
  'guest-forbidden': 'report-s2',
};
const good = { id: 'mine', pin: 'enable', onFault };

test('a policy file: one policy or several, with defaults', () => {
  const [mine] = parsePolicyFile(JSON.stringify(good), 'p.json');
  expect(mine).toMatchObject({ ...good, title: 'mine', unpinnedBy: ['unmap', 'memslot'], cachePins: false });
  expect(mine.settled).toEqual([]);
  const times = { irqNs: 5, copyBytesPerNs: 0.5 };
  const two = parsePolicyFile(JSON.stringify([good, { ...good, id: 'other', title: 'Other', times }]), 'p.json');
  expect(two.map((p) => [p.id, p.title, p.times])).toEqual([
    ['mine', 'mine', undefined],
    ['other', 'Other', times],
  ]);
});

test('a built-in policy written as a file is the same policy', () => {
  for (const { id, ...fields } of builtinPolicies.filter((p) => p.pin !== 'no-stage-2')) {
    const policy = { ...fields, id: `my-${id}`, settled: ['injectDl', 'unpinnedBy'] };
    expect(parsePolicyFile(JSON.stringify(policy), 'p.json')).toEqual([policy]);
  }
});

test('what the first edition called a guard is shorthand, in files and in stored runs', () => {
  const [mine] = parsePolicyFile(JSON.stringify({ ...good, pinGuard: 'gup' }), 'p.json');
  expect([mine.unpinnedBy, mine.settled]).toEqual([['unmap', 'clear', 'protect', 'memslot'], ['unpinnedBy']]);
  const old = storedPolicy({ ...good, pinGuard: 'gup+notifier-filter', cachePins: false });
  expect(old).toMatchObject({ unpinnedBy: ['unmap', 'memslot'], onUnpinned: 'repin', injectDl: 1 });
  expect(old).not.toHaveProperty('pinGuard');
});

test.each([
  ['{', 'p.json: not JSON: '],
  ['[]', 'p.json: holds no policy'],
  ['7', 'p.json: '],
  [{ ...good, id: undefined }, 'p.json: id: '],
  [{ ...good, id: 'My Policy' }, 'p.json: id: wants lower-case letters'],
  [{ ...good, id: 'pin-vm' }, 'p.json: id: pin-vm is already the name of another policy'],
  [[good, good], 'p.json: policy 2: id: mine is already'],
  [{ ...good, pin: 'sometimes' }, 'p.json: pin: '],
  [{ ...good, pin: 'no-stage-2' }, 'p.json: pin: '],
  [{ ...good, pinGuard: 'none' }, 'p.json: pinGuard: wants one of gup, gup+notifier-filter, guest_memfd'],
  [{ ...good, pinGuard: 'gup', unpinnedBy: [] }, 'p.json: pinGuard: is shorthand for unpinnedBy'],
  [{ ...good, unpinnedBy: ['unmap', 'reclaim'] }, 'p.json: unpinnedBy.1: '],
  [{ ...good, unpinnedBy: ['unmap', 'unmap'] }, 'p.json: unpinnedBy: names one of them twice'],
  [{ ...good, onFault: { ...onFault, kvm: { dl0: 'map' } } }, 'p.json: onFault.kvm.dl1: '],
  [{ ...good, onFault: { ...onFault, kvm: { dl0: 'map', dl1: 'drop' } } }, 'p.json: onFault.kvm.dl1: '],
  [{ ...good, onUnresolved: 'map' }, 'p.json: onUnresolved: wants an answer that needs no page'],
  [{ ...good, injectDl: 2 }, 'p.json: injectDl: '],
  [{ ...good, trapsPerEnable: -1 }, 'p.json: trapsPerEnable: wants a whole number from 0'],
  [{ ...good, cachePins: 'yes' }, 'p.json: cachePins: '],
  [{ ...good, onFault: { ...onFault, kvm: 'ignore' } }, 'p.json: onFault.kvm: '],
  [{ ...good, onFault: { ...onFault, kvm: undefined } }, 'p.json: onFault.kvm: '],
  [{ ...good, onFault: { ...onFault, cosmic: 'map' } }, 'p.json: onFault: '],
  [{ ...good, times: { irqNs: -1 } }, 'p.json: times.irqNs: wants a whole number of ns'],
  [{ ...good, times: { irqNs: 1.5 } }, 'p.json: times.irqNs: wants a whole number of ns'],
  [{ ...good, times: { copyBytesPerNs: 0 } }, 'p.json: times.copyBytesPerNs: wants a number of bytes a ns above 0'],
  [{ ...good, colour: 'red' }, 'p.json: '],
])('%j is refused: %s', (file, message) => {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  const parse = (): unknown => parsePolicyFile(text, 'p.json');
  expect(parse).toThrow(ModelError);
  expect(parse).toThrow(message);
});
