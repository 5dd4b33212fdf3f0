/** Why a perf.data has no SPE data, and what would have worked. */
import { InputError } from '../problems.ts';
import { auxtraceName } from './auxtrace-info.ts';
import type { SpeConfig } from './facts.ts';
import type { PerfData } from './perf-data.ts';

const ADVICE = 'Record with `perf record -e arm_spe_0//`';

/** Throws an `InputError` that says what is there instead if the file holds no SPE data. */
export function requireSpe(perf: PerfData): void {
  if (perf.facts.spe !== undefined && perf.queues.length > 0) return;
  throw new InputError(perf.source.name, perf.facts.spe ? emptyReason(perf, perf.facts.spe.config) : otherReason(perf));
}

/** There was an SPE event. */
function emptyReason({ samples }: PerfData, config: SpeConfig | undefined): string {
  if (config?.discard)
    return 'recorded with discard=1: the SPE threw all its records away. Record without discard: `perf record -e arm_spe_0/ts_enable=1,pa_enable=1/`';
  const other = samples ? ` (its ${samples} samples are of other events)` : '';
  const filters =
    config && filterWords(config).length
      ? ` Its filters (${filterWords(config).join(', ')}) may fit no operation.`
      : '';
  return `an SPE event but not one AUXTRACE record: nothing was sampled${other}.${filters} ${ADVICE}`;
}

/** There was none, or what it recorded is gone. */
function otherReason({ facts, samples, auxType }: PerfData): string {
  const names = facts.events.map((e) => e.name);
  const isInjected = facts.commandLine?.[1] === 'inject' || facts.commandLine?.[0] === 'inject';
  if (!auxType && names.some((name) => /^arm_spe/.test(name))) {
    const how = isInjected ? 'perf inject' : 'perf inject, or a tool like it,';
    return `its SPE data is gone: ${how} made samples of it. Give the file from before, the input of perf inject`;
  }
  const some =
    names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} other events` : names.join(', ');
  const counted = Object.entries(facts.records).some(([name, n]) => /^STAT/.test(name) && n > 0);
  if (counted) return `no SPE data in it, but counts of \`perf stat record\` (${some}). ${ADVICE}`;
  const other = auxType ? `, but ${auxtraceName(auxType)}` : '';
  const held = samples > 0 ? `; its ${samples} samples are of ${some}` : '';
  return `no SPE data in it${other}${held}. ${ADVICE}`;
}

/** Filters of an SPE event, as its terms: what they leave out isn't in the reference either. */
export function filterWords(config: Partial<SpeConfig>): string[] {
  const on = (['branch', 'load', 'store', 'simd', 'float'] as const).filter((name) => config[`${name}_filter`]);
  // All three that older kernels know: only other operations are left out.
  const masks = (['branch', 'load', 'store', 'simd', 'float'] as const).filter((name) => config[`${name}_filter_mask`]);
  const value = (name: 'event_filter' | 'inv_event_filter' | 'inv_data_src_filter') =>
    (config[name] ?? '0x0') === '0x0' ? [] : [`${name}=${config[name]}`];
  return [
    ...on.map((name) => `${name}_filter=1`),
    ...masks.map((name) => `${name}_filter_mask=1`),
    ...(['event_filter', 'inv_event_filter', 'inv_data_src_filter'] as const).flatMap(value),
    ...(config.min_latency ? [`min_latency=${config.min_latency}`] : []),
  ];
}
