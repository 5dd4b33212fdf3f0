/** A word as a POSIX shell takes it: quoted if needed. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Words as a command line that a POSIX shell takes. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
