/** The options that say where to find functions, for `umbra symbols` and `umbra import`. */
import type { SymbolSources } from '../lab/symbols/files.ts';
import type { Args, Option } from './command.ts';

export const symbolOptions: Readonly<Record<string, Option>> = {
  symfs: { type: 'string', value: 'DIR', help: 'root file system of the machine that recorded: binaries below it' },
  'buildid-dir': { type: 'string', multiple: true, value: 'DIR', help: 'build-id cache, besides ~/.debug' },
  elf: { type: 'string', multiple: true, value: 'FILE', help: 'a binary, or a vmlinux' },
  kallsyms: { type: 'string', value: 'FILE', help: '/proc/kallsyms of the machine that recorded' },
  'perf-map': { type: 'string', multiple: true, value: 'FILE', help: 'perf-PID.map of a JIT compiler' },
};

export function symbolChoice(args: Args): SymbolSources {
  return {
    symfs: args.text('symfs'),
    buildIdDirs: args.texts('buildid-dir'),
    elfFiles: args.texts('elf'),
    kallsyms: args.text('kallsyms'),
    perfMaps: args.texts('perf-map'),
  };
}

/** Undefined if none of the options was given. */
export function symbolChoiceIfAny(args: Args): SymbolSources | undefined {
  const given = Object.keys(symbolOptions).some((name) => args.text(name) !== undefined);
  return given ? symbolChoice(args) : undefined;
}
