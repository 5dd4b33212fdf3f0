import { exportForms, exportFromLab } from '../../lab/exports/export.ts';
import type { ExportForm } from '../../lab/exports/export.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { dlDiscardOf } from '../result-options.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    capture: { type: 'string', value: 'ID', help: 'samples of an SPE capture, or events of a KVM trace' },
    run: { type: 'string', value: 'ID', help: 'what came out of a run' },
    to: { type: 'string', value: 'FORM', help: exportForms.join(' | '), required: true },
    output: { type: 'string', short: 'o', value: 'PATH', help: 'the file; a folder with --table all', required: true },
    table: { type: 'string', value: 'T', help: 'of a run: results (default) | windows | stalls | stage2 | all' },
    policy: { type: 'string', value: 'P', help: 'for collapsed and pprof: whose kept and lost samples' },
    raw: {
      type: 'boolean',
      help: 'names as they are: no apostrophe before what spreadsheets run as formulas, no escapes',
    },
    dl: { type: 'string', value: 'record|buffer', help: "what the guest does with DL=1 (the run's own)" },
  },
  details:
    'csv, jsonl, json and parquet are tables: addresses hex, times ns in the capture’s clock, units in the column names.\n' +
    'perfetto opens in ui.perfetto.dev: a track per vCPU and policy, blackout windows as slices, faults as instants.\n' +
    'collapsed and pprof count the kept and the lost samples of one policy, by thread, binary and place.',
  run(args, out) {
    const form = args.need('to');
    if (!(exportForms as readonly string[]).includes(form))
      throw new UsageError(`--to takes ${exportForms.join(', ')}, not '${form}'`);
    const [capture, run] = [args.integer('capture'), args.integer('run')];
    if ((capture === undefined) === (run === undefined)) throw new UsageError('export: give either --capture or --run');
    const request = {
      ...{ capture, run, form: form as ExportForm, path: args.need('output') },
      ...{ table: args.text('table'), policy: args.text('policy'), dlDiscard: dlDiscardOf(args) },
      raw: args.flag('raw'),
    };
    const files = exportFromLab(args.need('db'), request, (done, total) =>
      out.progress({ phase: 'exporting', done, total, unit: 'steps' }),
    );
    if (args.flag('json')) out.json({ files });
    else for (const file of files) out.write(`${file}\n`);
  },
};
