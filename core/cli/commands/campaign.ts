import type { Args, Command } from '../command.ts';
import { UsageError } from '../command.ts';
import type { Verb } from '../campaign/verb.ts';

/** Loaded when called: most need neither DuckDB nor charts. */
const verbs: Readonly<Record<string, () => Promise<{ readonly verb: Verb }>>> = {
  init: () => import('../campaign/init.ts'),
  plan: () => import('../campaign/plan.ts'),
  run: () => import('../campaign/run.ts'),
  pair: () => import('../campaign/pair.ts'),
  status: () => import('../campaign/status.ts'),
  collect: () => import('../campaign/collect.ts'),
  sql: () => import('../campaign/sql.ts'),
  report: () => import('../campaign/report.ts'),
};

export const command: Command = {
  operands: `${Object.keys(verbs).join('|')} DIR [KEY|"select …"]`,
  arity: [2, 3],
  options: {
    jobs: {
      type: 'string',
      short: 'j',
      value: 'N',
      help: 'run: processes at a time (the campaign’s, or as many as cores)',
    },
    retry: { type: 'boolean', help: 'run: failures are tried again' },
    again: { type: 'boolean', help: 'run, pair: replay whatever results are there' },
    on: { type: 'string', value: 'slurm', help: 'run: as a job array of Slurm, on a shared file system; follows it' },
    detach: { type: 'boolean', help: 'run --on slurm: submit, and don’t follow' },
    format: { type: 'string', value: 'F', help: 'plan: tsv | make | json, for other programs' },
    lab: { type: 'string', value: 'FILE', help: 'pair: keep its captures and its run in this lab file' },
    output: { type: 'string', short: 'o', value: 'FILE.{html,pdf,md,txt}', help: 'report: what to write' },
    notes: { type: 'string', value: 'FILE.md', help: 'report: your notes, Markdown, below the finding' },
    verify: {
      type: 'string',
      value: 'FILE.{html,md}',
      help: 'report: instead, replay its pairs again and say whether it is the same',
    },
    sample: { type: 'string', value: 'N', help: 'report --verify: only so many of its pairs' },
    tidy: { type: 'boolean', help: 'status: delete the results of other settings, versions and files' },
  },
  details:
    'DIR holds campaign.toml or campaign.json. init writes one; plan lists the pairs, each with its command; run replays them on\n' +
    'this machine, one process a pair, and goes on where it was; pair replays one; status says how far it is.\n' +
    'collect writes the results as a Parquet dataset in DIR/dataset; sql runs DuckDB over it (tables pairs, outcomes, checks, windows,\n' +
    'keys, stage2_summary; DIR/dataset/README.md has their columns). report says what holds across\n' +
    'the pairs: which policy is best where, what turns the order around, and what can’t be told.',
  async run(args, out) {
    const [word = '', folder = '', operand] = args.operands;
    const load = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
    if (!load) throw new UsageError(`'${word}': ${Object.keys(verbs).join(', ')}`);
    const { verb } = await load();
    checkOptions(word, verb, args);
    if (operand !== undefined && !verb.operand) throw new UsageError(`'${operand}' is one operand too many`);
    if (operand === undefined && verb.operand)
      throw new UsageError(`campaign ${word} DIR ${verb.operand}: ${verb.operand} is missing`);
    await verb.run({ folder, operand: operand ?? '', args, out });
  },
};

/** An option the verb doesn't know would be ignored, which nobody means. */
function checkOptions(word: string, { options }: Verb, args: Args): void {
  const other = Object.keys(command.options).find((name) => args.given(name) && !options.includes(name));
  if (other !== undefined) throw new UsageError(`campaign ${word} has no option --${other}`);
}
