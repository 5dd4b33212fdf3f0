/** An event's name: from the file, or, if that names none (pipes, old files), from its type and config as in perf's headers. */
import type { EventAttr } from './attr.ts';

/** include/uapi/linux/perf_event.h, enum perf_hw_id and perf_sw_ids, as `perf list` calls them. */
const hardware = [
  ...['cycles', 'instructions', 'cache-references', 'cache-misses', 'branches', 'branch-misses', 'bus-cycles'],
  ...['stalled-cycles-frontend', 'stalled-cycles-backend', 'ref-cycles'],
];
const software = [
  ...['cpu-clock', 'task-clock', 'page-faults', 'context-switches', 'cpu-migrations', 'minor-faults', 'major-faults'],
  ...['alignment-faults', 'emulation-faults', 'dummy', 'bpf-output', 'cgroup-switches'],
];

const PERF_TYPE_HARDWARE = 0;
const PERF_TYPE_SOFTWARE = 1;
const PERF_TYPE_TRACEPOINT = 2;

/** @param pmus names of PMUs by their type, if the file has them */
export function eventName(
  { name, attr }: { readonly name: string; readonly attr: Pick<EventAttr, 'type' | 'config'> },
  pmus?: ReadonlyMap<number, string>,
): string {
  if (name) return name;
  const { type, config } = attr;
  const known = type === PERF_TYPE_HARDWARE ? hardware : type === PERF_TYPE_SOFTWARE ? software : undefined;
  const word = config < 64n ? known?.[Number(config)] : undefined;
  if (word) return word;
  if (type === PERF_TYPE_TRACEPOINT) return `tracepoint ${config}`;
  const pmu = pmus?.get(type);
  return pmu ? `${pmu}/config=0x${config.toString(16)}/` : `type ${type}, config 0x${config.toString(16)}`;
}
