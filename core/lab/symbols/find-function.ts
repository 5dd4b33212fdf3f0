/** Which function a key means, as skew, the blackouts and the search name places in code. */
import { findSymbol } from '../../formats/symbols/symbol-table.ts';
import type { Db } from '../../store/lab-file.ts';
import { readMappings } from '../../store/mappings.ts';
import type { Mapping } from '../../store/mappings.ts';
import { readSymbols } from '../../store/symbols.ts';
import type { SymbolRow } from '../../store/symbols.ts';
import { RequestError } from '../about.ts';
import { addressPlace, homeOf, placeAddress } from './places.ts';
import { functionTables } from './symbol-keys.ts';

export interface FunctionPlace {
  readonly name: string;
  readonly binary: string;
  readonly buildId?: string;
  /** First byte: its place in the binary (places.ts), and as the file offset or address shown. */
  readonly start: number;
  readonly address: bigint;
  readonly bytes: number;
  /** Missing if no function is known: then it is a page. */
  readonly symbol?: SymbolRow;
}

const PAGE = 0x1000;

/** @throws RequestError saying what keys look like, if nothing has that name */
export function functionOf(db: Db, capture: number, key: string): FunctionPlace {
  const rows = readSymbols(db, capture);
  const tables = functionTables(rows);
  for (const { table, rows: own } of tables.values()) {
    for (let i = 0; i < table.n; i++) if (table.name(i) === key) return placeOf(key, own[rowAt(own, table.start[i])]);
  }
  const parts = /^(.+)\+0x([0-9a-f]{1,14})$/.exec(key);
  const mappings = readMappings(db, capture);
  const mapping = parts && mappings.find((m) => shortName(m) === parts[1]);
  if (!parts || !mapping) {
    throw new RequestError(
      `no function or place '${key}' in capture ${capture}: names are those of skew by symbol, or binary+0x1a40`,
    );
  }
  const { binary, start } = homeOf(mapping);
  // Kernel keys count from the start of its text, file keys from the first byte.
  const at = mapping.kernel ? start + parseInt(parts[2], 16) : parseInt(parts[2], 16);
  const own = tables.get(`${binary}\0${mapping.buildId ?? ''}`);
  const i = own ? findSymbol(own.table, at) : -1;
  if (own && i >= 0) return placeOf(own.table.name(i), own.rows[rowAt(own.rows, own.table.start[i])]);
  const page = at - (at % PAGE);
  return {
    ...{
      name: `${parts[1]}+0x${(page - (mapping.kernel ? start : 0)).toString(16)}`,
      binary,
      start: page,
      bytes: PAGE,
    },
    ...{ address: placeAddress(binary, page), buildId: mapping.buildId },
  };
}

function placeOf(name: string, symbol: SymbolRow): FunctionPlace {
  const { binary, buildId, start, bytes } = symbol;
  return { name, binary, buildId, start: addressPlace(binary, start), address: start, bytes, symbol };
}

/** The row of the function that starts at a place: rows of one binary, in any order. */
function rowAt(rows: readonly SymbolRow[], start: number): number {
  return rows.findIndex((r) => addressPlace(r.binary, r.start) === start);
}

/** As in keys: the file's name, `[kernel]`. */
function shortName(m: Mapping): string {
  return m.file.startsWith('[kernel.') ? '[kernel]' : m.file.slice(m.file.lastIndexOf('/') + 1);
}
