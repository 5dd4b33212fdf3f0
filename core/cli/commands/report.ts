import { RequestError } from '../../lab/about.ts';
import { writeReport } from '../../lab/runs.ts';
import { readSections } from '../../lab/report-files.ts';
import { verifyReport } from '../../lab/verify.ts';
import type { Args, Command } from '../command.ts';
import { UsageError } from '../command.ts';
import type { Output } from '../output.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file' },
    run: { type: 'string', value: 'ID', help: 'run' },
    output: { type: 'string', short: 'o', value: 'FILE.{html,pdf,md,txt}', help: 'the report' },
    sections: { type: 'string', value: 'a,b,…', help: 'only these parts' },
    notes: { type: 'string', value: 'FILE.md', help: 'your notes, Markdown, below the finding' },
    verify: { type: 'string', value: 'FILE.{html,md}', help: 'recompute a report, and say whether it is the same' },
    input: { type: 'string', value: 'FILE', multiple: true, help: '--verify: where a capture lies now' },
  },
  details:
    'Sections: inputs, timeline, policies, windows, skew, verdicts, parameters. The finding and what reproduces it are always there.\n' +
    'A PDF is printed by a Chromium of this machine (UMBRA_CHROMIUM, or found in PATH). Markdown has its figures in FILE-figures/.\n' +
    'Verifying finds the captures by their SHA-256: where they were, beside the report, or where --input says. Exit 1 if anything differs.',
  run(args, out) {
    const report = args.text('verify');
    return report === undefined ? write(args, out) : verify(args, out, report);
  },
};

function write(args: Args, out: Output): void {
  for (const name of ['db', 'run', 'output'])
    if (args.text(name) === undefined) throw new UsageError(`report: --${name} is missing`);
  const sections = args.text('sections');
  const files = writeReport(args.need('db'), args.integer('run')!, args.need('output'), {
    ...(sections !== undefined && { sections: readSections(sections) }),
    notesFile: args.text('notes'),
  });
  if (args.flag('json')) out.json({ report: files[0], files });
  else out.write(`report: ${files[0]}${files.length > 1 ? ` and ${files.length - 1} figures` : ''}\n`);
}

function verify(args: Args, out: Output, report: string): void {
  const verified = verifyReport(report, args.texts('input'));
  if (args.flag('json')) out.json(verified);
  else for (const difference of verified.differences) out.write(`${difference}\n`);
  if (!verified.identical) throw new RequestError(verified.summary);
  if (!args.flag('json')) out.write(`${verified.summary}\n`);
}
