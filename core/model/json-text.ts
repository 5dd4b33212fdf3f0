/** JSON of files that users write: bounded before it is parsed. */

/** Nesting levels of `[` and `{`. Nothing that Umbra reads has ten; stacks overflow from some thousands on. */
export const MAX_JSON_DEPTH = 64;

/** Like JSON.parse. Throws an Error, with a message to follow the file's name, also if nested too deep. */
export function parseJson(text: string): unknown {
  const at = tooDeep(text);
  if (at >= 0) throw new Error(`nested more than ${MAX_JSON_DEPTH} levels deep, at character ${at}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Where the first excess level begins; -1 if there is none. */
function tooDeep(text: string): number {
  // Strings are skipped, whatever they hold; of the rest only brackets matter here.
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
