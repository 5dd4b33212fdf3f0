/** JSON of files that users write: bounded before it is parsed. */

/** Levels of `[` and `{` in each other. Nothing that Umbra reads has ten; stacks overflow from some thousands on. */
export const MAX_JSON_DEPTH = 64;

/** As JSON.parse. Throws an Error, with a message that follows the file's name, also if it is nested too deep. */
export function parseJson(text: string): unknown {
  const at = tooDeep(text);
  if (at >= 0) throw new Error(`nested more than ${MAX_JSON_DEPTH} levels deep, at character ${at}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Where the first level too many begins; -1 if none does. */
function tooDeep(text: string): number {
  // Strings are stepped over, whatever they hold; the rest is only brackets to this.
  const token = /"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs;
  let depth = 0;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [first] = found[0];
    if (first === '[' || first === '{') depth++;
    else if (first === ']' || first === '}') depth--;
    if (depth > MAX_JSON_DEPTH) return found.index;
  }
  return -1;
}
