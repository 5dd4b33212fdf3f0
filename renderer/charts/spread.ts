/** Positions for labels that would overlap. */

/**
 * Positions at least `gap` apart, in the order of the wished ones and as near to them as possible: groups that would touch are centred on
 * their wishes' mean.
 *
 * @param wished px, in any order
 * @returns px, each at its wish's index
 */
export function spread(wished: readonly number[], gap: number): number[] {
  const order = wished.map((_, i) => i).sort((a, b) => wished[a] - wished[b] || a - b);
  const groups: { first: number; size: number; sum: number }[] = [];
  const start = (g: (typeof groups)[number]) => g.sum / g.size - ((g.size - 1) * gap) / 2;
  order.forEach((i, at) => {
    let group = { first: at, size: 1, sum: wished[i] };
    for (
      let before = groups.at(-1);
      before && start(before) + before.size * gap > start(group);
      before = groups.at(-1)
    ) {
      groups.pop();
      group = { first: before.first, size: before.size + group.size, sum: before.sum + group.sum };
    }
    groups.push(group);
  });
  const out = wished.slice();
  for (const group of groups) for (let k = 0; k < group.size; k++) out[order[group.first + k]] = start(group) + k * gap;
  return out;
}

/**
 * How far each label right of its mark is moved down so that it covers no other: top to bottom, each below those it would touch.
 *
 * @param marks px from the left and the top
 * @param size px of a label
 */
export function besides(
  marks: readonly { readonly x: number; readonly y: number }[],
  size: { readonly width: number; readonly height: number },
): number[] {
  const order = marks.map((_, i) => i).sort((a, b) => marks[a].y - marks[b].y || marks[a].x - marks[b].x);
  const placed: { readonly x: number; readonly y: number }[] = [];
  const out = marks.map(() => 0);
  for (const i of order) {
    const { x } = marks[i];
    const near = placed.filter((p) => Math.abs(p.x - x) < size.width).sort((a, b) => a.y - b.y);
    let { y } = marks[i];
    for (const p of near) if (Math.abs(p.y - y) < size.height) y = p.y + size.height;
    placed.push({ x, y });
    out[i] = y - marks[i].y;
  }
  return out;
}
