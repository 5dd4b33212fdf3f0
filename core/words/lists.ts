/** Several things in one phrase, and long names shortened. */

/** Two formatted ends, with one unit if shared: `1–2 ms`; a single value if they look the same. */
export function range(low: number, high: number, format: (x: number) => string): string {
  const [a, b] = [format(low), format(high)];
  if (a === b) return a;
  const [numberA, unitA] = splitUnit(a);
  const [, unitB] = splitUnit(b);
  return unitA === unitB ? `${numberA}–${b}` : `${a} – ${b}`;
}

function splitUnit(text: string): [string, string] {
  const at = text.search(/[^\d.\u2212\u202f]/);
  return at < 0 ? [text, ''] : [text.slice(0, at).replace(/\u202f$/, ''), text.slice(at)];
}

/** `a, b and c`; past `most` items `a, b and 3 more`. */
export function list(items: readonly string[], most = 6): string {
  const shown = items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** `1 sample`, `12 samples`. */
export function plural(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

/** CPU numbers in ascending order as `0–3, 8`. */
export function ranges(cpus: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const cpu of cpus) {
    const last = runs.at(-1);
    if (last?.[1] === cpu - 1) last[1] = cpu;
    else runs.push([cpu, cpu]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ');
}

/** A long name cut in the middle, since both ends of a symbol matter. */
export function shorten(name: string, most: number): string {
  const characters = Array.from(name);
  if (characters.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  const tail = most - 1 - head;
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - tail).join('')}`;
}
