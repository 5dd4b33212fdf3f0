import { symbolsInLab } from '../../lab/symbols/symbols.ts';
import { captureId, speOption } from '../capture-options.ts';
import type { Command } from '../command.ts';
import { percent, warningLine } from '../format.ts';
import { symbolChoice, symbolOptions } from '../symbol-options.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    ...speOption,
    ...symbolOptions,
  },
  details:
    "Without an option it looks in perf's build-id cache, ~/.debug, and for perf-PID.map beside the capture. Binaries of another\n" +
    'build than the one that ran are never used. What was found before of other binaries stays.',
  run(args, out) {
    const { binaries, warnings } = symbolsInLab(args.need('db'), captureId(args, 'spe'), symbolChoice(args));
    if (args.flag('json')) return out.json({ binaries, warnings });
    const rows = binaries.map((b) => [
      b.binary,
      String(b.samples),
      percent(b.samples ? b.named / b.samples : 0),
      String(b.functions),
      b.file ?? '-',
    ]);
    if (rows.length) out.write(textTable(['binary', 'samples', 'named', 'functions', 'read from'], rows, 'lrrrl'));
    else out.write('no sample of this capture lies in a known mapping\n');
    for (const w of warnings) out.note(warningLine(w));
  },
};
