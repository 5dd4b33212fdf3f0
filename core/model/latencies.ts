/** The latencies of one lane's replay: the run's figures, or draws from what the trace showed. */
import type { TimeName } from './policy.ts';
import type { Times } from './params.ts';
import type { Random } from './random.ts';

/** What was measured: values of a latency, ns, in any order. Names that are missing stay at their one figure. */
export type Distributions = Readonly<Partial<Record<TimeName, Float64Array>>>;

export class Latencies {
  readonly #times: Times;
  readonly #distributions: Distributions;
  readonly #random: Random;

  constructor(times: Times, distributions: Distributions, random: Random) {
    this.#times = times;
    this.#distributions = distributions;
    this.#random = random;
  }

  /** Whole ns but for what is counted per page or byte. A draw costs one random number; a fixed figure none. */
  take(name: TimeName): number {
    const measured = this.#distributions[name];
    return measured?.length ? measured[this.#random.below(measured.length)] : this.#times[name];
  }

  /** Whether it can be anything but 0. */
  matters(name: TimeName): boolean {
    return this.#times[name] > 0 || (this.#distributions[name]?.length ?? 0) > 0;
  }

  /** One draw, unless the answer is certain. */
  chance(probability: number): boolean {
    return probability >= 1 || (probability > 0 && this.#random.uniform() < probability);
  }
}
