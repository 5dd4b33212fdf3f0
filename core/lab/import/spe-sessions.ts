/** When profiling was on in each lane of an SPE capture, from the file's side band. */
import type { AuxQueue } from '../../formats/perf-data/columns.ts';
import type { PerfData } from '../../formats/perf-data/perf-data.ts';
import type { Warnings } from '../../formats/problems.ts';
import type { CaptureMode } from '../../model/outcome.ts';
import { noSession, taskSessions, wholeLane } from '../../model/sessions.ts';
import type { Sessions, TaskMarks } from '../../model/sessions.ts';

export type SideBandOfTasks = Pick<PerfData, 'switches' | 'tasks' | 'starts' | 'queues' | 'idTids'>;

/** A lane with its first and last timed sample, ns; undefined without one. */
export interface LaneSpan {
  readonly queue: AuxQueue;
  readonly t0: bigint | undefined;
  readonly t1: bigint | undefined;
}

/** Sessions of every lane, ns after its first sample; what the file lacks goes to `warnings`. */
export function laneSessions(
  perf: SideBandOfTasks,
  bound: CaptureMode,
  lanes: readonly LaneSpan[],
  warnings: Warnings,
): Sessions[] {
  const profiled = bound === 'task-bound' ? profiledTasks(perf) : new Set<number>();
  const timed = timedSwitches(perf);
  let unpaired = 0;
  let unmarked = 0;
  const sessions = lanes.map(({ queue, t0, t1 }) => {
    if (t0 === undefined || t1 === undefined) return noSession(bound);
    const last = Number(t1 - t0);
    if (bound === 'cpu-bound') return wholeLane(0, last);
    const marks = timed ? marksOf(perf, queue, profiled, t0) : noMarks;
    if (!marks.n) unmarked++;
    const found = taskSessions(marks, 0, last);
    unpaired += found.unpaired;
    return found;
  });
  if (unpaired) {
    const message = 'switch records of profiled threads have no counterpart: some were lost';
    warnings.add('data-loss', 'perf-unpaired-switch', message, { count: unpaired });
  }
  if (unmarked) {
    const message =
      'lanes of a task-bound capture have no switch records with a time: each counts as one session, so enables are undercounted, and with them what pinning at enable costs';
    warnings.add('data-loss', 'perf-no-switches', message, { count: unmarked });
  }
  return sessions;
}

/** Without PERF_SAMPLE_TIME, as with `perf record --per-thread`, switch records have no time. */
function timedSwitches({ switches }: SideBandOfTasks): boolean {
  for (let i = 0; i < switches.n; i++) if (switches.t[i] > 0n) return true;
  return false;
}

const noMarks: TaskMarks = { n: 0, t: new Float64Array(0), out: new Uint8Array(0), paired: new Uint8Array(0) };

/** Threads that the file names as profiled, and their children: events are inherited (perf_event_init_task, kernel/events/core.c). */
function profiledTasks({ queues, idTids, starts, switches, tasks }: SideBandOfTasks): Set<number> {
  const all = new Set<number>([...queues.map((q) => q.tid), ...idTids, ...starts.map((start) => start.tid)]);
  for (let i = 0; i < switches.n; i++) if (!switches.wide[i]) all.add(switches.tid[i]);
  // -1: unknown; 0: the idle task.
  all.delete(-1);
  all.delete(0);
  const order = Array.from({ length: tasks.n }, (_, i) => i).filter((i) => !tasks.exit[i]);
  order.sort((a, b) => Number(tasks.t[a] - tasks.t[b]));
  for (const i of order) if (all.has(tasks.parent[i])) all.add(tasks.tid[i]);
  return all;
}

/**
 * The marks of one lane, sorted by time: a thread moves between CPUs, and each CPU has its own records. Empty without switch
 * records: ITRACE_START alone shows a first enable and none after it, unless the thread's EXIT on that lane rules those out.
 */
function marksOf(perf: SideBandOfTasks, queue: AuxQueue, profiled: ReadonlySet<number>, origin: bigint): TaskMarks {
  const { switches, tasks, starts } = perf;
  const here = (cpu: number, tid: number): boolean =>
    queue.cpu < 0 ? tid === queue.tid : cpu === queue.cpu && profiled.has(tid);
  const rows: { t: number; out: number; paired: number }[] = [];
  const add = (t: bigint, out: number, paired: number): void => {
    if (t > 0n) rows.push({ t: Number(t - origin), out, paired });
  };
  let plain = false;
  for (let i = 0; i < switches.n && !plain; i++) plain = !switches.wide[i] && here(switches.cpu[i], switches.tid[i]);
  for (let i = 0; i < switches.n; i++) {
    // With records of both kinds each switch appears twice.
    if (plain && switches.wide[i]) continue;
    // The own thread suffices for SWITCH_CPU_WIDE, too: both threads of a switch write one.
    if (here(switches.cpu[i], switches.tid[i])) add(switches.t[i], switches.out[i], 1);
  }
  const switched = rows.length > 0;
  let exits = false;
  for (const start of starts) if (here(start.cpu, start.tid)) add(start.t, 0, 0);
  for (let i = 0; i < tasks.n; i++) {
    // A FORK shows that the parent runs; the child runs from its own switch-in.
    const tid = tasks.exit[i] ? tasks.tid[i] : tasks.parent[i];
    if (!here(tasks.cpu[i], tid)) continue;
    exits ||= tasks.exit[i] === 1;
    add(tasks.t[i], tasks.exit[i], 0);
  }
  if (!switched && !exits) rows.length = 0;
  rows.sort((a, b) => a.t - b.t);
  return {
    n: rows.length,
    t: Float64Array.from(rows, (r) => r.t),
    out: Uint8Array.from(rows, (r) => r.out),
    paired: Uint8Array.from(rows, (r) => r.paired),
  };
}
