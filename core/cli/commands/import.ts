import { importEach, importFiles, together } from '../../lab/import/import.ts';
import type { CaptureSummary } from '../../lab/captures/captures.ts';
import type { Command } from '../command.ts';
import type { Output } from '../output.ts';
import { counted, duration, warningLine } from '../format.ts';
import { reading, reconstructing } from '../steps.ts';
import { speChoice, speOptions } from '../spe-options.ts';
import { symbolChoiceIfAny, symbolOptions } from '../symbol-options.ts';

export const command: Command = {
  operands: 'FILE…',
  arity: [1, Infinity],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file, made if missing', required: true },
    vm: {
      type: 'string',
      value: 'JSON',
      help: 'VM description of the traces; X.vm.json beside X.trace.dat is picked up automatically',
    },
    name: { type: 'string', value: 'N', help: "name of the capture instead of the file's" },
    note: {
      type: 'string',
      value: 'TEXT',
      multiple: true,
      help: 'what readers of results must know of these captures',
    },
    each: { type: 'boolean', help: 'import what can be; exit 1 if a file failed' },
    ...speOptions,
    ...symbolOptions,
  },
  details:
    'The format is detected from the content, whatever it is packed in (gzip, zstd, xz, bzip2, zip, tar). All files are imported, or\n' +
    'none; with --each, those that can be.',
  run(args, out) {
    const options = {
      vmFile: args.text('vm'),
      name: args.text('name'),
      notes: args.texts('note'),
      ...speChoice(args),
      symbols: symbolChoiceIfAny(args),
      onRead: reading(out),
      onStage2: reconstructing(out),
    };
    const { captures, failed } = args.flag('each')
      ? importEach(args.need('db'), args.operands, options)
      : { captures: importFiles(args.need('db'), args.operands, options), failed: [] };
    if (args.flag('json')) out.json({ captures, ...(failed.length && { failed: failed.map((e) => e.message) }) });
    else list(captures, out);
    if (failed.length) throw together(failed);
  },
};

function list(captures: readonly CaptureSummary[], out: Output): void {
  for (const c of captures) {
    const span = c.t0 === undefined || c.t1 === undefined ? 'unknown time' : duration(c.t1 - c.t0);
    const what = c.kind === 'spe' ? `${counted(c.samples, 'SPE record')}` : `${counted(c.events, 'event')}`;
    out.write(`${c.id}  ${c.kind}  ${c.name}: ${what} over ${span} on CPU ${c.cpus.join(', ') || '?'} (${c.format})\n`);
    for (const w of c.warnings) out.write(`   ${warningLine(w)}\n`);
  }
}
