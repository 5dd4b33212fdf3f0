/** Tables as files: CSV (RFC 4180), JSON lines, a JSON array, Parquet. */
import { printableCell } from '../../words/printable.ts';
import { ParquetFile } from './parquet.ts';
import type { Cell, ExportTable } from './tables.ts';
import type { OutputFile } from '../output-file.ts';

export type TableForm = 'csv' | 'jsonl' | 'json' | 'parquet';

/** Called after each batch: rows written, and the total if known. Throwing ends the export. */
export type OnRows = (done: number, total: number | undefined) => void;

/** @param raw CSV cells verbatim, even those that a spreadsheet would run as a formula */
export function writeTable(
  table: ExportTable,
  form: TableForm,
  file: OutputFile,
  { onRows, raw = false }: { readonly onRows?: OnRows; readonly raw?: boolean } = {},
): void {
  const counted = onRows ? counting(table, onRows) : table;
  switch (form) {
    case 'csv':
      return writeCsv(counted, file, raw);
    case 'jsonl':
      return writeJsonLines(counted, file);
    case 'json':
      return writeJson(counted, file);
    case 'parquet':
      return writeParquet(counted, file);
  }
}

function counting(table: ExportTable, onRows: OnRows): ExportTable {
  return {
    ...table,
    *batches() {
      let done = 0;
      for (const batch of table.batches()) {
        onRows(done, table.rows);
        yield batch;
        done += batch.rows;
      }
    },
  };
}

/** null is nothing, empty text is `""`. */
function writeCsv({ columns, batches }: ExportTable, file: OutputFile, raw: boolean): void {
  file.text(`${columns.map(({ name }) => name).join(',')}\n`);
  for (const { rows, cell } of batches()) {
    for (let i = 0; i < rows; i++) {
      let line = '';
      for (let c = 0; c < columns.length; c++) line += (c ? ',' : '') + csvCell(cell(c, i), raw);
      file.text(`${line}\n`);
    }
  }
}

/** Makes spreadsheets take a cell for a formula (https://owasp.org/www-community/attacks/CSV_Injection); numbers don't. */
const formula = /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/;

function csvCell(value: Cell, raw: boolean): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const cell = raw ? value : printableCell(formula.test(value) ? `'${value}` : value);
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Objects without nulls; integers from 2^53 on are decimal strings. Fields of events are objects, not text. */
function* jsonRows({ name: table, columns, batches }: ExportTable): Generator<string> {
  const heads = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  const isJson = columns.map(({ name }) => table === 'events' && name === 'fields');
  for (const { rows, cell } of batches()) {
    for (let i = 0; i < rows; i++) {
      const fields: string[] = [];
      for (let c = 0; c < columns.length; c++) {
        const value = cell(c, i);
        if (value !== null) fields.push(heads[c] + (isJson[c] ? String(value) : jsonCell(value)));
      }
      yield `{${fields.join(',')}}`;
    }
  }
}

function jsonCell(cell: bigint | number | string): string {
  if (typeof cell !== 'bigint') return JSON.stringify(cell);
  const exact = cell <= BigInt(Number.MAX_SAFE_INTEGER) && cell >= -BigInt(Number.MAX_SAFE_INTEGER);
  return exact ? String(cell) : `"${cell}"`;
}

function writeJsonLines(table: ExportTable, file: OutputFile): void {
  for (const row of jsonRows(table)) file.text(`${row}\n`);
}

function writeJson(table: ExportTable, file: OutputFile): void {
  let before = '[\n';
  for (const row of jsonRows(table)) {
    file.text(before + row);
    before = ',\n';
  }
  file.text(before === '[\n' ? '[]\n' : '\n]\n');
}

function writeParquet({ columns, batches }: ExportTable, file: OutputFile): void {
  const parquet = new ParquetFile(file, columns);
  for (const { rows, cell } of batches())
    parquet.rowGroup(columns.map((_, c) => Array.from({ length: rows }, (_, i) => cell(c, i))));
  parquet.finish();
}
