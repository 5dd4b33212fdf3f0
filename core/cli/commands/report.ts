import { RequestError } from '../../lab/about.ts';
import { writeComparison } from '../../lab/reports/comparison-files.ts';
import type { ComparisonRequest } from '../../lab/reports/comparison-report.ts';
import { keyKinds } from '../../lab/symbols/keys.ts';
import { readSections } from '../../lab/reports/report-files.ts';
import type { ReportRequest } from '../../lab/reports/report-files.ts';
import { writeReport } from '../../lab/reports/report-files.ts';
import { verifyReport } from '../../lab/reports/verify.ts';
import type { Args, Command } from '../command.ts';
import { UsageError } from '../command.ts';
import type { Output } from '../output.ts';
import { reading, replaying } from '../steps.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file' },
    run: { type: 'string', value: 'ID', help: 'run' },
    output: { type: 'string', short: 'o', value: 'FILE.{html,pdf,md,txt}', help: 'the report' },
    sections: { type: 'string', value: 'a,b,…', help: 'only these parts' },
    notes: { type: 'string', value: 'FILE.md', help: 'your notes, Markdown, below the finding' },
    with: { type: 'string', value: 'ID', help: 'compare with this run; with --spe, with this SPE capture' },
    policy: { type: 'string', value: 'P', help: 'of a comparison: one policy (all that both runs have)' },
    'with-policy': { type: 'string', value: 'P', help: 'compare --policy with this one, of the same run or of --with' },
    spe: { type: 'string', value: 'ID', help: 'compare this SPE capture, e.g. of a guest, with another' },
    by: {
      type: 'string',
      value: 'KEY',
      help: `of a comparison: ${keyKinds.join(' | ')} (symbol where known, else page)`,
    },
    verify: { type: 'string', value: 'FILE.{html,md}', help: 'recompute a report, and say whether it is the same' },
    input: { type: 'string', value: 'FILE', multiple: true, help: '--verify: where a capture lies now' },
  },
  details:
    'Sections: inputs, timeline, policies, windows, skew, verdicts, parameters; of a comparison parameters, policies, windows, skew,\n' +
    'inputs. The finding and what reproduces it are always there.\n' +
    'Comparisons: --run A --with B; --run A --policy P --with-policy Q; --spe A --with B. Differences are A’s value minus B’s.\n' +
    'A PDF is printed by a Chromium of this machine (UMBRA_CHROMIUM, or found in PATH). Markdown has its figures in FILE-figures/.\n' +
    'Verifying finds the captures by their SHA-256: where they were, beside the report, or where --input says. Exit 1 if anything differs.',
  run(args, out) {
    const report = args.text('verify');
    return report === undefined ? write(args, out) : verify(args, out, report);
  },
};

function write(args: Args, out: Output): void {
  for (const name of ['db', 'output'])
    if (args.text(name) === undefined) throw new UsageError(`report: --${name} is missing`);
  const sections = args.text('sections');
  const request: ReportRequest = {
    ...(sections !== undefined && { sections: readSections(sections) }),
    notesFile: args.text('notes'),
  };
  const [lab, file] = [args.need('db'), args.need('output')];
  const comparison = comparisonOf(args);
  const files = comparison
    ? writeComparison(lab, comparison, file, request, replaying(out))
    : writeReport(lab, args.integer('run')!, file, request);
  if (args.flag('json')) out.json({ report: files[0], files });
  else out.write(`report: ${files[0]}${files.length > 1 ? ` and ${files.length - 1} figures` : ''}\n`);
}

/** What to compare; undefined for a report of one run. */
function comparisonOf(args: Args): ComparisonRequest | undefined {
  const [run, spe, other] = [args.integer('run'), args.integer('spe'), args.integer('with')];
  const [policy, withPolicy, word] = [args.text('policy'), args.text('with-policy'), args.text('by')];
  const by = keyKinds.find((k) => k === word);
  if (word !== undefined && !by) throw new UsageError(`--by takes ${keyKinds.join(', ')}, not '${word}'`);
  if ((run === undefined) === (spe === undefined)) throw new UsageError('report: either --run or --spe');
  if (spe !== undefined) {
    if (other === undefined) throw new UsageError('report: --spe A needs --with B, another SPE capture');
    for (const name of ['policy', 'with-policy'])
      if (args.given(name)) throw new UsageError(`--${name} is of runs, not of captures`);
    return { of: 'captures', a: spe, b: other, by };
  }
  if (other !== undefined || withPolicy !== undefined)
    return { of: 'runs', a: run!, b: other ?? run!, by, policy, withPolicy };
  for (const name of ['policy', 'by'])
    if (args.given(name)) throw new UsageError(`--${name} is of comparisons: add --with or --with-policy`);
  return undefined;
}

function verify(args: Args, out: Output, report: string): void {
  const verified = verifyReport(report, args.texts('input'), { onRead: reading(out), onStep: replaying(out) });
  if (args.flag('json')) out.json(verified);
  else for (const difference of verified.differences) out.write(`${difference}\n`);
  if (!verified.identical) throw new RequestError(verified.summary);
  if (!args.flag('json')) out.write(`${verified.summary}\n`);
}
