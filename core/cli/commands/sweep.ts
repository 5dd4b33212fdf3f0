import type { Sweep } from '../../lab/runs/sweep.ts';
import { groupCrossings, sweepBound, sweepInLab, sweepOrders } from '../../lab/runs/sweep.ts';
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
    spe: { type: 'string', value: 'ID', help: 'SPE capture', required: true },
    kvm: { type: 'string', value: 'ID', help: 'KVM trace', required: true },
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
    ...replayOptions,
  },
  details:
    'unmapRate thins (below 1) or multiplies (above 1) the unmaps of the KVM timeline, the same way for the same --seed: below 1\n' +
    'each stays with that probability; above 1 each gets copies, between itself and the next unmap, on pages of other unmaps\n' +
    'of its cause class. Crossing points are interpolated between the two steps named.',
  run(args, out) {
    const param = args.need('param');
    const [from, to] = [sweepBound(param, args.need('from')), sweepBound(param, args.need('to'))];
    const steps = args.integer('steps', 2, 1000) ?? 11;
    if (from === to) throw new UsageError('--from and --to are equal: nothing to sweep');
    const request = {
      speId: args.integer('spe')!,
      kvmId: args.integer('kvm')!,
      ...replayChoice(args),
      param,
      from,
      to,
    };
    const onStep = (done: number, total: number) =>
      out.progress({ phase: `sweeping ${param}`, done, total, unit: 'steps' });
    const sweep = sweepInLab(args.need('db'), { ...request, steps, log: args.flag('log') }, { onStep });
    if (args.flag('json')) out.json(sweepJson(sweep));
    else printSweep(out, sweep);
  },
};

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
  excess: { title: 'excess skew, TVD above chance', format: (x: number) => (Number.isNaN(x) ? '-' : x.toFixed(5)) },
} as const;

/** Of more policies there are too many pairs to tell. */
const FEW = 3;

function printSweep(out: Output, sweep: Sweep): void {
  const { param, unit, policies, values, crossings, alignment, warnings, settings } = sweep;
  const valueText = (value: number) => textOf(value, unit);
  out.write(`${alignment.description}; dlDiscard ${settings.params.dlDiscard}`);
  out.write(settings.params.trials > 1 ? `; means over ${settings.params.trials} placements\n` : '\n');
  for (const warning of warnings) out.write(`note: ${warning}\n`);
  for (const [measure, { title, format }] of Object.entries(shown)) {
    const rows = policies.map(({ id, points }) => [id, ...points.map((p) => format(p[measure as keyof typeof shown]))]);
    out.write(`\n${title}\n${textTable([param, ...values.map(valueText)], rows, `l${'r'.repeat(values.length)}`)}`);
  }
  out.write('\ncrossing points\n');
  if (!crossings.length) out.write('none\n');
  for (const { measure, winners, losers, at, low, high } of groupCrossings(crossings)) {
    out.write(`${measure}: ${winners.join(', ')} better than ${losers.join(', ')} `);
    out.write(`from ${param} ≈ ${valueText(at)} on (between ${valueText(low)} and ${valueText(high)})\n`);
  }
  if (policies.length > FEW) return;
  for (const { measure, better, worse } of sweepOrders(sweep)) {
    out.write(`${measure}: ${better} better than ${worse} wherever they differ\n`);
  }
}

function textOf(value: number, unit: string): string {
  if (unit === 'ns') return duration(value);
  if (unit === 'bytes') return `${Number((value / 1024).toPrecision(4))} KiB`;
  return String(Number(value.toPrecision(4)));
}
