/** Threads' names, and what stands before them. */
import { expect, test } from 'vitest';
import { taskName } from '../../core/formats/ftrace-text/task-name.ts';
import type { NameWidth } from '../../core/formats/ftrace-text/task-name.ts';

test.each<[shown: string, width: NameWidth, name: string]>([
  ['CPU 0/KVM', 16, 'CPU 0/KVM'],
  ['a name: [of] 15', 16, 'a name: [of] 15'],
  ['12345 CPU 0/KVM', 16, '12345 CPU 0/KVM'],
  ['x        CPU 0/KVM', 16, 'CPU 0/KVM'],
  ['trace:             vmm', 16, 'vmm'],
  ['13               a: b', 16, 'a: b'],
  ['+\t\t\t\t\t\t\t      vmm', 16, 'vmm'],
  // Blanks were lost on the way.
  ['[ 123.456789] CPU 0/KVM', 16, 'CPU 0/KVM'],
  ['host | CPU 0/KVM x', 16, 'CPU 0/KVM x'],
  ['[  123.456789] vmm', 16, 'vmm'],
  ['Nov 23 16:22:14 host kernel: [  123.456789] vmm', 16, 'vmm'],
  ['kworker/0:1-events', 16, 'kworker/0:1-events'],
  ['a: kworker/0:1-events', 16, 'a: kworker/0:1-events'],
  ['CPU 0/KV', 8, 'CPU 0/KV'],
  ['1 CPU 0/KV', 8, 'CPU 0/KV'],
  ['[  123.456789]      vmm', 8, 'vmm'],
  ['[ 123.4] vmm', 8, 'vmm'],
])('%j in %i columns: %j', (shown, width, name) => {
  expect(taskName(shown, width)).toBe(name);
});
