/** Finds a field's line in a TOML or JSON text: parsers give values without positions, and errors must name the line. */

export type FieldPath = readonly (string | number)[];

const join = (path: FieldPath): string => path.join('\0');

/** Line (from 1) of a field, or of the nearest part of its path that has one; undefined if none has. */
export function lineOf(text: string, path: FieldPath, form: 'toml' | 'json'): number | undefined {
  const lines = form === 'toml' ? tomlLines(text) : jsonLines(text);
  for (let n = path.length; n > 0; n--) {
    const line = lines.get(join(path.slice(0, n)));
    if (line !== undefined) return line;
  }
  return undefined;
}

const word = /\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)\s*/y;

/** The parts of a dotted key from `at` on, and where it ends. */
function dotted(line: string, at: number): { parts: string[]; end: number } | undefined {
  const parts: string[] = [];
  for (;;) {
    word.lastIndex = at;
    const found = word.exec(line);
    if (!found) return undefined;
    const [whole, key] = found;
    parts.push(/^["']/.test(key) ? key.slice(1, -1) : key);
    at += whole.length;
    if (line[at] !== '.') return { parts, end: at };
    at++;
  }
}

/** Tables, arrays of tables and keys at the start of a line: enough for files written by hand. */
function tomlLines(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const counts = new Map<string, number>();
  let table: (string | number)[] = [];
  text.split('\n').forEach((line, i) => {
    const head = /^\s*(\[\[?)/.exec(line);
    if (head) {
      const key = dotted(line, head[0].length);
      if (!key || line[key.end] !== ']') return;
      table = key.parts;
      if (head[1] === '[[') {
        const n = counts.get(join(table)) ?? 0;
        counts.set(join(table), n + 1);
        if (n === 0) found.set(join(table), i + 1);
        table = [...table, n];
      }
      found.set(join(table), i + 1);
      return;
    }
    const key = dotted(line, 0);
    if (!key || line[key.end] !== '=') return;
    const path = [...table, ...key.parts];
    if (!found.has(join(path))) found.set(join(path), i + 1);
  });
  return found;
}

/** Every member and element of a JSON text that parses. */
function jsonLines(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const token = /"(?:[^"\\]|\\.)*"|[[\]{}:,]|[^\s[\]{}:,"]+/gs;
  const path: (string | number)[] = [];
  const open: ('[' | '{')[] = [];
  let expectsKey = false;
  let line = 1;
  let seen = 0;
  for (let t = token.exec(text); t; t = token.exec(text)) {
    for (; seen < t.index; seen++) if (text[seen] === '\n') line++;
    const [what] = t;
    if (what === '{' || what === '[') {
      if (!expectsKey && path.length) found.set(join(path), found.get(join(path)) ?? line);
      open.push(what);
      path.push(what === '[' ? 0 : '');
      expectsKey = what === '{';
    } else if (what === '}' || what === ']') {
      open.pop();
      path.pop();
      expectsKey = false;
    } else if (what === ',') {
      const last = path.pop();
      path.push(typeof last === 'number' ? last + 1 : '');
      expectsKey = open.at(-1) === '{';
    } else if (what !== ':') {
      if (expectsKey) path[path.length - 1] = JSON.parse(what) as string;
      expectsKey = false;
      found.set(join(path), found.get(join(path)) ?? line);
    }
  }
  return found;
}
