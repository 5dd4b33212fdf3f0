import { runMainJob } from '../../lab/reports/main-job.ts';
import type { Command } from '../command.ts';
import { warningLine } from '../format.ts';
import { reading, reconstructing, replaying } from '../steps.ts';
import { commandLine, replayChoice, replayOptions } from '../replay-options.ts';
import { printResults, resultsJson } from '../results.ts';
import { symbolChoiceIfAny, symbolOptions } from '../symbol-options.ts';

export const command: Command = {
  operands: 'SPE KVM',
  arity: [2, 2],
  options: {
    output: { type: 'string', short: 'o', value: 'FILE.html', help: 'the report', required: true },
    db: { type: 'string', value: 'LAB', help: 'keep captures and run in this lab file' },
    vm: {
      type: 'string',
      value: 'JSON',
      help: 'VM description of the trace; X.vm.json beside X.trace.dat is picked up automatically',
    },
    note: {
      type: 'string',
      value: 'TEXT',
      multiple: true,
      help: 'what readers of the report must know of the captures',
    },
    ...symbolOptions,
    ...replayOptions,
  },
  run(args, out) {
    const [speFile, kvmFile] = args.operands;
    const reportFile = args.need('output');
    const done = runMainJob({
      speFile,
      kvmFile,
      reportFile,
      lab: args.text('db'),
      importOptions: {
        vmFile: args.text('vm'),
        symbols: symbolChoiceIfAny(args),
        onRead: reading(out),
        onStage2: reconstructing(out),
      },
      replay: { ...replayChoice(args), command: commandLine('run', args), notes: args.texts('note') },
      onStep: replaying(out),
    });
    if (args.flag('json')) return out.json({ captures: done.captures, ...resultsJson(done.run), report: reportFile });
    for (const c of done.captures) for (const w of c.warnings) out.note(`${c.file}: ${warningLine(w)}`);
    printResults(out, done.run);
    out.write(`\nreport: ${reportFile}\n`);
  },
};
