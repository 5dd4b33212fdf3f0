/** What a comparison's numbers say, in sentences. */
import { comparisonWords } from '../analysis/compare.ts';
import type { Comparison, ComparisonWord } from '../analysis/compare.ts';
import { MOVED } from '../analysis/verdict.ts';
import { grouped, hangingSentence, orderUnderChecks } from '../words/checks.ts';
import type { CheckedVerdict } from '../words/checks.ts';
import type { ComparedPair, ComparisonReport, ComparisonSide, PairSide } from './comparison.ts';
import { list } from '../words/lists.ts';
import { count, duration, pValue, percent, points, significant } from '../words/numbers.ts';
import { baseName } from './words.ts';

/** An interval of percentage points without its unit: `−0.61 … −0.52`. */
export function interval(low: number, high: number): string {
  const width = (high - low) / 2;
  return `${points(low, width)} … ${points(high, width)}`.replace(/\u202fpp/g, '');
}

/** Whether chance, over whole blocks of time, can't explain that one covers more. */
export function coverageDiffers({ comparison }: ComparedPair): boolean {
  return comparison !== undefined && (comparison.coverage.low > 0 || comparison.coverage.high < 0);
}

/** `−0.57 pp (−0.61 … −0.52)`; `same` where nothing differs. */
export function coverageWords(pair: ComparedPair): string {
  const { a, b, comparison } = pair;
  const difference = comparison?.coverage.difference ?? 100 * (a!.summary.coverage - b!.summary.coverage);
  if (difference === 0) return 'same';
  if (!comparison) return points(difference);
  const { low, high } = comparison.coverage;
  return `${points(difference, (high - low) / 2)} (${interval(low, high)})`;
}

/** The comparison in one paragraph. */
export function comparisonFinding(report: ComparisonReport): string {
  const sentences =
    report.subject === 'captures'
      ? capturesFinding(report)
      : report.pairs.length === 1
        ? pairFinding(report, report.pairs[0])
        : runsFinding(report);
  return [...sentences, checksSentence(report), pairedSentence(report), scaleSentence(report)]
    .filter((sentence) => sentence !== undefined)
    .join(' ');
}

function runsFinding(report: ComparisonReport): (string | undefined)[] {
  const { pairs } = report;
  const changed = pairs.filter((pair) => pair.a!.summary.coverage !== pair.b!.summary.coverage);
  const start = `${capital(report.a.name)} (A) against ${report.b.name} (B)${differing(report)}:`;
  if (changed.length === 0)
    return [`${start} each of the ${pairs.length} policies keeps as many samples in both.`, survivors(pairs)];
  const moved = changed.filter(coverageDiffers);
  const most = (moved.length ? moved : changed).toSorted((x, y) => gap(y) - gap(x))[0];
  const unknown = changed.filter(({ comparison }) => !comparison).length;
  const sure =
    moved.length === changed.length
      ? 'by more than chance'
      : `${moved.length ? `under ${moved.length} of them` : 'nowhere'} by more than chance${unknown ? ` (${unknown} can’t be tested: nothing survived)` : ''}`;
  return [
    `${start} coverage differs under ${changed.length} of ${pairs.length} policies, ${sure}.`,
    `Most under ${most.name}: ${percent(most.a!.summary.coverage)} in A, ${percent(most.b!.summary.coverage)} in B, ${coverageWords(most)}.`,
    survivors(pairs),
  ];
}

function gap({ a, b }: ComparedPair): number {
  return Math.abs(a!.summary.coverage - b!.summary.coverage);
}

/** Up to three parameters by name. */
function differing({ differing: all }: ComparisonReport): string {
  if (all.length === 0) return '';
  const shown = all.slice(0, 3).map(({ name, a, b, unit }) => `${name} ${a} against ${b}${unit ? ` ${unit}` : ''}`);
  return ` (${list([...shown, ...all.slice(3).map(({ name }) => name)], 4)})`;
}

const alikeWords: Readonly<Record<ComparisonWord, string>> = {
  alike: 'is alike',
  close: 'is close',
  different: 'differs',
  "can't tell": 'can’t be told apart or alike',
};

/** Which survivors are alike, by policy. */
function survivors(pairs: readonly ComparedPair[]): string {
  const groups = comparisonWords.flatMap((word) => {
    const names = pairs.filter(({ comparison }) => comparison?.word === word).map(({ name }) => name);
    const whole = names.length === pairs.length && names.length > 2;
    return names.length ? [`${alikeWords[word]} under ${whole ? `all ${names.length}` : list(names, 4)}`] : [];
  });
  if (groups.length === 0) return 'Nothing survived that could be compared.';
  const moved = pairs.find(({ comparison }) => comparison?.moved.length)?.comparison;
  return `What survives ${groups.join('; it ')}.${moved ? ` ${movedSentence(moved)}` : ''}`;
}

function movedSentence(comparison: Comparison): string {
  const { moved, rows } = comparison;
  const most = rows
    .filter(({ name }) => moved.includes(name))
    .toSorted((x, y) => Math.abs(y.difference) - Math.abs(x.difference))[0];
  const more = moved.length > 1 ? `; ${moved.length - 1} more top-10 keys moved by more than ${percent(MOVED)}` : '';
  return `${most.name} holds ${percent(most.shareA)} in A and ${percent(most.shareB)} in B (${shareDifference(most)})${more}.`;
}

function shareDifference({ difference, low, high }: Comparison['rows'][number]): string {
  if (low === null || high === null) return points(difference);
  return `${points(difference, (high - low) / 2)}, 95 % interval ${interval(low, high)}`;
}

function pairFinding(report: ComparisonReport, pair: ComparedPair): (string | undefined)[] {
  const { a, b, comparison } = pair;
  const [x, y] = [a!.summary, b!.summary];
  const some = (ns: number, of: string): string => (ns === 0 ? `no ${of}` : `${duration(ns)} of ${of}`);
  const cost = (of: typeof x): string =>
    `${some(of.blackoutNs, 'blackout')} and ${some(of.stallNs, 'stall')} (slowdown ${percent(of.slowdown)})`;
  const context = report.subject === 'runs' ? differing(report) : '';
  const kept =
    x.coverage === y.coverage
      ? `both keep ${percent(x.coverage)} of ${x.reference === y.reference ? 'the' : 'their'} samples`
      : `A keeps ${percent(x.coverage)} of the samples and B ${percent(y.coverage)}: ${coverageWords(pair)}, ${coverageDiffers(pair) ? 'more than chance explains' : comparison ? 'which chance may explain' : 'untested, since nothing survived on one side'}`;
  const whose = report.a.id === report.b.id ? `Run ${report.a.id}, ` : '';
  return [
    `${whose}${whose ? report.a.name : capital(report.a.name)} (A) against ${report.b.name} (B)${context}: ${kept}.`,
    `A costs ${cost(x)}, B ${cost(y)}.`,
    comparison && comparisonSentence(comparison),
  ];
}

/** `is alike: TVD 0.0004; …`: the word, and what it rests on. */
export function likenessSentence(comparison: Comparison): string {
  const { tvd, null: found, word, paired, blocks } = comparison;
  if (tvd === 0) return 'is the same, share by share.';
  if (!found) {
    const why = paired
      ? 'neither loses anything'
      : `its phases leave only ${count(blocks)} independent blocks on a side`;
    return `${alikeWords[word]}: TVD ${significant(tvd, 2)}, but ${why}.`;
  }
  const deal = paired ? 'the same losses of both at other moments give' : 'reshuffling blocks of time gives';
  const chance = `${deal} ${significant(found.mean, 2)} (95 % up to ${significant(found.p95, 2)}; ${pValue(found.pValue)})`;
  const moved =
    word === 'close' ? ` No top-10 key of B is off by more than ${percent(MOVED)} of its share for certain.` : '';
  return `${alikeWords[word]}: TVD ${significant(tvd, 2)}, where ${chance}.${moved}`;
}

/** What a comparison of survivors, or of whole captures by some key, comes to. */
export function comparisonSentence(comparison: Comparison, captures?: string): string {
  const subject = captures === undefined ? 'What survives' : `The profile by ${captures}`;
  const moved = comparison.moved.length ? ` ${movedSentence(comparison)}` : '';
  return `${subject} ${likenessSentence(comparison)}${moved}`;
}

function capturesFinding(report: ComparisonReport): (string | undefined)[] {
  const [{ comparison }] = report.pairs as [ComparedPair];
  const dark = ({ observed: o }: ComparisonSide): string =>
    o ? `${percent(o.darkShare)} of ${duration(o.runningNs)}` : 'an unknown part of its time';
  const names = `${report.a.name} (A) and ${report.b.name} (B)`;
  const blackouts = `A is dark by itself for ${dark(report.a)}, B for ${dark(report.b)}.`;
  if (!comparison) return [`${names} can’t be compared: one of them has no sample.`, blackouts];
  return [
    `${capital(`the profile by ${report.by} of ${names}`)} ${likenessSentence(comparison)}`,
    comparison.moved.length ? movedSentence(comparison) : undefined,
    blackouts,
  ];
}

/** A side's verdict with its checks. */
export function checkedSide({ summary, verdict, checks }: PairSide): CheckedVerdict {
  return { coverage: summary.coverage, word: verdict, ...(checks && { checks }) };
}

/** Whether the assumption checks change which side keeps more, or a verdict. */
function checksSentence({ pairs }: ComparisonReport): string | undefined {
  const orders = pairs.flatMap(({ name, a, b }) => {
    const order = a && b && orderUnderChecks(checkedSide(a), checkedSide(b));
    return order ? [{ name, order }] : [];
  });
  if (orders.length === 0) return undefined;
  const clauses = grouped(orders, ({ order }) => order).map((same) => {
    const { order } = same[0];
    if (orders.length === 1) return capital(order);
    const names = same.map(({ name }) => name);
    return `${same.length === orders.length && same.length > 2 ? `under all ${same.length}` : list(names, 4)}: ${order}`;
  });
  const verdictsOf = (side: 'a' | 'b'): (CheckedVerdict & { name: string })[] =>
    pairs.flatMap((pair) => {
      const own = pair[side];
      return own ? [{ name: own.policy, ...checkedSide(own) }] : [];
    });
  const hanging = (['a', 'b'] as const)
    .map((side) => ({ side: side.toUpperCase(), sentence: hangingSentence(verdictsOf(side)) }))
    .filter(({ sentence }) => sentence?.startsWith('Verdicts'));
  const [x, y] = hanging;
  const verdicts =
    x && y && x.sentence === y.sentence
      ? ` ${x.sentence}`
      : hanging.map(({ side, sentence }) => ` In ${side}: ${sentence!.replace(/^V/, 'v')}`).join('');
  const start = orders.length > 1 ? 'What the assumption checks make of it: ' : '';
  return `${start}${clauses.join('; ')}.${verdicts || ' No check changes a verdict.'}`;
}

function pairedSentence({ paired }: ComparisonReport): string | undefined {
  return paired
    ? 'Both replay the same samples: for the p-values and the shares’ intervals the losses of both are moved to other moments together.'
    : undefined;
}

function scaleSentence({ a, b }: ComparisonReport): string | undefined {
  const scaled = (
    [
      ['A', a],
      ['B', b],
    ] as const
  ).flatMap(([side, { scale }]) =>
    scale === 1 ? [] : [`${side}’s KVM timeline was scaled (× ${significant(scale)})`],
  );
  return scaled.length
    ? `${list(scaled)} to fit: what happened and in which order is the trace’s own, when and how often is not.`
    : undefined;
}

/** At a sentence's start; ids stay. */
const capital = (text: string): string =>
  text.replace(/^(run|the|both) /, (word) => word.charAt(0).toUpperCase() + word.slice(1));

/** `run 1 × run 2`; of captures the files. */
export function comparisonTitle(report: ComparisonReport): string {
  switch (report.subject) {
    case 'captures':
      return 'Two SPE captures compared';
    case 'policies':
      return 'Two fault policies compared on an SPE profile';
    case 'runs':
      return 'Two replays of KVM fault policies compared';
  }
}

/** The files of both sides, each once. */
export function comparisonFiles({ a, b }: ComparisonReport): string {
  return [...new Set([...a.inputs, ...b.inputs].map(({ file }) => baseName(file)))].join(' × ');
}
