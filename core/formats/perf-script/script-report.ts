/** What a text of SPE samples lacks, and which options of perf print it. */
import type { Warnings } from '../problems.ts';
import { ASSUMED_RECORD_BYTES } from '../spe/text-samples.ts';
import type { ScriptHead } from './script-head.ts';

export interface ScriptCounts {
  records: number;
  /** Samples taken together with the one above. */
  merged: number;
  /** Records whose address may be data's or a branch's target. */
  unclear: number;
  withoutPc: number;
  withoutTid: number;
}

/** Options of -F, and what they are for. */
const COLUMNS = [
  ['addr', 'addresses'],
  ['data_src', 'operations and data sources'],
  ['weight', 'latencies'],
] as const;

export function reportScript(head: ScriptHead, counts: ScriptCounts, warnings: Warnings): void {
  const info = (kind: string, message: string, count = 1) => warnings.add('info', kind, message, { count });
  const { records, merged, unclear, withoutPc, withoutTid } = counts;
  if (merged)
    info('script-merged-samples', 'further samples of a record that perf printed already: taken together', merged);
  if (head.scattered) {
    const message =
      "samples out of perf's order, as `sort` leaves them: those of one time, CPU, thread and address are taken for one record's";
    info('script-scattered', message);
  }
  if (!head.events.has('instructions')) {
    const message =
      'without `instructions` samples, records that none of these events is for are missing: use perf script --itrace=i1i';
    info('script-not-whole', message);
  } else if (head.period > 1) {
    const message = `one \`instructions\` sample for ${head.period} records: \`perf script --itrace=i1i\` prints all`;
    info('script-not-whole', message);
  }
  if (head.unknownTid) {
    const message =
      'records of threads that perf knew nothing of (tid -1): it takes them from CONTEXT packets (kernels with CONFIG_PID_IN_CONTEXTIDR) or from `perf record --switch-events`';
    info('script-unknown-thread', message, withoutTid);
  } else if (!head.hasTid)
    info('script-no-tid', 'samples without a thread: `perf script -F +comm,+tid` prints it', records);
  if (!head.hasCpu) info('script-no-cpu', 'samples without a CPU: `perf script -F +cpu` prints it', records);
  const { has } = head.layout;
  if (has.bareSymbols)
    info('script-no-dso', 'functions without their binary are left out: `perf script -F +dso` prints it', records);
  const missing = COLUMNS.filter(([name]) => !has[name]);
  if (missing.length) {
    const what = missing.map(([, values]) => values).join(', ');
    const fields = missing.map(([name]) => `+${name}`).join(',');
    info(
      'script-no-columns',
      `samples without ${what}: \`perf script --itrace=i1iM -F ${fields}\` prints them`,
      records,
    );
  }
  if (unclear) {
    const message =
      'addresses that may be data or branch targets: left out; `perf script --itrace=i1iM -F +addr,+data_src` tells which';
    info('script-unclear-address', message, unclear);
  }
  if (withoutPc) info('script-no-pc', 'records without a PC, for which perf prints ip 0', withoutPc);
  const message = `text has no record sizes: ${ASSUMED_RECORD_BYTES} bytes each are assumed; kernel addresses count as EL1`;
  info('spe-assumed-size', message);
}
