/**
 * How far the reconstruction agrees with the kernel's own page-table calls, by trace and by evidence.
 *
 *   npm run accuracy                 over the fixtures
 *   npm run accuracy -- FOLDER…      over every capture below the folders that has X.trace.dat, X.vm.json and X.stage2.txt
 */
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { nextState, PageState, Segments } from '../../core/model/stage2/page-states.ts';
import type { PageRange } from '../../core/model/stage2/page-states.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';
import { capturesBelow, compared, load, loadFiles, references } from './stage2-fixtures.ts';

const percent = (share: number): string => `${(share * 100).toFixed(3)} %`.padStart(11);
/** Evidence → page·ns by rows of it, and those in which the kernel's calls agree on whether a write faults. */
const byEvidence = new Map<string, { all: number; right: number }>();

function addEvidence(inferred: Stage2Timeline, truth: Stage2Timeline, ranges: readonly PageRange[]): void {
  const segments = new Segments(ranges, [inferred, truth]);
  const n = segments.start.length;
  const claimed = new Uint8Array(n).fill(PageState.WRITABLE);
  const actual = new Uint8Array(n).fill(PageState.UNMAPPED);
  const evidence = new Array<string>(n).fill('default');
  const since = new Float64Array(n);
  const shift = Number(truth.origin - inferred.origin);
  const settle = (s: number, t: number): void => {
    const sum = byEvidence.get(evidence[s]) ?? { all: 0, right: 0 };
    byEvidence.set(evidence[s], sum);
    const time = (t - since[s]) * segments.pages[s];
    since[s] = t;
    if (claimed[s] === PageState.UNKNOWN) return;
    sum.all += time;
    if ((claimed[s] === PageState.WRITABLE) === (actual[s] === PageState.WRITABLE)) sum.right += time;
  };
  for (let i = 0, k = 0; i < inferred.n || k < truth.n;) {
    const mine = i < inferred.n && (k >= truth.n || inferred.t[i] <= truth.t[k] + shift);
    const [from, row, states] = mine ? ([inferred, i++, claimed] as const) : ([truth, k++, actual] as const);
    const t = Math.max(0, mine ? from.t[row] : from.t[row] + shift);
    // The VM's end: its tables are destroyed.
    if (!mine && from.pages[row] >= 2 ** 40) break;
    const end = segments.from(from.page[row] + from.pages[row]);
    for (let s = segments.from(from.page[row]); s < end; s++) {
      const state = nextState(from, row, states[s]);
      if (state === states[s]) continue;
      settle(s, t);
      states[s] = state;
      if (mine) evidence[s] = from.evidences[from.evidence[row]];
    }
  }
}

const folders = process.argv.slice(2);
const traces = folders.length
  ? folders.flatMap((folder) =>
      capturesBelow(folder).map(([name, ...files]) => [name, () => loadFiles(...files)] as const),
    )
  : references.map((name) => [name, () => load(name)] as const);
if (!traces.length) throw new Error(`No trace with X.vm.json and X.stage2.txt beside it below ${folders.join(', ')}.`);
const width = Math.max(20, ...traces.map(([name]) => name.length + 2));

const shares: number[] = [];
console.log(`${'trace'.padEnd(width)}${'buffers'.padStart(11)}${'unknown'.padStart(11)}${'all RAM'.padStart(11)}`);
for (const [name, open] of traces) {
  const trace = open();
  compared(trace).forEach(({ inferred, truth }, v) => {
    const { buffers, slots } = trace.vm.vms[v];
    const buffer = measureAccuracy(inferred, truth, buffers);
    const ram = measureAccuracy(inferred, truth, slots);
    shares.push(buffer.valid);
    console.log(`${name.padEnd(width)}${percent(buffer.valid)}${percent(buffer.unknown)}${percent(ram.valid)}`);
    addEvidence(inferred, truth, buffers);
  });
}
shares.sort((a, b) => a - b);
console.log(`${'median, worst'.padEnd(width)}${percent(shares[shares.length >> 1])}${percent(shares[0])}`);

console.log(`\n${'evidence'.padEnd(20)}${'right'.padStart(11)}   page·s`);
for (const [name, { all, right }] of [...byEvidence].sort(([, a], [, b]) => b.all - a.all)) {
  if (all > 0) console.log(`${name.padEnd(20)}${percent(right / all)}   ${(all / 1e9).toFixed(1)}`);
}
