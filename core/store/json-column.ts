/** Columns that hold JSON. A lab file may have been changed by others: its contents are checked before they are trusted. */
import type { z } from 'zod';
import type { Db } from './lab-file.ts';
import { LabFileError } from './lab-file.ts';

export type FieldKind = 'object' | 'text' | 'texts' | 'numbers';

const isKind: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  object: isObject,
  text: (value) => typeof value === 'string',
  texts: (value) => Array.isArray(value) && value.every((v) => typeof v === 'string'),
  numbers: (value) => Array.isArray(value) && value.every((v) => typeof v === 'number'),
};

/**
 * Throws a LabFileError if it isn't a JSON object whose fields, where present, are of these kinds.
 * @template T what this version of Umbra writes there: trusted beyond `fields`
 * @param column `table.column`, for the message
 */
export function jsonObject<T extends object = Record<string, unknown>>(
  db: Db,
  column: string,
  text: unknown,
  fields: Readonly<Record<string, FieldKind>> = {},
  needed: readonly string[] = [],
): T {
  const value = parsed(db, column, text);
  if (!isObject(value)) throw damaged(db, column);
  for (const [name, kind] of Object.entries(fields)) {
    const field = value[name];
    if (field === undefined ? needed.includes(name) : !isKind[kind](field)) throw damaged(db, `${column}: ${name}`);
  }
  return value as T;
}

/** A column's JSON parsed by a schema: unknown fields are dropped. Throws a LabFileError that names the first wrong one. */
export function jsonOf<T>(db: Db, column: string, text: unknown, schema: z.ZodType<T>): T {
  const { success, data, error } = schema.safeParse(parsed(db, column, text));
  if (!success) throw damaged(db, [column, error.issues[0].path.join('.')].filter(Boolean).join(': '));
  return data;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(db: Db, column: string, text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    throw damaged(db, column);
  }
}

function damaged(db: Db, column: string): LabFileError {
  return new LabFileError(`${db.name}: damaged: ${column} holds something that Umbra didn't write`);
}
