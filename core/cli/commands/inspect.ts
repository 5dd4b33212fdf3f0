import { inspectEvents, inspectFacts, inspectPackets, inspectSamples } from '../../lab/import/inspect.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { warningLine } from '../format.ts';
import { speChoice, speOptions } from '../spe-options.ts';
import type { Output } from '../output.ts';

export const command: Command = {
  operands: 'FILE',
  arity: [1, 1],
  options: {
    packets: { type: 'boolean', help: 'the SPE packets, in the text of `perf report -D`' },
    samples: { type: 'boolean', help: 'JSON lines, one per SPE record' },
    events: { type: 'boolean', help: 'trace events, as `trace-cmd report -N -t` prints them; JSON lines with --json' },
    ...speOptions,
  },
  details:
    'Without an option: header, features, PMU, MIDR, clocks, record counts by type, AUX flags. Warnings go to stderr.',
  run(args, out) {
    const file = args.operands[0];
    const what = ['packets', 'samples', 'events'].filter((name) => args.flag(name));
    if (what.length > 1) throw new UsageError(`inspect: --${what.join(' and --')} exclude each other`);
    const write = (text: string) => out.write(text);
    switch (what[0]) {
      case 'packets':
        return tell(out, inspectPackets(file, speChoice(args), write));
      case 'samples':
        return tell(out, inspectSamples(file, speChoice(args), write));
      case 'events':
        return tell(out, inspectEvents(file, args.flag('json'), write));
      default: {
        const { facts, warnings } = inspectFacts(file, speChoice(args));
        if (args.flag('json')) return out.json({ ...facts, warnings });
        out.write(outline(facts));
        return tell(out, warnings);
      }
    }
  },
};

function tell(out: Output, warnings: Parameters<typeof warningLine>[0][]): void {
  for (const w of warnings) out.note(warningLine(w));
}

/** Nested facts as indented lines; lists of plain values on one line. */
function outline(value: object, indent = ''): string {
  let text = '';
  for (const [key, v] of Object.entries(value)) {
    if (v === undefined) continue;
    if (v === null || typeof v !== 'object') {
      text += `${indent}${key}: ${String(v)}\n`;
    } else if (Array.isArray(v) && v.every((e) => e === null || typeof e !== 'object')) {
      text += `${indent}${key}: ${v.join(key === 'commandLine' ? ' ' : ', ')}\n`;
    } else if (Object.keys(v as object).length) {
      text += `${indent}${key}:\n${outline(v as object, `${indent}  `)}`;
    }
  }
  return text;
}
