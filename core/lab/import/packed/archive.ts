/** Archives of captures: tars of the board kit (kit/umbra-capture.sh), and whatever else holds one pair. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract } from 'tar';
import { InputError } from '../../../formats/problems.ts';
import { BOARD_FACTS, parseBoardFacts } from '../board-facts.ts';
import type { BoardFacts } from '../../../model/terms/capture-facts.ts';
import { detectFormat } from '../detect.ts';
import { readTextFile, withFile } from '../../file-source.ts';
import { isArchive, MAX_FILES } from './layers.ts';
import type { Archive } from './layers.ts';
import { layerAt, room, tooManyFiles, unpack } from './unpack.ts';

/** The kit's names; anything else in its tars is ignored. */
const kitNames = /^(spe\.perf\.data|kvm\.(trace\.dat|perf\.data|ftrace\.txt))$/;
const sidecars = /\.(vm|host)\.json$/;

/** What `umbra capture` wrote into its tar, or what is wrong with it. */
export type ArchiveFacts = { readonly facts: BoardFacts } | { readonly problem: string } | undefined;

/** Bytes read at once. */
const PIECE = 1 << 20;

/** Most captures in one archive: an SPE capture and a KVM trace. */
const PAIR = 2;

export interface Member {
  /** Its temporary path. */
  readonly path: string;
  /** Its name in the archive. */
  readonly name: string;
}

/**
 * Unpacks an archive's captures side by side, hands `use` their paths and names, and removes them; SPE comes first. Only plain
 * files are taken: no links, no paths chosen by the archive.
 * @param shown the archive's name in messages
 * @throws InputError if it is damaged, or holds no capture, or more than a pair
 */
export function withArchive<T>(
  { path, archive, shown }: { readonly path: string; readonly archive: Archive; readonly shown: string },
  use: (captures: readonly Member[], facts: ArchiveFacts) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-archive-'));
  try {
    if (archive === 'tar') untar(path, folder, shown);
    else unpack({ from: path, to: folder, layer: archive, limit: room(path, folder) }, shown);
    return use(captures(folder, shown, archive), readFacts(join(folder, BOARD_FACTS)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function untar(file: string, cwd: string, shown: string): void {
  let files = 0;
  let links = 0;
  let bytes = 0;
  let sparse: string | undefined;
  const limit = room(file, cwd);
  try {
    const reader = extract({
      ...{ cwd, sync: true, strict: true, preserveOwner: false },
      filter: (_, entry) => {
        if (!('type' in entry)) return false;
        if (entry.type === 'SparseFile' || entry.path.includes('GNUSparseFile.')) sparse ??= entry.path;
        if (/Link$|Device$|FIFO/.test(entry.type)) links++;
        if (sparse !== undefined || (entry.type !== 'File' && entry.type !== 'OldFile')) return false;
        bytes += entry.size;
        return ++files <= MAX_FILES && bytes <= limit;
      },
      onReadEntry: (entry) => {
        entry.path = `${files}-${entry.path.replace(/.*\//, '')}`;
      },
    });
    // Types that the reader doesn't know never come to the filter, GNU tar's own sparse files among them.
    reader.on('ignoredEntry', ({ type, path }) => {
      if (type === 'SparseFile') sparse ??= path;
    });
    withFile(file, (source) => {
      for (let at = 0; at < source.size;) {
        const piece = source.read(at, PIECE);
        if (!piece.length) break;
        at += piece.length;
        reader.write(Buffer.from(piece));
      }
    });
    reader.end();
  } catch (error) {
    throw new InputError(shown, `the tar can't be unpacked: ${(error as Error).message}`);
  }
  if (sparse !== undefined) {
    const name = sparse.replace(/.*\//, '');
    throw new InputError(shown, `a tar with holes left out of its files (${name}, sparse): unpack it with \`tar xf\``);
  }
  if (!files && links)
    throw new InputError(shown, 'a tar of links and devices alone: pack what they lead to (`tar ch`)');
  if (files > MAX_FILES) throw new InputError(shown, tooManyFiles('tar'));
  if (bytes > limit)
    throw new InputError(shown, `its files come to ${bytes} bytes, more than there is room for (${limit})`);
}

function captures(folder: string, shown: string, archive: Archive): Member[] {
  const all = readdirSync(folder).map((file) => {
    const name = file.replace(/^\d+-/, '');
    const path = join(folder, name);
    // A VM description is found beside its trace, by name.
    if (existsSync(path)) return { path: join(folder, file), name };
    renameSync(join(folder, file), path);
    return { path, name };
  });
  const kit = all.filter(({ name }) => kitNames.test(name));
  // A pair with the kit's names is the kit's; a single file so named may have others beside it, or there may be two of them.
  const isKit = kit.length === PAIR && new Set(kit.map(({ name }) => name.slice(0, 3))).size === PAIR;
  const found = isKit ? kit : capturesAmong(all.filter(({ name }) => !sidecars.test(name) && name !== BOARD_FACTS));
  if (!found.length) {
    const names = all.length
      ? `it holds ${all
          .slice(0, 5)
          .map((m) => m.name)
          .join(', ')}${all.length > 5 ? ', …' : ''}`
      : 'it holds no plain files';
    throw new InputError(shown, `a ${archive} without a capture (perf.data, trace.dat, or text of them): ${names}`);
  }
  if (found.length > PAIR) {
    const names = found.map((m) => m.name).join(', ');
    throw new InputError(
      shown,
      `a ${archive} of ${found.length} captures (${names}): unpack it and name those you mean`,
    );
  }
  return found.sort((a, b) => (a.name < b.name ? 1 : -1));
}

function readFacts(path: string): ArchiveFacts {
  if (!existsSync(path)) return undefined;
  try {
    return { facts: parseBoardFacts(readTextFile(path)) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** Another archive counts if it is the only one, and nothing else does. */
function capturesAmong(members: readonly Member[]): Member[] {
  const found = members.filter(({ path }) => isCapture(path));
  if (found.length) return found;
  const inner = members.filter(({ path }) => {
    const layer = layerAt(path);
    return layer !== undefined && isArchive(layer);
  });
  return inner.length === 1 ? inner : [];
}

function isCapture(path: string): boolean {
  const layer = layerAt(path);
  if (layer !== undefined) return !isArchive(layer);
  try {
    return withFile(path, detectFormat) !== undefined;
  } catch {
    return false;
  }
}
