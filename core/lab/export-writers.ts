/** Tables as files: CSV (RFC 4180), JSON lines, a JSON array, Parquet. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import type { Cell, CellKind, ExportTable } from './export-tables.ts';
import type { OutputFile } from './output-file.ts';

export type TableForm = 'csv' | 'jsonl' | 'json' | 'parquet';

export function writeTable(table: ExportTable, form: TableForm, file: OutputFile): void {
  switch (form) {
    case 'csv':
      return writeCsv(table, file);
    case 'jsonl':
      return writeJsonLines(table, file);
    case 'json':
      return writeJson(table, file);
    case 'parquet':
      return writeParquet(table, file);
  }
}

/** Nothing stands for null, `""` for empty text. */
function writeCsv({ columns, batches }: ExportTable, file: OutputFile): void {
  file.text(`${columns.map(({ name }) => name).join(',')}\n`);
  for (const { rows, columns: cells } of batches()) {
    for (let i = 0; i < rows; i++) {
      let line = '';
      for (let c = 0; c < cells.length; c++) line += (c ? ',' : '') + csvCell(cells[c][i]);
      file.text(`${line}\n`);
    }
  }
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** Objects without what is null; integers from 2^53 on are decimal strings. Fields of events are objects, not text. */
function* jsonRows({ name: table, columns, batches }: ExportTable): Generator<string> {
  const heads = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  const isJson = columns.map(({ name }) => table === 'events' && name === 'fields');
  for (const { rows, columns: cells } of batches()) {
    for (let i = 0; i < rows; i++) {
      const fields: string[] = [];
      for (let c = 0; c < cells.length; c++) {
        const cell = cells[c][i];
        if (cell !== null) fields.push(heads[c] + (isJson[c] ? String(cell) : jsonCell(cell)));
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

const parquetTypes: Readonly<Record<CellKind, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  real: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

/** One row group a batch, snappy-compressed. */
function writeParquet({ columns, batches }: ExportTable, file: OutputFile): void {
  const buffer = new ByteWriter();
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, kind }) => ({ name, repetition_type: 'OPTIONAL' as const, ...parquetTypes[kind] })),
  ];
  const writer = new ParquetWriter({ writer: buffer, schema, createdBy: 'umbra' });
  for (const { rows, columns: cells } of batches()) {
    writer.write({
      columnData: columns.map(({ name }, c) => ({ name, data: cells[c] as Cell[] })),
      rowGroupSize: rows,
    });
    drain(buffer, file);
  }
  writer.finish();
  drain(buffer, file);
}

/** Moves what was written to the file. `offset` counts on, so that row groups know where they lie. */
function drain(buffer: ByteWriter, file: OutputFile): void {
  file.bytes(new Uint8Array(buffer.buffer, 0, buffer.index));
  buffer.index = 0;
}
