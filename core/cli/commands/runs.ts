import { listLabRuns } from '../../lab/runs/runs.ts';
import type { Command } from '../command.ts';
import { keep, keepDetails, keepOperands, keepOptions } from '../keep.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  operands: keepOperands,
  arity: [0, Infinity],
  options: keepOptions,
  details: keepDetails,
  async run(args, out) {
    if (await keep('run', args, out)) return;
    const list = listLabRuns(args.need('db'));
    if (args.flag('json')) return out.json(list);
    if (!list.length) return out.write('no runs yet; `umbra replay --db LAB --spe ID --kvm ID` makes one\n');
    const rows = list.map((r) => [
      ...[String(r.id), r.name ?? '', String(r.spe), String(r.kvm), r.policies.join(','), r.umbra],
    ]);
    out.write(textTable(['id', 'name', 'spe', 'kvm', 'policies', 'umbra'], rows, 'rlrrll'));
  },
};
