import { queryDataset } from '../../lab/campaign/query.ts';
import type { DuckValue } from '../../lab/campaign/query.ts';
import { printableCell } from '../../words/printable.ts';
import { Interrupted } from '../output.ts';
import { rowPrinter } from '../rows.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = {
  operand: '"select …"',
  options: [],
  async run({ folder, operand, args, out }) {
    let columns: readonly string[] = [];
    const json: object[] = [];
    const printer = rowPrinter(out);
    const finished = await queryDataset(
      folder,
      [operand],
      {
        columns(_, names) {
          columns = names;
          printer.columns(names);
        },
        rows(_, rows) {
          if (args.flag('json'))
            for (const row of rows) json.push(Object.fromEntries(columns.map((c, i) => [c, row[i]])));
          else for (const row of rows) printer.row(row.map(cell));
        },
      },
      { stopped: out.stopped() },
    );
    if (!finished) throw new Interrupted('interrupted');
    if (args.flag('json')) out.json(json);
    else printer.end();
  },
};

function cell(value: DuckValue | undefined): string {
  if (value === null || value === undefined) return '';
  return printableCell(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
