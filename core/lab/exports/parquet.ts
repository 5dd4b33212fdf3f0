/** A Parquet file written batch by batch: one row group each, snappy-compressed, only the rows: the same rows give the same bytes. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import type { OutputFile } from '../output-file.ts';
import type { Cell, CellKind } from './tables.ts';

const types: Readonly<Record<CellKind, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  real: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
};

export class ParquetFile {
  readonly #file: OutputFile;
  readonly #buffer = new ByteWriter();
  readonly #columns: readonly { readonly name: string; readonly kind: CellKind }[];
  readonly #writer: ParquetWriter;

  constructor(file: OutputFile, columns: readonly { readonly name: string; readonly kind: CellKind }[]) {
    this.#file = file;
    this.#columns = columns;
    const schema: SchemaElement[] = [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, kind }) => ({ name, repetition_type: 'OPTIONAL' as const, ...types[kind] })),
    ];
    this.#writer = new ParquetWriter({ writer: this.#buffer, schema, createdBy: 'umbra' });
  }

  /** @param data cells by column, in the columns' order */
  rowGroup(data: readonly Cell[][]): void {
    // In memory: done when it returns.
    void this.#writer.write({
      columnData: this.#columns.map(({ name }, c) => ({ name, data: data[c] })),
      rowGroupSize: data[0]?.length ?? 0,
    });
    this.#drain();
  }

  finish(): void {
    void this.#writer.finish();
    this.#drain();
  }

  /** Moves what was written to the file. `offset` keeps counting, so that row groups know their position. */
  #drain(): void {
    this.#file.bytes(new Uint8Array(this.#buffer.buffer, 0, this.#buffer.index));
    this.#buffer.index = 0;
  }
}
