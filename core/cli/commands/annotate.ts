import { basename } from 'node:path';
import type { CodeRow, FunctionCode } from '../../contract/code.ts';
import { codeOfFunction } from '../../lab/windows/code.ts';
import { count, percent } from '../../words/numbers.ts';
import type { Command } from '../command.ts';
import { resultChoice, resultOptions } from '../result-options.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  operands: 'KEY',
  arity: [1, 1],
  options: {
    ...resultOptions,
    all: { type: 'boolean', help: 'every instruction, not only those with samples' },
  },
  details:
    'KEY is a function as `umbra skew --by symbol` names it, or a place: kvbench+0x1a40. Shares are of all samples of the run: in the\n' +
    'reference, and among those that survive under the policy. Latency is the mean total latency of the reference’s samples, in cycles.\n' +
    'Instructions and source lines are those of the binary that `umbra symbols --elf` was given.',
  async run(args, out) {
    const code = await codeOfFunction(args.need('db'), args.operands[0], resultChoice(args));
    if (args.flag('json')) return out.json(code);
    out.write(headOf(code));
    const rows = args.flag('all') ? code.rows : code.rows.filter((row) => row.reference);
    out.write(
      textTable(
        HEAD,
        rows.map((row, i) => cells(code, row, rows[i - 1])),
        'rrrrrlrll',
      ),
    );
    if (code.missing !== undefined) out.write(`\n${code.missing}\n`);
    if (code.cut)
      out.write(`\nthe last ${count(code.cut)} bytes of the function have no instructions here: it is too long\n`);
  },
};

const HEAD = ['samples', 'lost', 'share', 'surviving', 'cycles', 'source', 'offset', 'line', 'instruction'];

function headOf({ name, binary, start, bytes, reference, kept, all }: FunctionCode): string {
  const share = (n: number, of: number): string => (of ? percent(n / of, 2) : '-');
  return (
    `${name}  (${binary}, ${count(bytes)} bytes at ${start})\n` +
    `reference: ${count(reference)} of ${count(all.reference)} samples, ${share(reference, all.reference)}\n` +
    `surviving: ${count(kept)} of ${count(all.kept)} samples, ${share(kept, all.kept)}\n\n`
  );
}

/** @param before the row above: a line is named where it begins */
function cells({ all, files }: FunctionCode, row: CodeRow, before: CodeRow | undefined): string[] {
  const { at, reference, kept, latency, sources, text, line } = row;
  const isNew = line && (before?.line?.[0] !== line[0] || before.line[1] !== line[1]);
  return [
    reference ? count(reference) : '',
    reference > kept ? count(reference - kept) : '',
    reference && all.reference ? percent(reference / all.reference, 2) : '',
    reference && all.kept ? percent(kept / all.kept, 2) : '',
    latency === undefined ? '' : String(Math.round(latency)),
    sources[0]?.name ?? '',
    `+0x${at.toString(16)}`,
    isNew ? `${basename(files[line[0]])}:${line[1]}` : '',
    text ?? '',
  ];
}
