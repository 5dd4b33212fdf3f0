import { writeReport } from '../../lab/runs.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    run: { type: 'string', value: 'ID', help: 'run', required: true },
    output: { type: 'string', short: 'o', value: 'FILE.html', help: 'the report', required: true },
  },
  run(args, out) {
    const file = args.need('output');
    writeReport(args.need('db'), args.integer('run')!, file);
    if (args.flag('json')) out.json({ report: file });
    else out.write(`report: ${file}\n`);
  },
};
