/** Tars of the board kit (kit/umbra-capture.sh): several captures in one file, with what belongs to them. */
import { closeSync, existsSync, mkdtempSync, readdirSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract } from 'tar';
import { InputError } from '../../formats/problems.ts';
import { openRegular, readTextFile } from '../file-source.ts';
import { BOARD_FACTS, parseBoardFacts } from './board-facts.ts';
import type { BoardFacts } from './board-facts.ts';

/** The kit's names; anything else in a tar stays there. */
const captures = /^(spe\.perf\.data|kvm\.(trace\.dat|perf\.data|ftrace\.txt))$/;
const sidecars = /^(kvm\.vm\.json|umbra\.json)$/;

/** What `umbra capture` wrote into the tar: read, or what is wrong with it. */
export type TarFacts = { readonly facts: BoardFacts } | { readonly problem: string } | undefined;

/**
 * Whether a file is a tar, by its content: `ustar` at byte 257 of its first header, and that header's checksum is right (POSIX pax,
 * ustar interchange format): what is packed can't pass for one, and be unpacked without a bound.
 */
export function isTar(file: string): boolean {
  let fd: number;
  try {
    ({ fd } = openRegular(file));
  } catch {
    // Whoever reads it says why.
    return false;
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    if (readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return false;
    return header.toString('latin1', 257, 262) === 'ustar' && checksum(header) === told(header);
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

const HEADER_BYTES = 512;

/** Where a header's own checksum stands: eight bytes, which count as blanks. */
const [SUM_START, SUM_END] = [148, 156];

function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= SUM_START && at < SUM_END ? 0x20 : byte), 0);
}

function told(header: Buffer): number {
  return parseInt(header.toString('latin1', SUM_START, SUM_END).replaceAll('\0', ' ').trim(), 8);
}

/**
 * Unpacks the captures of a tar beside each other, hands `use` their paths and names, and removes them. SPE comes first. Only plain
 * files one folder deep are taken: no link, no path of the tar's own choosing.
 * @throws InputError if the tar is damaged, or holds no capture
 */
export function withTarCaptures<T>(
  file: string,
  use: (captures: readonly { path: string; name: string }[], facts: TarFacts) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-tar-'));
  try {
    const isWanted = (path: string): boolean => {
      const [, name = '', ...deeper] = path.split('/');
      return deeper.length === 0 && (captures.test(name) || sidecars.test(name));
    };
    try {
      const filter = (path: string, entry: object): boolean =>
        isWanted(path.replace(/^\.\//, '')) && 'type' in entry && (entry.type === 'File' || entry.type === 'OldFile');
      extract({ file, cwd: folder, sync: true, strict: true, strip: 1, filter, preserveOwner: false });
    } catch (error) {
      throw new InputError(file, `the tar can't be unpacked: ${(error as Error).message}`);
    }
    const names = readdirSync(folder)
      .filter((name) => captures.test(name))
      .sort()
      .reverse();
    if (!names.length)
      throw new InputError(file, 'a tar, but none of the board kit: it holds no spe.perf.data and no kvm.trace.dat');
    return use(
      names.map((name) => ({ path: join(folder, name), name })),
      readFacts(join(folder, BOARD_FACTS)),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readFacts(path: string): TarFacts {
  if (!existsSync(path)) return undefined;
  try {
    return { facts: parseBoardFacts(readTextFile(path)) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
