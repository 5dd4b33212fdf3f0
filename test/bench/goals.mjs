/** The last lines of a bench: a row per goal, with the measured value. */

/**
 * @param rows `figure` undefined where it couldn't be measured (`why`); either `atLeast` or `atMost` is the goal
 */
export function printGoals(rows) {
  if (!rows.length) return;
  const number = (n) => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
  const cells = rows.map(({ what, figure, unit, atLeast, atMost, why }) => [
    what,
    figure === undefined ? 'not measured' : `${number(figure)} ${unit}`,
    atLeast === undefined ? `at most ${atMost} ${unit}` : `at least ${atLeast} ${unit}`,
    figure === undefined ? why : (atLeast === undefined ? figure <= atMost : figure >= atLeast) ? 'met' : 'NOT MET',
  ]);
  const head = ['goal', 'measured', 'wanted', ''];
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  console.log();
  for (const row of [head, ...cells])
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    );
}
