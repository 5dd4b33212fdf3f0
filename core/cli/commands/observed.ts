import { observedInLab } from '../../lab/captures/observed.ts';
import { readReplayWords } from '../../lab/runs/run-settings.ts';
import { captureId, speOption } from '../capture-options.ts';
import { plural } from '../../words/lists.ts';
import type { Command } from '../command.ts';
import { duration, percent } from '../format.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    ...speOption,
    set: { type: 'string', multiple: true, value: 'name=value', help: 'gapFactor (20) or gapMinNs (10000)' },
  },
  details:
    'What perf flagged (AUX records truncated or partial, LOST records), and gaps: pauses between neighbouring records, while\n' +
    'what is profiled was running, longer than max(gapFactor * median pause, gapMinNs). Times are ns in the capture’s clock;\n' +
    'dark is the part of a blackout without the time switched out or idle.',
  run(args, out) {
    const { gapFactor, gapMinNs } = readReplayWords({ settings: args.texts('set') }).settings.params;
    const { rows, totals, options, lanesWithoutSwitches } = observedInLab(args.need('db'), captureId(args, 'spe'), {
      gapFactor,
      gapMinNs,
    });
    if (args.flag('json')) return out.json({ rows, totals, options, lanesWithoutSwitches });
    const cells = rows.map((r) => [
      String(r.lane),
      String(r.start),
      String(r.end),
      duration(r.end - r.start),
      duration(r.darkNs),
      r.reason,
    ]);
    if (rows.length)
      out.write(`${textTable(['lane', 'start ns', 'end ns', 'length', 'dark', 'reason'], cells, 'rrrrrl')}\n`);
    out.write(
      `${plural(rows.length, 'blackout')}, dark for ${duration(totals.darkNs)} of ${duration(totals.runningNs)}`,
    );
    out.write(` (${percent(totals.darkShare)})\n`);
    out.write(
      `AUX records: ${totals.truncated} truncated, ${totals.partial} partial, ${totals.collisions} with collisions; `,
    );
    out.write(`${plural(totals.lostRecords, 'record')} lost by perf\n`);
    if (totals.unplaced) out.note(`${totals.unplaced} AUX or LOST records have no time, or no lane with samples`);
    if (lanesWithoutSwitches.length) {
      out.note(
        `no context switches known on lanes ${lanesWithoutSwitches.join(', ')}: idle time may show as gaps there`,
      );
    }
  },
};
