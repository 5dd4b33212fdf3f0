/** Files picked for a capture's symbols, distinguished by content. */
import { basename, extname } from 'node:path';
import { InputError } from '../../formats/problems.ts';
import { withFile } from '../file-source.ts';
import type { SymbolSources } from './files.ts';

/** What was picked: `name` is the user's name for a file stored elsewhere. */
export interface Picked {
  readonly files: readonly { readonly path: string; readonly name?: string }[];
  readonly symfs?: string | undefined;
  readonly buildIdDirs?: readonly string[] | undefined;
}

type Kind = 'elf' | 'kallsyms' | 'perf-map';

/**
 * Throws InputError for a file of another kind. Uploaded binaries match by build id, since their own names are kept out of
 * the file system.
 */
export function pickedSources({ files, symfs, buildIdDirs }: Picked): SymbolSources {
  const of = (kind: Kind) =>
    files.filter((file) => kindOf(file.path, file.name ?? file.path) === kind).map((f) => f.path);
  const kallsyms = of('kallsyms');
  if (kallsyms.length > 1)
    throw new InputError(files[0].name ?? files[0].path, 'pick one kallsyms, that of the machine');
  return {
    ...(symfs !== undefined && { symfs }),
    ...(buildIdDirs && { buildIdDirs }),
    elfFiles: of('elf'),
    perfMaps: of('perf-map'),
    ...(kallsyms.length && { kallsyms: kallsyms[0] }),
  };
}

function kindOf(path: string, name: string): Kind {
  const head = withFile(path, (s) => Buffer.from(s.read(0, Math.min(256, s.size))).toString('latin1'));
  if (head.startsWith('\x7fELF')) return 'elf';
  // `ffff800080000000 T _text`: nm's letters. A perf map has a size there, in hex.
  if (/^[0-9a-f]{8,16} [A-Za-z] \S/.test(head)) return 'kallsyms';
  if (extname(basename(name)) === '.map' || /^(0x)?[0-9a-f]+ (0x)?[0-9a-f]+ \S/.test(head)) return 'perf-map';
  throw new InputError(name, 'holds no symbols: pick an ELF file, kallsyms or a perf-PID.map');
}
