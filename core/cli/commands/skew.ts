import { keyKinds } from '../../lab/symbols/keys.ts';
import { skewOf } from '../../lab/runs/runs.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { points } from '../format.ts';
import { resultChoice, resultOptions } from '../result-options.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    ...resultOptions,
    by: { type: 'string', value: 'KEY', help: `${keyKinds.join(' | ')} (symbol if known, else page)` },
  },
  details:
    'Differences are surviving minus reference share, in percentage points, with 95 % intervals of a block bootstrap;\n' +
    'adjusted p-values (Benjamini-Hochberg) at 5 % mark what chance does not explain: *.',
  run(args, out) {
    const asked = keyKinds.find((k) => k === args.text('by'));
    if (!asked && args.text('by') !== undefined)
      throw new UsageError(`skew: --by takes ${keyKinds.join(', ')}, not '${args.text('by')}'`);
    const { kind: by, digest, verdict } = skewOf(args.need('db'), resultChoice(args), asked);
    if (args.flag('json')) return out.json({ by, verdict, skew: digest ?? null });
    if (!digest) return out.write(`nothing survived: ${verdict.word}\n`);
    const { nullModel: m } = digest;
    out.write(
      `${verdict.word}: TVD ${digest.tvd.toPrecision(3)}, by chance ${m.mean.toPrecision(3)} (95 % below ${m.p95.toPrecision(3)}), `,
    );
    out.write(
      `excess ${m.excess.toPrecision(2)}, p = ${m.pValue.toPrecision(2)}; ${digest.kept} of ${digest.reference} samples kept\n\n`,
    );
    const bound = (x: number | undefined) => (x === undefined ? '-' : points(x));
    const rows = digest.rows.map((r) => [
      r.name,
      String(r.reference),
      String(r.kept),
      `${(100 * r.p).toFixed(2)} %`,
      `${(100 * r.q).toFixed(2)} %`,
      points(r.difference),
      bound(r.low),
      bound(r.high),
      r.adjusted.toPrecision(2),
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
