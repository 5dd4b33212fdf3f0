/** A VM description's text, edited cell by cell. What isn't in the tables is left as it is. */

export const tables = {
  slots: ['slot', 'gpa', 'size', 'hva'],
  vcpus: ['vcpu', 'tid'],
  buffers: ['vcpu', 'ipa', 'size'],
} as const;
export type TableName = keyof typeof tables;
type Row = Record<string, unknown>;
export type VmTables = { readonly [T in TableName]?: readonly Row[] };

export interface CellPlace {
  readonly vm: number;
  readonly table: TableName;
  readonly row: number;
  readonly column: string;
}

/** The VMs in a text; undefined if it isn't JSON of that shape. */
export function parseVms(text: string): readonly VmTables[] | undefined {
  try {
    const { vms } = JSON.parse(text) as { vms?: unknown };
    return Array.isArray(vms) && vms.every((vm) => typeof vm === 'object' && vm !== null)
      ? (vms as VmTables[])
      : undefined;
  } catch {
    return undefined;
  }
}

export function cell(row: Row, column: string): string {
  const value = row[column];
  return value === undefined ? '' : String(value);
}

/** Small numbers are written as numbers, addresses as text: JSON numbers lose bits. */
export function setCell(text: string, { vm, table, row, column }: CellPlace, value: string): string {
  return edit(text, vm, table, (rows) =>
    rows.map((r, i) => (i === row ? { ...r, [column]: /^\d{1,9}$/.test(value) ? Number(value) : value } : r)),
  );
}

export function addRow(text: string, vm: number, table: TableName): string {
  const empty: Readonly<Record<string, unknown>> = {
    slot: 0,
    gpa: '0x0',
    size: '0x1000',
    hva: '0x0',
    vcpu: 0,
    tid: 0,
    ipa: '0x0',
  };
  return edit(text, vm, table, (rows) => [...rows, Object.fromEntries(tables[table].map((c) => [c, empty[c]]))]);
}

export function removeRow(text: string, vm: number, table: TableName, row: number): string {
  return edit(text, vm, table, (rows) => rows.filter((_, i) => i !== row));
}

/** The host's page size in bytes, as in the text. */
export function pageSizeOf(text: string): string | undefined {
  try {
    const { pageSize } = JSON.parse(text) as { pageSize?: unknown };
    return pageSize === undefined ? undefined : String(pageSize);
  } catch {
    return undefined;
  }
}

/** @param size bytes; empty: not given */
export function setPageSize(text: string, size: string): string {
  if (!parseVms(text)) return text;
  const rest = JSON.parse(text) as Row;
  delete rest['pageSize'];
  return JSON.stringify(size ? { pageSize: Number(size), ...rest } : rest, undefined, 2);
}

function edit(text: string, vm: number, table: TableName, change: (rows: readonly Row[]) => readonly Row[]): string {
  const vms = parseVms(text);
  if (!vms) return text;
  const whole = JSON.parse(text) as Row;
  const next = vms.map((v, i) => (i === vm ? { ...v, [table]: change(v[table] ?? []) } : v));
  return JSON.stringify({ ...whole, vms: next }, undefined, 2);
}
