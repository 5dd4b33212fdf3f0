/** The SQL console's logic, the palette's, and the settings'. */
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../core/contract/contract.ts';
import type { SqlAnswer } from '../../core/contract/runs.ts';
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { parseRecent } from '../../renderer/settings/recent.ts';
import { matching } from '../../renderer/shell/matching.ts';
import { errorPlace } from '../../renderer/sql/error-place.ts';
import { placesOf } from '../../renderer/sql/places.ts';
import { count, duration, exactNs } from '../../renderer/format.ts';
import { display, readDisplay } from '../../renderer/state/display.ts';

const facts: TimelineFacts = {
  ...{ origin: '1790790210000', span: 1e9, run: 4, spe: 1, kvm: 2, lanes: [], unprepared: false },
  policies: [{ id: 'pin-vm', title: '' }],
  trace: { shiftNs: 500, scale: 2, copies: 1, periodNs: 1e9, span: 1e9 },
};
const captures = [{ id: 1 }, { id: 2, t0: '7000' }] as unknown as Capture[];
const answer = (columns: string[]): SqlAnswer => ({ columns, rows: [], more: false, ms: 1 });
const placed = (columns: string[], row: (string | number | null)[]) =>
  placesOf(answer(columns), facts, captures)?.(row);

describe('rows on the timeline', () => {
  it('windows of the run: start, end, lane and policy', () => {
    const columns = ['run_id', 'policy', 'lane', 'start_ns', 'end_ns'];
    expect(placed(columns, [4, 'pin-vm', 1, 1790790211000, 1790790213000])).toEqual({
      ...{ from: 1000, to: 3000, lane: 1, policy: 'pin-vm' },
    });
    expect(placed(columns, [3, 'pin-vm', 1, 1790790211000, 1790790213000])).toBeUndefined();
  });
  it('events of the trace where the run aligned it', () => {
    expect(placed(['capture_id', 't_ns', 'event'], [2, 7100, 'kvm_exit'])).toEqual({ from: 700, to: 700 });
    expect(placed(['t_ns', 'event'], [7100, 'kvm_exit'])).toEqual({ from: 700, to: 700 });
    expect(placed(['capture_id', 't_ns'], [3, 7100])).toBeUndefined();
  });
  it('times beyond 2^53 come as text; what is no time has no place', () => {
    const late = { ...facts, origin: '9007199254740993' };
    expect(placesOf(answer(['t_ns']), late, captures)?.(['9007199254741000'])).toEqual({ from: 7, to: 7 });
    expect(placed(['t_ns'], [null])).toBeUndefined();
    expect(placed(['t_ns'], [1.5])).toBeUndefined();
    expect(placesOf(answer(['n']), facts, captures)).toBeUndefined();
  });
});

it('an error’s place is given by line and column, with the word marked', () => {
  const sql = 'SELECT lane,\n\tnope\nFROM spe_sample';
  const from = sql.indexOf('nope');
  expect(errorPlace(sql, from, from + 4)).toEqual({ line: 2, column: 2, excerpt: ' nope', marks: ' ^^^^' });
  const long = `SELECT ${'a, '.repeat(200)}nope`;
  const place = errorPlace(long, long.length - 4, long.length);
  expect(place.column).toBe(long.length - 3);
  expect(place.excerpt.slice(place.marks.indexOf('^'))).toBe('nope');
});

it('commands are found by parts of words, those that begin so first', () => {
  const list = [
    { title: 'Run 2', hint: 'umbra replay' },
    { title: 'Theme: dark', hint: 'display' },
    { title: 'Replay all policies', hint: 'spe × kvm' },
  ];
  expect(matching(list, 'repl').map((c) => c.title)).toEqual(['Replay all policies', 'Run 2']);
  expect(matching(list, 'DARK theme').map((c) => c.title)).toEqual(['Theme: dark']);
  expect(matching(list, '')).toHaveLength(3);
  expect(matching(list, 'nothing')).toEqual([]);
});

describe('settings', () => {
  it('take what is known of a stored text, and nothing else', () => {
    expect(readDisplay(null)).toEqual({ theme: 'system', separator: 'thin', time: 'relative' });
    expect(readDisplay('{"theme":"dark","separator":"x","time":"absolute"}')).toEqual({
      ...{ theme: 'dark', separator: 'thin', time: 'absolute' },
    });
    expect(readDisplay('{')).toEqual(readDisplay(null));
  });
  it('set what stands between thousands, not what stands before units', () => {
    try {
      display.separator = 'comma';
      expect([count(1234567), exactNs(1234), duration(1500)]).toEqual(['1,234,567', '1,234\u202fns', '1.5\u202fµs']);
      display.separator = 'none';
      expect(count(1234567)).toBe('1234567');
    } finally {
      display.separator = 'thin';
    }
    expect(count(1234567)).toBe('1\u202f234\u202f567');
  });
  it('keep a list of labs, unless it is somebody else’s', () => {
    expect(parseRecent('[{"path":"/a","opened":1},{"path":2},null]')).toEqual([{ path: '/a', opened: 1 }]);
    expect(parseRecent('{"a":1}')).toEqual([]);
  });
});
