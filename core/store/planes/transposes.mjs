/**
 * The unrolled parts of planes.wat: elements of 2, 4 or 8 bytes to byte planes, and back. Both are transpositions of a matrix of bytes,
 * done by interleaving larger and larger units of more and more distant rows.
 */
const range = (n) => Array.from({ length: n }, (_, i) => i);
const row = (name, i) => `(local.get $${name}${i})`;
const shuffle = (bytes, a, b) => `(i8x16.shuffle ${bytes.join(' ')} ${a} ${b})`;

/** Alternates units of two rows: of their lower halves, or of their upper ones. */
const interleaved = (unit, upper) =>
  range(8 / unit).flatMap((k) =>
    [0, 16].flatMap((of) => range(unit).map((byte) => of + (upper ? 8 : 0) + k * unit + byte)),
  );

/** Rows of `to` after one round: [shuffle, the two rows of `from`] each. */
function round(rows, distance, unit, from) {
  return range(rows / 2).flatMap((pair) => {
    const a = Math.floor(pair / distance) * 2 * distance + (pair % distance);
    const two = [row(from, a), row(from, a + distance)];
    return [false, true].map((upper) => shuffle(interleaved(unit, upper), ...two));
  });
}

/** All rounds but the last as assignments between a and b; then the result of the last. */
function rounds(rows, firstUnit) {
  const lines = [];
  let [from, to] = ['a', 'b'];
  let unit = firstUnit;
  let distance = 1;
  for (; distance < rows / 2; distance *= 2, unit *= 2) {
    lines.push(...round(rows, distance, unit, from).map((value, i) => `(local.set $${to}${i} ${value})`));
    [from, to] = [to, from];
  }
  return { lines, last: round(rows, distance, unit, from) };
}

const locals = (rows) =>
  (rows > 2 ? ['a', 'b'] : ['a']).flatMap((name) => range(rows).map((i) => `(local $${name}${i} v128)`)).join(' ');
const after = (i) => (i ? `offset=${16 * i} ` : '');
const plane = (base, i) =>
  i ? `(i32.add (local.get $${base}) (i32.mul (local.get $stride) (i32.const ${i})))` : `(local.get $${base})`;
const next = (name, bytes) => `(local.set $${name} (i32.add (local.get $${name}) (i32.const ${bytes})))`;

function loop(lines, src, dst) {
  const again = '(br_if $next (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))';
  return ['(loop $next', ...[...lines, next('src', src), next('dst', dst), again].map((l) => `  ${l}`), ')'];
}

function split(rows) {
  const loads = range(rows).map((i) => `(local.set $a${i} (v128.load ${after(i)}(local.get $src)))`);
  // A row's elements to units of equal bytes; with just two rows the same shuffle can take both.
  const order = range(16).map((i) => (i % (16 / rows)) * rows + Math.floor((i * rows) / 16));
  const own = range(rows).map((i) => `(local.set $a${i} ${shuffle(order, row('a', i), row('a', i))})`);
  const both = [0, 1].map((odd) =>
    shuffle(
      range(16).map((i) => 2 * i + odd),
      row('a', 0),
      row('a', 1),
    ),
  );
  const { lines, last } = rows === 2 ? { lines: [], last: both } : rounds(rows, 16 / rows);
  const stores = last.map((value, i) => `(v128.store ${plane('dst', i)} ${value})`);
  return [
    `;; Elements of ${rows} bytes from src on to planes from dst on, of 16 bytes a group.`,
    `(func (export "split${rows}") (param $src i32) (param $groups i32) (param $dst i32)`,
    `(local $stride i32) ${locals(rows)}`,
    '(local.set $stride (i32.shl (local.get $groups) (i32.const 4)))',
    ...loop([...loads, ...(rows === 2 ? [] : own), ...lines, ...stores], 16 * rows, 16),
    ')',
  ];
}

function join(rows) {
  const loads = range(rows).map((i) => `(local.set $a${i} (v128.load ${plane('src', i)}))`);
  const { lines, last } = rounds(rows, 1);
  const stores = last.map((value, i) => `(v128.store ${after(i)}(local.get $dst) ${value})`);
  return [
    `;; The way back: planes of \`stride\` bytes from src on to elements of ${rows} bytes from dst on.`,
    `(func (export "join${rows}") (param $src i32) (param $stride i32) (param $groups i32) (param $dst i32)`,
    locals(rows),
    ...loop([...loads, ...lines, ...stores], 16, 16 * rows),
    ')',
  ];
}

/** split8, split4, split2, join8, join4, join2 as WebAssembly text. */
export const transposes = [split, join].flatMap((make) => [8, 4, 2].flatMap(make)).join('\n');
