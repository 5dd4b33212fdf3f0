import { expect, test } from 'vitest';
import { ModelError } from '../../core/model/errors.ts';
import { builtinPolicies, builtinPolicy } from '../../core/model/policies.ts';
import { parsePolicyFile } from '../../core/model/policy-file.ts';

/** pin, cachePins, answer to a first touch, answers to the rest: the table of model.md section 5. */
const table = `
bare-metal            no-stage-2      -      map             map
pin-vm                vm              -      impdef-event    impdef-event
map-on-fault          never           -      map             map
pin-at-enable         enable          -      impdef-event    impdef-event
pin-at-enable-cached  enable          cached impdef-event    impdef-event
pin-on-first-fault    first-fault     -      repin           impdef-event
nondestructive-repin  first-fault     -      repin           repin
external-abort        first-fault     -      repin           external-abort
serror                first-fault     -      repin           serror
impdef-event          first-fault     -      repin           impdef-event
report-s2             first-fault     -      repin           report-s2
bounce-buffer         private-buffer  -      map             map
`;

test('the built-in policies are those of the model', () => {
  const rows = builtinPolicies.map(({ id, pin, cachePins, onFault }) => {
    const { 'first-touch': first, ...rest } = onFault;
    return [id, pin, cachePins ? 'cached' : '-', first, ...new Set(Object.values(rest))].join(' ');
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
  expect(mine).toMatchObject({ ...good, title: 'mine', pinGuard: 'gup+notifier-filter', cachePins: false });
  const times = { irqNs: 5, copyBytesPerNs: 0.5 };
  const two = parsePolicyFile(JSON.stringify([good, { ...good, id: 'other', title: 'Other', times }]), 'p.json');
  expect(two.map((p) => [p.id, p.title, p.times])).toEqual([
    ['mine', 'mine', undefined],
    ['other', 'Other', times],
  ]);
});

test('a built-in policy written as a file is the same policy', () => {
  const policy = { ...builtinPolicy('pin-at-enable-cached')!, id: 'copy' };
  expect(parsePolicyFile(JSON.stringify(policy), 'p.json')).toEqual([policy]);
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
  [{ ...good, pinGuard: 'none' }, 'p.json: pinGuard: '],
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
