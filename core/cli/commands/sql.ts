import { runSql } from '../../lab/service/sql.ts';
import { printableCell } from '../../words/printable.ts';
import type { Command } from '../command.ts';
import { textTable } from '../table.ts';

/** Rows of a text table are held to align them: beyond this, columns are separated by tabs and streamed. */
const ALIGNED_ROWS = 1000;

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
      const held: string[][] = [];
      let streaming = false;
      for (const row of rows) {
        const cells = row.map((v) => (v === null ? '' : printableCell(String(value(v)))));
        if (streaming) {
          out.write(`${cells.join('\t')}\n`);
        } else if (held.push(cells) > ALIGNED_ROWS) {
          streaming = true;
          out.write([columns, ...held].map((r) => `${r.join('\t')}\n`).join(''));
        }
      }
      if (!streaming) out.write(textTable(columns, held, ''));
    });
  },
};

/** Blobs are shown by size: their bytes are of no use on a terminal. */
function value(v: bigint | number | string | Uint8Array | null): bigint | number | string | null {
  return v instanceof Uint8Array ? `<${v.length} bytes>` : v;
}
