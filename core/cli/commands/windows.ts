import { listWindows } from '../../lab/runs/runs.ts';
import type { Command } from '../command.ts';
import { duration } from '../format.ts';
import { resultChoice, resultOptions } from '../result-options.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: resultOptions,
  details: 'Times are ns in the SPE capture’s clock. `umbra explain --window N` tells the story of the N-th, from 0.',
  run(args, out) {
    const rows = listWindows(args.need('db'), resultChoice(args));
    if (args.flag('json')) return out.json(rows);
    if (!rows.length) return out.write('no blackout windows\n');
    const cells = rows.map((w, n) => [
      String(n),
      String(w.lane),
      String(w.start),
      String(w.end),
      duration(w.end - w.start),
      w.kind,
      w.cause ?? '-',
      w.ipa ?? '-',
      w.action ?? '-',
      String(w.lost),
    ]);
    out.write(
      textTable(
        ['n', 'lane', 'start ns', 'end ns', 'length', 'kind', 'cause', 'ipa', 'action', 'lost'],
        cells,
        'rrrrrllllr',
      ),
    );
  },
};
