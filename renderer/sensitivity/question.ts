/** A sweep as the address holds it (`irqNs_500_50000_11_log`), and what to ask where nobody has said yet. */
import type { ResolvedParams } from '../../core/contract/runs.ts';
import { MAX_SWEEP_STEPS } from '../../core/contract/sweep.ts';
import type { SweepJob } from '../../core/contract/sweep.ts';

export type Question = Omit<SweepJob, 'run'>;

export function formatQuestion({ param, from, to, steps, log }: Question): string {
  return [param, from, to, steps, ...(log ? ['log'] : [])].join('_');
}

/** Undefined for what is no such word; whether its parameter and numbers will do is the host's to say. */
export function parseQuestion(word: string | undefined): Question | undefined {
  const [param, from, to, count, log, ...more] = word?.split('_') ?? [];
  const steps = Number(count);
  if (!param || !from || !to || more.length || (log !== undefined && log !== 'log')) return undefined;
  if (!Number.isInteger(steps) || steps < 2 || steps > MAX_SWEEP_STEPS) return undefined;
  return { param, from, to, steps, log: log === 'log' };
}

/** What people ask about first, and what each stands for. */
export const often: readonly (readonly [param: string, what: string])[] = [
  ['irqNs', 'how long the guest runs on, unprofiled, until the PMBIRQ takes the vCPU out'],
  ['reenableNs', 'how long until perf has read the buffer and enables a killed session again'],
  ['bufferBytes', 'how large each lane’s buffer is'],
  ['unmapRate', 'how often the host unmaps, as a multiple of the trace'],
];

/** Those that have no scale of their own to lie around. */
const fixed: Readonly<Record<string, Omit<Question, 'param'>>> = {
  unmapRate: { from: '0.1', to: '10', steps: 9, log: true },
  dlProbability: { from: '0', to: '1', steps: 11, log: false },
  offsetNs: { from: '0', to: '1000000', steps: 11, log: false },
  seed: { from: '1', to: '10', steps: 10, log: false },
  trials: { from: '1', to: '10', steps: 10, log: false },
};

/** A decade (of sizes, two doublings) to both sides of what the run has. */
export function defaultQuestion(param: string, params: Partial<ResolvedParams['params']>, unit: string): Question {
  if (param in fixed) return { param, ...fixed[param] };
  const own = params[param as keyof typeof params];
  if (typeof own !== 'number' || own <= 0) return { param, from: '0', to: '1000000', steps: 11, log: false };
  const factor = unit === 'bytes' ? 4 : 10;
  return { param, from: text(own / factor), to: text(own * factor), steps: unit === 'bytes' ? 5 : 13, log: true };
}

const text = (value: number) => String(Number(value.toPrecision(12)));
