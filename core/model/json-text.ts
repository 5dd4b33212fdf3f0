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

/** Where the first excess level begins; -1 if there is none. By hand: in a long string a regular expression runs out of stack. */
function tooDeep(text: string): number {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') inString = !inString;
    // What is escaped ends no string.
    else if (inString && character === '\\') i++;
    else if (inString) continue;
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > MAX_JSON_DEPTH) return i;
  }
  return -1;
}
