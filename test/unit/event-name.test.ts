import { expect, test } from 'vitest';
import { eventName } from '../../core/formats/perf-data/event-name.ts';

const pmus = new Map([[10, 'arm_spe_0']]);

test.each([
  ['the file names it', 'cycles:u', 0, 0n, 'cycles:u'],
  ['hardware', '', 0, 5n, 'branch-misses'],
  ['software', '', 1, 9n, 'dummy'],
  ['a tracepoint', '', 2, 341n, 'tracepoint 341'],
  ['a PMU of the file', '', 10, 0x40003n, 'arm_spe_0/config=0x40003/'],
  ['raw', '', 4, 0x11n, 'type 4, config 0x11'],
  ['hardware beyond the table', '', 0, 1n << 40n, 'type 0, config 0x10000000000'],
])('%s', (_, name, type, config, expected) => {
  expect(eventName({ name, attr: { type, config } }, pmus)).toBe(expected);
});
