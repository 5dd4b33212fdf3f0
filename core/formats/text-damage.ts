/** What a binary file looks like after something took it for text on the way here. */
import { isUtf8 } from './event-format/text-bytes.ts';

/** Bytes that show it, at least: fewer are chance. */
const SOME = 64;
/** As many of the first ones are enough to tell. */
export const DAMAGE_BYTES = 64 << 10;
const SOME_ENDS = 16;
const NEWLINE = 10;
const RETURN = 13;

/** What happened to the file, in words that follow its name; undefined if nothing did that shows. */
export function damageAsText(head: Uint8Array): string | undefined {
  let ends = 0;
  let returns = 0;
  let high = 0;
  for (let i = 0; i < head.length; i++) {
    if (head[i] > 127) high++;
    if (head[i] !== NEWLINE) continue;
    ends++;
    if (head[i - 1] === RETURN) returns++;
  }
  if (ends >= SOME_ENDS && returns === ends)
    return "was copied as text: each line feed in it follows a carriage return (FTP's ASCII mode, git's autocrlf). Copy it as binary";
  if (high >= SOME && isUtf8(head))
    return 'was read and written as text: all its bytes are UTF-8, as those of no capture are. Copy it as binary';
  return undefined;
}
