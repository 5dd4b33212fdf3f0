/** Whether a capture's events follow tasks or are bound to CPUs, and what in the file says so. */
import { AttrFlag } from './attr.ts';
import type { SideBand } from './side-band.ts';

export interface Binding {
  readonly bound: 'task-bound' | 'cpu-bound';
  /** What says so, the most reliable first, in words. */
  readonly evidence: readonly string[];
  /** What in the file says the opposite. */
  readonly against?: readonly string[];
}

type Clue = readonly [Binding['bound'], string];

/**
 * The default `perf record -- cmd` opens one inherited event per CPU, so its AUX areas are per CPU like those of `-a`: the CPU of an
 * AUXTRACE record doesn't distinguish the two. Its tid does: perf puts the (first) profiled thread there, and -1 for `-a` and `-C`
 * (auxtrace_mmap_params__set_idx, tools/perf/util/auxtrace.c). ID_INDEX says the same about every event. perf sets `inherit` for no event
 * bound to a CPU, and `enable_on_exec` only for a command that it starts itself without `-a` or `-C` (evsel__config).
 */
export function bindingOf(
  band: Pick<SideBand, 'queues' | 'idTids' | 'events' | 'features' | 'spe' | 'switches'>,
): Binding {
  const clues = [
    ...auxtraceClue(band),
    ...indexClue(band),
    ...attrClue(band),
    ...switchClue(band),
    ...commandClue(band),
  ];
  const bound = clues[0]?.[0] ?? 'cpu-bound';
  const words = (side: boolean): string[] =>
    clues.filter((clue) => (clue[0] === bound) === side).map((clue) => clue[1]);
  const against = words(false);
  return {
    bound,
    evidence: clues.length ? words(true) : ['nothing in the file tells: taken as bound to CPUs'],
    ...(against.length && { against }),
  };
}

function* auxtraceClue({ queues }: Pick<SideBand, 'queues'>): Generator<Clue> {
  const all = [...queues.values()];
  const tids = [...new Set(all.map((q) => q.tid).filter((tid) => tid >= 0))];
  if (!all.length) return;
  if (!tids.length && all.every((q) => q.cpu >= 0)) yield ['cpu-bound', 'AUXTRACE records name no thread (tid -1)'];
  else if (tids.length) yield ['task-bound', `AUXTRACE records name ${threads(tids)}`];
  else yield ['task-bound', 'AUXTRACE records name no CPU'];
}

function* indexClue({ idTids }: Pick<SideBand, 'idTids'>): Generator<Clue> {
  const tids = [...idTids].filter((tid) => tid > 0);
  // perf's own tracking event may be system-wide beside events that follow tasks.
  if (tids.length) yield ['task-bound', `ID_INDEX names ${threads(tids)}`];
  else if (idTids.has(-1)) yield ['cpu-bound', 'ID_INDEX names no thread (tid -1)'];
}

function* attrClue({ events, spe }: Pick<SideBand, 'events' | 'spe'>): Generator<Clue> {
  const attr = events.find((e) => spe?.pmuTypes.includes(e.attr.type))?.attr;
  const set = (bit: bigint): boolean => attr !== undefined && ((attr.flags >> bit) & 1n) === 1n;
  if (set(AttrFlag.INHERIT)) yield ['task-bound', 'the SPE event has inherit'];
  if (set(AttrFlag.ENABLE_ON_EXEC)) yield ['task-bound', 'the SPE event has enable_on_exec'];
}

/** perf_event_switch (kernel/events/core.c) writes SWITCH for an event of a task, SWITCH_CPU_WIDE for one of a CPU. */
function* switchClue({ switches }: Pick<SideBand, 'switches'>): Generator<Clue> {
  const wide = switches.wide.subarray(0, switches.n).reduce((sum, one) => sum + one, 0);
  if (switches.n > wide) yield ['task-bound', 'it holds SWITCH records, which only events of tasks get'];
  else if (wide) yield ['cpu-bound', 'all its switch records are SWITCH_CPU_WIDE'];
}

function* commandClue({ features }: Pick<SideBand, 'features'>): Generator<Clue> {
  const option = targetOption(features.commandLine);
  if (option) yield [option.bound, `the command line: ${option.words}`];
}

function threads(tids: readonly number[]): string {
  if (tids.length === 1) return `thread ${tids[0]}`;
  const shown = tids.slice(0, 3).join(', ');
  return `${tids.length} threads (${shown}${tids.length > 3 ? ', …' : ''})`;
}

/** Options of perf record whose value is the next word (tools/perf/builtin-record.c). */
const VALUED = new Set(
  '-e --event --filter -r --realtime -c --count -o --output -F --freq -m --mmap-pages -D --delay -G --cgroup -j --branch-filter -k --clockid --max-size --vmlinux --proc-map-timeout --control --threads-spec --debuginfod-cache --call-graph'.split(
    ' ',
  ),
);

/** What a `perf record` profiles: only its own options count, those of the command it runs come later. */
export function targetOption(
  commandLine: readonly string[] | undefined,
): { bound: Binding['bound']; words: string } | undefined {
  const start = (commandLine ?? []).indexOf('record');
  if (start < 0) return undefined;
  const words = commandLine!.slice(start + 1);
  let cpus: string | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (/^(-[pt]|--pid\b|--tid\b)/.test(word)) return { bound: 'task-bound', words: word.replace(/=.*/, '') };
    if (/^(-u|--uid\b)/.test(word)) return { bound: 'task-bound', words: word.replace(/=.*/, '') };
    if (/^(-[gvqsdnN]*a[gvqsdnN]*$|--all-cpus$|-C|--cpu\b)/.test(word)) cpus = word.replace(/=.*/, '');
    if (word === '-C' || word === '--cpu' || VALUED.has(word)) i++;
    else if (word === '--' || !word.startsWith('-')) {
      return cpus ? { bound: 'cpu-bound', words: cpus } : { bound: 'task-bound', words: 'a command, without -a or -C' };
    }
  }
  return cpus ? { bound: 'cpu-bound', words: cpus } : undefined;
}
