import { compareCaptures, compareRuns } from '../../lab/runs/compare.ts';
import type { Comparison } from '../../lab/runs/compare.ts';
import type { CaptureComparison, PolicyComparison, RunComparison } from '../../contract/compare.ts';
import { keyKinds } from '../../lab/symbols/keys.ts';
import { grouped, holdsClause, orderUnderChecks, sameNames } from '../../words/checks.ts';
import type { CheckedVerdict } from '../../words/checks.ts';
import { plain } from '../../words/numbers.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { duration, percent, points, pValue } from '../format.ts';
import type { Output } from '../output.ts';
import { replaying } from '../steps.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    spe: { type: 'string', value: 'A', help: 'SPE capture A, e.g. of a guest' },
    run: { type: 'string', value: 'A', help: 'or run A' },
    with: { type: 'string', value: 'B', help: 'SPE capture, or run, B: e.g. bare metal' },
    by: { type: 'string', value: 'KEY', help: `${keyKinds.join(' | ')} (symbol where known, else page)` },
    policy: { type: 'string', value: 'P', help: 'of runs: one policy (all in common)' },
    'with-policy': { type: 'string', value: 'P', help: "B's policy, if it is another; --with may be left out then" },
  },
  details:
    'Differences are A’s share minus B’s, in percentage points; intervals (95 %) and p-values hold for all keys together. Two captures:\n' +
    'blocks of time, at least 1 % of a lane, are reshuffled between the two. Two replays of the same samples: the losses of both are\n' +
    'moved to other moments together. Two runs or policies: each side’s verdict with what the assumption checks make of it.\n' +
    'alike: chance explains it; close: it doesn’t, but no top-10 key of B moved by more than 10 % of its share for certain;\n' +
    'different: one did; can’t tell: fewer than ten blocks a side. `umbra report` writes the same as a report.',
  run(args, out) {
    const text = args.text('by');
    const by = keyKinds.find((k) => k === text);
    if (text !== undefined && !by) throw new UsageError(`--by takes ${keyKinds.join(', ')}, not '${text}'`);
    const [spe, run, withPolicy] = [args.integer('spe'), args.integer('run'), args.text('with-policy')];
    const other = args.integer('with') ?? (withPolicy === undefined ? undefined : run);
    if ((spe === undefined) === (run === undefined)) throw new UsageError('either --spe A or --run A, --with B');
    if (other === undefined) throw new UsageError('--with B is missing');
    if (spe !== undefined) {
      for (const name of ['policy', 'with-policy'])
        if (args.given(name)) throw new UsageError(`--${name} is of runs, not of captures`);
      const compared = compareCaptures(args.need('db'), spe, other, by);
      if (args.flag('json')) out.json(compared);
      else printCaptures(out, compared);
    } else {
      const request = { a: run!, b: other, by, policy: args.text('policy'), withPolicy };
      const compared = compareRuns(args.need('db'), request, replaying(out));
      if (args.flag('json')) out.json(compared);
      else printRuns(out, compared);
    }
  },
};

function printCaptures(out: Output, { a, b, by, comparison }: CaptureComparison): void {
  for (const [label, side] of [
    ['A', a],
    ['B', b],
  ] as const) {
    const { darkNs, runningNs, darkShare } = side.observed;
    out.write(`${label}: ${side.name} (${side.id}); dark by itself for ${duration(darkNs)} of ${duration(runningNs)}`);
    out.write(` (${percent(darkShare)})\n`);
  }
  if (!comparison) return out.write('one of them has no sample\n');
  printComparison(out, comparison, by);
}

function printRuns(out: Output, { a, b, by, sameCapture, differing, policies }: RunComparison): void {
  out.write(`A: run ${a.id}: ${a.name}\nB: run ${b.id}: ${b.name}\n`);
  for (const d of differing) out.write(`${d.name}: ${JSON.stringify(d.a)} in A, ${JSON.stringify(d.b)} in B\n`);
  if (sameCapture) out.write('Both replay the same samples: both loss masks are moved to other moments together.\n');
  const rows = pairRows(policies, ({ a: x, b: y, verdicts, comparison: c }) => [
    percent(x.coverage),
    percent(y.coverage),
    duration(x.blackoutNs),
    duration(y.blackoutNs),
    percent(x.slowdown, 3),
    percent(y.slowdown, 3),
    verdicts.a.word,
    verdicts.b.word,
    c ? c.tvd.toPrecision(3) : '-',
    c?.null ? pValue(c.null.pValue) : '-',
    !c ? 'nothing survived' : c.tvd === 0 ? 'the same' : c.word,
  ]);
  const head = ['policy', 'coverage A', 'B', 'blackout A', 'B', 'slowdown A', 'B', 'verdict A', 'B', 'TVD', 'p'];
  out.write(`\n${textTable([...head, 'survivors'], rows, 'lrrrrrrllrrl')}`);
  printChecks(out, policies);
  const [only] = policies;
  if (policies.length === 1 && only.comparison) {
    out.write('\n');
    printComparison(out, only.comparison, by);
  }
}

const nameOf = ({ policy, withPolicy }: PolicyComparison): string =>
  withPolicy === undefined ? policy : `${policy} / ${withPolicy}`;

/** Pairs with the same cells are printed once: the first one's row, the other names below it. */
function pairRows(
  pairs: readonly PolicyComparison[],
  cells: (pair: PolicyComparison) => readonly string[],
): string[][] {
  return grouped(pairs, cells).flatMap((same) =>
    same.map((pair, i) =>
      i === 0 ? [nameOf(pair), ...cells(pair)] : [`= ${nameOf(pair)}`, ...cells(pair).map(() => '')],
    ),
  );
}

/** Whether the assumption checks change which side keeps more, or either side's verdict. */
function printChecks(out: Output, pairs: readonly PolicyComparison[]): void {
  const findings = pairs.flatMap((pair) => {
    const { verdicts } = pair;
    const of = (side: 'a' | 'b'): CheckedVerdict => ({ ...verdicts[side], coverage: pair[side].coverage });
    const order = orderUnderChecks(of('a'), of('b'));
    if (order === undefined) return [];
    const [a, b] = (['a', 'b'] as const).map((side) => holdsClause(of(side)) ?? 'not checked');
    const holds = a === b ? [`both verdicts: ${a}`] : [`verdict of A: ${a}`, `verdict of B: ${b}`];
    return [{ name: nameOf(pair), text: plain([order, ...holds].map((line) => `    ${line}\n`).join('')) }];
  });
  if (findings.length === 0) return;
  out.write('\nassumption checks\n');
  for (const same of grouped(findings, ({ text }) => text))
    out.write(`  ${sameNames(same.map(({ name }) => name))}\n${same[0].text}`);
}

function printComparison(out: Output, c: Comparison, by: string): void {
  const word = c.tvd === 0 ? 'the same' : c.word;
  out.write(`${word}${c.moved.length ? ` (${c.moved.join(', ')})` : ''}: `);
  const how = c.paired ? `${c.blocks} rotations of both loss masks` : `blocks reshuffled, at least ${c.blocks} a side`;
  out.write(
    c.null
      ? `TVD ${c.tvd.toPrecision(3)}, under the null ${c.null.mean.toPrecision(3)} (95 % below ${c.null.p95.toPrecision(3)}), ${pValue(c.null.pValue)} (${how}); `
      : `TVD ${c.tvd.toPrecision(3)}, no null: ${c.paired ? 'nothing was lost on either side' : `only ${c.blocks} blocks a side`}; `,
  );
  out.write(`JS distance ${c.jsDistance.toPrecision(3)}; `);
  out.write(`${c.a} samples in A, ${c.b} in B; ${c.significantKeys} of ${c.keys} keys differ significantly\n\n`);
  const rows = c.rows.map((r) => [
    r.name,
    String(r.a),
    String(r.b),
    percent(r.shareA),
    percent(r.shareB),
    points(r.difference),
    r.low === null ? '-' : points(r.low),
    r.high === null ? '-' : points(r.high),
    r.adjusted === null ? '-' : pValue(r.adjusted),
    r.significant ? '*' : '',
  ]);
  out.write(textTable([by, 'A', 'B', 'share A', 'share B', 'diff pp', 'low', 'high', 'adj p', ''], rows, 'lrrrrrrrrl'));
}
