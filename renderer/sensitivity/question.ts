/** A sweep as the address holds it (`irqNs_500_50000_11_log`, `…_log_if-dl-0` under an assumption check), and the default question. */
import type { ResolvedParams } from '../../core/contract/runs.ts';
import { MAX_SWEEP_STEPS } from '../../core/contract/sweep.ts';
import type { SweepJob } from '../../core/contract/sweep.ts';

export type Question = Omit<SweepJob, 'run'>;

export function formatQuestion({ param, from, to, steps, log, check }: Question): string {
  return [param, from, to, steps, ...(log ? ['log'] : []), ...(check === undefined ? [] : [`if-${check}`])].join('_');
}

/** Undefined for any other word; whether its parameter and numbers are valid is for the host to say. */
export function parseQuestion(word: string | undefined): Question | undefined {
  const [param, from, to, count, ...options] = word?.split('_') ?? [];
  const steps = Number(count);
  const log = options[0] === 'log';
  const [condition, ...more] = log ? options.slice(1) : options;
  const check = condition === undefined ? undefined : /^if-([a-z0-9-]+)$/.exec(condition)?.[1];
  if (!param || !from || !to || more.length || (condition !== undefined && check === undefined)) return undefined;
  if (!Number.isInteger(steps) || steps < 2 || steps > MAX_SWEEP_STEPS) return undefined;
  return { param, from, to, steps, log, ...(check !== undefined && { check }) };
}

/** The most common question. */
export const often: readonly string[] = [
  ...['irqNs', 'reenableNs', 'readNs', 'dlProbability', 'trapsPerEnable', 'bufferBytes', 'unmapRate'],
];

/** Parameters without a scale to centre the range on. */
const fixed: Readonly<Record<string, Omit<Question, 'param'>>> = {
  unmapRate: { from: '0.1', to: '10', steps: 9, log: true },
  trapsPerEnable: { from: '0', to: '20', steps: 11, log: false },
  tornRecords: { from: '0', to: '100', steps: 11, log: false },
  rlimitBytes: { from: '64K', to: '64M', steps: 11, log: true },
  vmBytes: { from: '256M', to: '16G', steps: 7, log: true },
  watermarkBytes: { from: '64K', to: '1M', steps: 5, log: true },
  dlProbability: { from: '0', to: '1', steps: 11, log: false },
  offsetNs: { from: '0', to: '1000000', steps: 11, log: false },
  seed: { from: '1', to: '10', steps: 10, log: false },
  trials: { from: '1', to: '10', steps: 10, log: false },
};

/** A decade (for sizes, two doublings) either side of the run's value. */
export function defaultQuestion(param: string, params: Partial<ResolvedParams['params']>, unit: string): Question {
  if (param in fixed) return { param, ...fixed[param] };
  const own = params[param as keyof typeof params];
  if (typeof own !== 'number' || own <= 0) return { param, from: '0', to: '1000000', steps: 11, log: false };
  const factor = unit === 'bytes' ? 4 : 10;
  return { param, from: text(own / factor), to: text(own * factor), steps: unit === 'bytes' ? 5 : 13, log: true };
}

const text = (value: number) => String(Number(value.toPrecision(12)));
