import { expect, test } from 'vitest';
import { taskSessions, wholeLane } from '../../core/model/sessions.ts';

/** `in 10, out 20` as switch records, `start` and `exit` as records that need no counterpart; samples from 5 to 100 ns by default. */
function sessions(text: string, first = 5, last = 100): ReturnType<typeof taskSessions> {
  const records = text ? text.split(', ').map((r) => r.split(' ')) : [];
  return taskSessions(
    {
      n: records.length,
      t: Float64Array.from(records, ([, t]) => Number(t)),
      out: Uint8Array.from(records, ([what]) => Number(what === 'out' || what === 'exit')),
      paired: Uint8Array.from(records, ([what]) => Number(what === 'in' || what === 'out')),
    },
    first,
    last,
  );
}

test.each([
  ['in 10, out 20, in 30, out 40', [10, 20, 30, 40], 0],
  // Runs from the start, and to the end.
  ['out 20, in 30', [5, 20, 30, 100], 0],
  ['in 10', [10, 100], 0],
  // Switched in after the last sample.
  ['in 10, out 20, in 120', [10, 20, 120, 120], 0],
  // An out before the first sample ends nothing.
  ['out 3, in 10, out 20', [10, 20], 1],
  ['in 10, in 12, out 20, out 22, in 30, out 40', [10, 20, 30, 40], 2],
  // Both at one ns: the moment is the earlier session's.
  ['in 10, out 20, in 20, out 40', [10, 20, 21, 40], 0],
  ['in 10, out 20, in 20, out 20, in 30, out 40', [10, 20, 30, 40], 0],
  // A command that perf starts: ITRACE_START just before the first switch-in's record, EXIT with no switch-out after it.
  ['start 10, in 11, out 20, in 30, exit 40', [10, 20, 30, 40], 0],
  ['start 10, in 11, in 12, out 20', [10, 20], 1],
  ['start 10, exit 40', [10, 40], 0],
  // FORK by a task that runs already, and its switch-out.
  ['in 10, start 15, out 20, in 30, exit 40, out 41', [10, 20, 30, 40], 0],
] as const)('%s', (text, expected, unpaired) => {
  const got = sessions(text);
  expect([...got.sessions]).toEqual(expected);
  expect([got.mode, got.unpaired]).toEqual(['task-bound', unpaired]);
});

test('without switch records: one session, task-bound all the same', () => {
  expect(sessions('')).toEqual(wholeLane(5, 100, 'task-bound'));
  expect(wholeLane(5, 100)).toEqual({ sessions: Float64Array.of(5, 100), mode: 'cpu-bound', unpaired: 0 });
});
