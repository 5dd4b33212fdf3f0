/** The latencies of one lane's replay: the policy's own figures, draws from what the trace showed, or the run's figures. */
import { timesOf } from './params.ts';
import type { RunParams, Times } from './params.ts';
import type { Policy, TimeName } from './policy.ts';
import type { Random } from './random.ts';

/** What was measured: values of a latency, ns, in any order. Missing names keep their single figure. */
export type Distributions = Readonly<Partial<Record<TimeName, Float64Array>>>;

export class Latencies {
  readonly #times: Times;
  readonly #distributions: Distributions;
  readonly #random: Random;

  constructor(params: RunParams, policy: Policy, distributions: Distributions, random: Random) {
    const own = policy.times ?? {};
    this.#times = timesOf(params, own);
    const measured = Object.entries(params.latency === 'sampled' ? distributions : {});
    this.#distributions = Object.fromEntries(measured.filter(([name]) => own[name as TimeName] === undefined));
    this.#random = random;
  }

  /** Whole ns, except what is counted per page or byte. A draw costs one random number; a fixed figure none. */
  take(name: TimeName): number {
    const measured = this.#distributions[name];
    return measured?.length ? measured[this.#random.below(measured.length)] : this.#times[name];
  }

  /** Time from a wake-up of perf until it has read the buffer, ns: a figure, never a draw. */
  get readNs(): number {
    return this.#times.readNs;
  }

  /** One draw, unless the answer is certain. */
  chance(probability: number): boolean {
    return probability >= 1 || (probability > 0 && this.#random.uniform() < probability);
  }
}
