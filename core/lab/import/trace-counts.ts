/** What a trace's batches hold, counted. */
import type { TraceColumns } from '../../formats/event-format/columns.ts';
import { halves } from '../../formats/spe/columns.ts';
import { LeapWatch } from '../../formats/time-leaps.ts';

export interface TraceCounts {
  /** By event of the dictionary. */
  readonly events: Float64Array;
  /** CPUs that have events, ascending. */
  readonly cpus: readonly number[];
  /** Times far from the one before, and the first of them, ns. */
  readonly leaps: number;
  readonly leapAt: bigint | undefined;
}

export class TraceCounter {
  readonly #events = new Float64Array(1 << 16);
  readonly #cpus = new Uint8Array(1 << 16);
  readonly #watch = new LeapWatch();
  #leaps = 0;
  #leapAt: bigint | undefined;

  /** All batches, in order. */
  take({ n, event, cpu, t }: TraceColumns): void {
    const times = halves(t);
    const at = (i: number) => times[2 * i + 1] * 2 ** 32 + times[2 * i];
    const far = (i: number) => {
      if (!this.#watch.isFarNumber(at(i))) return;
      this.#leaps++;
      this.#leapAt ??= t[i];
    };
    if (n) far(0);
    for (let i = 0; i < n; i++) {
      this.#events[event[i]]++;
      this.#cpus[cpu[i]] = 1;
      // Nothing within 4 s is far.
      if (i && times[2 * i + 1] !== times[2 * i - 1]) {
        this.#watch.isFarNumber(at(i - 1));
        far(i);
      }
    }
    if (n) this.#watch.isFarNumber(at(n - 1));
  }

  counts(): TraceCounts {
    const cpus = Array.from(this.#cpus.keys()).filter((cpu) => this.#cpus[cpu]);
    return { events: this.#events, cpus, leaps: this.#leaps, leapAt: this.#leapAt };
  }
}
