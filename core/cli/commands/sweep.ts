import { checkIds, findCheck } from '../../lab/runs/find-check.ts';
import type { Sweep } from '../../lab/runs/sweep.ts';
import { groupCrossings, sweepBound, sweepInLab, sweepOrders } from '../../lab/runs/sweep.ts';
import { captureId, kvmOption, speOption } from '../capture-options.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { duration, percent } from '../format.ts';
import type { Output } from '../output.ts';
import { replayChoice, replayOptions } from '../replay-options.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    ...speOption,
    ...kvmOption,
    param: {
      type: 'string',
      value: 'NAME',
      help: 'any numeric parameter, e.g. bufferBytes; or unmapRate',
      required: true,
    },
    from: { type: 'string', value: 'A', help: 'its first value', required: true },
    to: { type: 'string', value: 'B', help: 'its last value', required: true },
    steps: { type: 'string', value: 'N', help: 'values tried, both ends included (11)' },
    log: { type: 'boolean', help: 'steps are factors' },
    check: {
      type: 'string',
      value: 'ID | all',
      help: `under one assumption check, or also under each: ${checkIds.join(', ')}`,
    },
    ...replayOptions,
  },
  details:
    'unmapRate thins (below 1) or multiplies (above 1) the unmaps of the KVM timeline, the same way for the same --seed: below 1\n' +
    'each stays with that probability; above 1 each gets copies, between itself and the next unmap, on pages of other unmaps\n' +
    'of its cause class. Crossing points are interpolated between the two steps named.\n' +
    '--check all sweeps once more under each assumption check, and says what becomes of the crossing points: nine times the work.',
  run(args, out) {
    const param = args.need('param');
    const [from, to] = [sweepBound(param, args.need('from')), sweepBound(param, args.need('to'))];
    const steps = args.integer('steps', 2, 1000) ?? 11;
    if (from === to) throw new UsageError('--from and --to are equal: nothing to sweep');
    const request = {
      speId: captureId(args, 'spe'),
      kvmId: captureId(args, 'kvm'),
      ...replayChoice(args),
      param,
      from,
      to,
    };
    const onStep = (done: number, total: number) =>
      out.progress({ phase: `sweeping ${param}`, done, total, unit: 'steps' });
    const under = (check: string | undefined): Sweep =>
      sweepInLab(args.need('db'), { ...request, steps, log: args.flag('log'), ...(check && { check }) }, { onStep });
    const check = args.text('check');
    const sweep = under(check === 'all' ? undefined : check);
    const checks = check === 'all' ? checkIds.map((id) => ({ id, sweep: under(id) })) : [];
    const one = check === 'all' ? undefined : check;
    if (args.flag('json')) {
      const checked = checks.map(({ id, sweep: of }) => ({ id, crossings: of.crossings }));
      return out.json({ ...sweepJson(sweep), ...(one && { check: one }), ...(check === 'all' && { checks: checked }) });
    }
    if (one) out.write(`if ${findCheck(one, 'sweep').title} (${one})\n`);
    printSweep(out, sweep);
    if (checks.length) printChecks(out, sweep, checks);
  },
};

/** What each assumption check does to a sweep's conclusions. */
function printChecks(
  out: Output,
  plain: Sweep,
  checks: readonly { readonly id: string; readonly sweep: Sweep }[],
): void {
  const own = conclusions(plain);
  const concluded = checks.map(({ id, sweep }) => ({ id, lines: conclusions(sweep) }));
  const same = concluded.filter(({ lines }) => lines.join() === own.join());
  out.write('\nunder the assumption checks\n');
  if (same.length) out.write(`the same under ${same.map(({ id }) => id).join(', ')}\n`);
  for (const { id, lines } of concluded.filter((t) => !same.includes(t)))
    out.write(`${id} (if ${findCheck(id, 'sweep').title})\n${lines.map((line) => `  ${line}\n`).join('')}`);
}

function sweepJson({ settings, policies, ...rest }: Sweep): object {
  return {
    ...rest,
    params: settings.params,
    paramOrigin: settings.origin,
    policies: policies.map(({ id, points }) => ({
      id,
      points: points.map((p) => ({ ...p, excess: Number.isNaN(p.excess) ? null : p.excess })),
    })),
  };
}

const shown = {
  coverage: { title: 'coverage', format: (x: number) => percent(x, 3) },
  blackoutShare: { title: 'blackout, share of session time', format: (x: number) => percent(x, 3) },
  slowdown: { title: 'slowdown, stall / session time', format: (x: number) => percent(x, 3) },
  excess: {
    title: 'excess skew: TVD less that of the same losses at other moments',
    format: (x: number) => (Number.isNaN(x) ? '-' : x.toFixed(5)),
  },
} as const;

/** With more policies there are too many pairs to list. */
const FEW = 3;

function printSweep(out: Output, sweep: Sweep): void {
  const { param, unit, policies, values, alignment, warnings, settings } = sweep;
  const valueText = (value: number) => textOf(value, unit);
  out.write(alignment.description);
  out.write(settings.params.trials > 1 ? `; means over ${settings.params.trials} placements\n` : '\n');
  for (const warning of warnings) out.write(`note: ${warning}\n`);
  for (const [measure, { title, format }] of Object.entries(shown)) {
    const rows = policies.map(({ id, points }) => [id, ...points.map((p) => format(p[measure as keyof typeof shown]))]);
    out.write(`\n${title}\n${textTable([param, ...values.map(valueText)], rows, `l${'r'.repeat(values.length)}`)}`);
  }
  const verdicts = policies.map(({ id, points }) => [id, ...points.map((p) => p.verdict)]);
  out.write(`\nverdict\n${textTable([param, ...values.map(valueText)], verdicts, 'l'.repeat(values.length + 1))}`);
  out.write('\ncrossing points\n');
  for (const line of conclusions(sweep)) out.write(`${line}\n`);
}

/** Where policies change places, and, if they are few, which one is better throughout. */
function conclusions(sweep: Sweep): string[] {
  if (sweep.policies.length > FEW) return crossingLines(sweep);
  const orders = sweepOrders(sweep).map(
    ({ measure, better, worse }) => `${measure}: ${better} better than ${worse} wherever they differ`,
  );
  return [...crossingLines(sweep), ...orders];
}

/** Which policies change places, and where, a line each. */
function crossingLines({ param, unit, crossings }: Sweep): string[] {
  const text = (value: number): string => textOf(value, unit);
  const lines = groupCrossings(crossings).map(
    ({ measure, winners, losers, at, low, high }) =>
      `${measure}: ${winners.join(', ')} better than ${losers.join(', ')} from ${param} ≈ ${text(at)} on ` +
      `(between ${text(low)} and ${text(high)})`,
  );
  return lines.length ? lines : ['none'];
}

function textOf(value: number, unit: string): string {
  if (unit === 'ns') return duration(value);
  if (unit === 'bytes') return `${Number((value / 1024).toPrecision(4))} KiB`;
  return String(Number(value.toPrecision(4)));
}
