/**
 * Every row that real traces are turned into, as a digest by trace and VM, with the counts by evidence that say where a difference lies.
 * A rule that changes on purpose changes them (`vitest -u`); stage2.test.ts says whether it got better.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { measureAccuracy } from '../../core/model/stage2/accuracy.ts';
import { measureRows, pooledRows } from '../../core/model/stage2/row-accuracy.ts';
import type { RowAccuracy } from '../../core/model/stage2/row-accuracy.ts';
import { stage2Rows } from '../../core/model/stage2/stage2-json.ts';
import { summarise } from '../../core/model/stage2/summary.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';
import type { VmDescription } from '../../core/model/vm.ts';
import { compared, load, references } from './stage2-fixtures.ts';

function digest(timeline: Stage2Timeline, vm: VmDescription['vms'][number]): string {
  const hash = createHash('sha256');
  for (const row of stage2Rows(timeline))
    hash.update(JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? String(v) : v)));
  const { rowsByEvidence, ...rest } = summarise(timeline, vm.buffers);
  hash.update(JSON.stringify(rest));
  const counts = Object.entries(rowsByEvidence).map(([evidence, n]) => `${evidence} ${n}`);
  return `${hash.digest('hex').slice(0, 16)}  ${counts.sort().join(', ')}`;
}

/** Whatever the last bits of a sum say. */
const figures = (value: object): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' ? Number(v.toPrecision(9)) : v));

test('rows of all references, inferred and exact, and how the two agree', async () => {
  const captures = new Map<string, RowAccuracy[]>();
  const lines = references.flatMap((name) => {
    const trace = load(name);
    return compared(trace).flatMap(({ inferred, truth }, v) => {
      const vm = trace.vm.vms[v];
      for (const [evidence, rows] of measureRows(inferred, truth, vm.slots))
        captures.set(evidence, [...(captures.get(evidence) ?? []), rows]);
      return [
        `${name} vm${v} inferred ${digest(inferred, vm)}`,
        `${name} vm${v} exact    ${digest(truth, vm)}`,
        `${name} vm${v} agree    ${figures(measureAccuracy(inferred, truth, vm.slots))}`,
      ];
    });
  });
  for (const [evidence, rows] of captures) lines.push(`${evidence} ${figures(pooledRows(rows))}`);
  await expect(lines.join('\n') + '\n').toMatchFileSnapshot('expected/stage2/rows.txt');
});
