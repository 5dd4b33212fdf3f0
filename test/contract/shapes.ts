/**
 * Checks of replies, made from the contract's own types by the TypeScript compiler: nothing is written twice that could get out of
 * step. Made once for each state of the sources and kept in node_modules/.cache.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** A type as data. `fields`: name, whether it may be missing; `rest`: what other fields hold, none allowed without it. */
export type Shape =
  | 'any'
  | 'bigint'
  | 'boolean'
  | 'null'
  | 'number'
  | 'string'
  | 'undefined'
  | { readonly is: string | number | boolean }
  | { readonly or: readonly Shape[] }
  | { readonly list: Shape }
  | { readonly tuple: readonly Shape[] }
  | { readonly array: string }
  | { readonly fields: Readonly<Record<string, readonly [Shape, boolean]>>; readonly rest?: Shape }
  /** Place in `Shapes.named`: types that hold themselves, and those that several hold. */
  | { readonly named: number };

export interface Shapes {
  readonly named: readonly Shape[];
  readonly replies: Readonly<Record<string, Shape>>;
  readonly soFar: Readonly<Record<string, Shape>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = join(root, 'test/contract/replies.ts');
const sources = ['core/contract', 'core/model/terms', 'core/model/terms.ts', 'test/contract/shapes.ts', entry];

let shapes: Shapes | undefined;

export function replyShapes(): Shapes {
  shapes ??= kept();
  return shapes;
}

function kept(): Shapes {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((name) => filesOf(name === entry ? entry : join(root, name)))) {
    hash.update(readFileSync(file));
  }
  const file = join(root, 'node_modules/.cache/umbra-replies', `${hash.digest('hex').slice(0, 16)}.json`);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Shapes;
  } catch {
    const made = shapesOf(entry);
    mkdirSync(dirname(file), { recursive: true });
    // Test files run in several processes: the name appears when the file is whole.
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(made));
    renameSync(`${file}.${process.pid}`, file);
    return made;
  }
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}

/** @param file exports the types `Replies` and `SoFar` */
export function shapesOf(file: string): Shapes {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [file] }, ts.sys, root);
  const program = ts.createProgram([file], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file)!;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!);
  const named: Shape[] = [];
  const places = new Map<ts.Type, number>();

  const shape = (type: ts.Type): Shape => {
    const { flags } = type;
    if (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return 'any';
    if (type.isStringLiteral() || type.isNumberLiteral()) return { is: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { is: checker.typeToString(type) === 'true' };
    if (flags & ts.TypeFlags.StringLike) return 'string';
    if (flags & ts.TypeFlags.NumberLike) return 'number';
    if (flags & ts.TypeFlags.BigIntLike) return 'bigint';
    if (flags & ts.TypeFlags.Null) return 'null';
    if (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return 'undefined';
    if (flags & ts.TypeFlags.Boolean) return 'boolean';
    if (flags & ts.TypeFlags.Never) return { or: [] };
    if (type.isUnion()) return { or: type.types.map(shape) };
    if (checker.isTupleType(type)) return { tuple: checker.getTypeArguments(type as ts.TypeReference).map(shape) };
    if (checker.isArrayType(type)) return { list: shape(checker.getTypeArguments(type as ts.TypeReference)[0]) };
    if (!(flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) {
      throw new Error(`no check for the type ${checker.typeToString(type)}`);
    }
    const array = type.symbol?.name;
    if (array !== undefined && /^(Big)?(Int|Uint|Float)\d+Array$/.test(array)) return { array };
    let place = places.get(type);
    if (place === undefined) {
      place = named.push('any') - 1;
      places.set(type, place);
      named[place] = fields(type);
    }
    return { named: place };
  };
  const fields = (type: ts.Type): Shape => {
    const rest = checker.getIndexInfoOfType(type, ts.IndexKind.String);
    const of = checker.getPropertiesOfType(type).map((field) => {
      const optional = (field.flags & ts.SymbolFlags.Optional) !== 0;
      return [field.name, [shape(checker.getTypeOfSymbol(field)), optional]] as const;
    });
    return { fields: Object.fromEntries(of), ...(rest && { rest: shape(rest.type) }) };
  };
  const all = (name: string): Record<string, Shape> => {
    const type = checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === name)!);
    return Object.fromEntries(
      checker.getPropertiesOfType(type).map((m) => [m.name, shape(checker.getTypeOfSymbol(m))]),
    );
  };
  return { replies: all('Replies'), soFar: all('SoFar'), named };
}
