/** What an import reads beside a capture without being asked: `X.vm.json` and `X.host.json` beside `X.trace.dat`, perf's kcore_dir. */
import { existsSync } from 'node:fs';
import { kcoreKallsyms } from '../symbols/files.ts';

const extensions = /((\.(trace|perf|ftrace|report|script))?\.(dat|data|txt|text|log|csv))?(\.(gz|zst|xz|bz2))?$/i;

/** A capture's path without format endings. */
export function stemOf(file: string): string {
  return file.replace(extensions, '');
}

/** `X.vm.json` beside `X.trace.dat`, if it exists. */
export function vmFileBeside(file: string): string | undefined {
  const path = `${stemOf(file)}.vm.json`;
  return path !== file && existsSync(path) ? path : undefined;
}

export function hostFileOf(file: string): string {
  return `${stemOf(file)}.host.json`;
}

/** Existing ones, by kind. */
export function companionsOf(file: string): Readonly<Record<string, string>> {
  const host = hostFileOf(file);
  const found = {
    vm: vmFileBeside(file),
    host: existsSync(host) ? host : undefined,
    kallsyms: kcoreKallsyms(file),
  };
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
