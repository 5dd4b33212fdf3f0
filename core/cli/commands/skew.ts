import { keyKinds } from '../../lab/symbols/keys.ts';
import { checkIds } from '../../lab/runs/find-check.ts';
import { skewOf } from '../../lab/runs/runs.ts';
import { holdsSentence } from '../../words/checks.ts';
import { plain } from '../../words/numbers.ts';
import { plural } from '../../words/lists.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { points, pValue } from '../format.ts';
import { resultChoice, resultOptions } from '../result-options.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    ...resultOptions,
    by: { type: 'string', value: 'KEY', help: `${keyKinds.join(' | ')} (symbol if known, else page)` },
    check: { type: 'string', value: 'ID', help: `under one assumption check: ${checkIds.join(' | ')}` },
  },
  details:
    'Differences are surviving minus reference share, in percentage points. Intervals (95 %) and p-values hold for all keys together:\n' +
    'the same losses are moved to other moments of this capture. * marks keys whose interval excludes 0; keys with too few losses have none.',
  run(args, out) {
    const asked = keyKinds.find((k) => k === args.text('by'));
    if (!asked && args.text('by') !== undefined)
      throw new UsageError(`skew: --by takes ${keyKinds.join(', ')}, not '${args.text('by')}'`);
    const found = skewOf(args.need('db'), resultChoice(args), asked, args.text('check'));
    const { kind: by, digest, verdict, check, checks, coverage, notes } = found;
    if (args.flag('json'))
      return out.json({ by, verdict, skew: digest ?? null, ...(check && { check }), ...(checks && { checks }) });
    for (const note of notes) out.write(`note: ${note}\n`);
    if (check) out.write(`if ${check.title} (${check.id})${check.changes ? '' : ': changes nothing here'}\n`);
    if (!digest) return out.write(`nothing survived: ${verdict.word}\n`);
    const { cause } = digest;
    out.write(`${verdict.word}: ${verdict.reason}\n`);
    const holds = holdsSentence({ coverage, word: verdict.word, ...(checks && { checks }) });
    if (holds) out.write(`${plain(holds)}\n`);
    out.write(
      cause.mean === undefined || cause.pValue === undefined
        ? `where the blackouts fell: ${cause.word} (${plural(cause.episodes, 'loss episode')})\n`
        : `where the blackouts fell: TVD ${digest.tvd.toPrecision(3)}, the same blackouts at other moments ${cause.mean.toPrecision(3)} on average, ` +
            `${pValue(cause.pValue)} (${plural(cause.episodes, 'loss episode')}, ${plural(cause.rotations, 'rotation')})\n`,
    );
    out.write(
      `${digest.kept} of ${digest.reference} samples kept${digest.vanished ? `, ${plural(digest.vanished, 'key')} vanished` : ''}\n\n`,
    );
    const bound = (x: number | null) => (x === null ? '-' : points(x));
    const rows = digest.rows.map((r) => [
      r.name,
      String(r.reference),
      String(r.kept),
      `${(100 * r.p).toFixed(2)} %`,
      `${(100 * r.q).toFixed(2)} %`,
      points(r.difference),
      bound(r.low),
      bound(r.high),
      r.adjusted === null ? '-' : pValue(r.adjusted),
      r.significant ? '*' : '',
    ]);
    out.write(
      textTable(
        [by, 'reference', 'kept', 'share', 'surviving', 'diff pp', 'low', 'high', 'adj p', ''],
        rows,
        'lrrrrrrrrl',
      ),
    );
  },
};
