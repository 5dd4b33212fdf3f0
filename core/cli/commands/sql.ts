import { RequestError } from '../../lab/about.ts';
import { runSql } from '../../lab/service/sql.ts';
import { printableCell } from '../../words/printable.ts';
import type { Command } from '../command.ts';
import { rowPrinter } from '../rows.ts';

export const command: Command = {
  operands: '"select …"',
  arity: [1, 1],
  options: { db: { type: 'string', value: 'LAB', help: 'lab file', required: true } },
  details:
    'Tables: capture, spe_sample, trace_event, mapping, thread, run, replay_result, blackout_window, stall, skew_result and more\n' +
    '(`select name, sql from sqlite_schema`). Times are ns, addresses hex text in spe_sample, fields JSON in trace_event.',
  run(args, out) {
    runSql(args.need('db'), args.operands[0], ({ columns, rows }) => {
      if (args.flag('json'))
        return out.json([...rows].map((row) => Object.fromEntries(columns.map((c, i) => [c, value(row[i])]))));
      const printer = rowPrinter(out);
      printer.columns(columns);
      for (const row of rows) printer.row(row.map((v) => (v === null ? '' : printableCell(String(value(v))))));
      printer.end();
    });
  },
};

/** Most characters of a value: printing takes a multiple of it in memory. */
const MAX_CHARACTERS = 1 << 26;

/** Blobs are shown by size: their bytes are of no use on a terminal. */
function value(v: bigint | number | string | Uint8Array | null): bigint | number | string | null {
  if (typeof v === 'string' && v.length > MAX_CHARACTERS)
    throw new RequestError(
      `a value of ${v.length} characters, and ${MAX_CHARACTERS} can be printed: take parts with substr()`,
    );
  return v instanceof Uint8Array ? `<${v.length} bytes>` : v;
}
