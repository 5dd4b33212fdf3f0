import { listLabCaptures } from '../../lab/captures/captures.ts';
import type { Command } from '../command.ts';
import { duration } from '../format.ts';
import { keep, keepDetails, keepOperands, keepOptions } from '../keep.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  operands: keepOperands,
  arity: [0, Infinity],
  options: keepOptions,
  details: `${keepDetails}\nevents: whether SPE follows tasks (task-bound) or CPUs (cpu-bound); --json has the evidence.\nRuns of a deleted capture go with it.`,
  async run(args, out) {
    if (await keep('capture', args, out)) return;
    const list = listLabCaptures(args.need('db'));
    if (args.flag('json')) return out.json(list);
    if (!list.length) return out.write('no captures yet; `umbra import FILE… --db LAB` adds some\n');
    const rows = list.map((c) => [
      String(c.id),
      c.kind,
      c.name,
      c.format,
      String(c.samples + c.events),
      c.t0 === undefined || c.t1 === undefined ? '-' : duration(BigInt(c.t1) - BigInt(c.t0)),
      c.cpus.join(','),
      c.binding?.bound ?? '-',
      String(c.warnings.length),
    ]);
    out.write(
      textTable(['id', 'kind', 'name', 'format', 'records', 'span', 'cpus', 'events', 'warnings'], rows, 'rlllrrllr'),
    );
  },
};
