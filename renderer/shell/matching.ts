/** Commands by a few letters of what they do. */
export interface Named {
  readonly title: string;
  readonly hint: string;
}

/** Those that have all of the words, those whose title begins with them first. */
export function matching<T extends Named>(commands: readonly T[], text: string): readonly T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ title }: T) => {
    const low = title.toLowerCase();
    if (!words.length) return 0;
    return low.startsWith(words.join(' ')) ? 0 : words.every((w) => low.includes(w)) ? 1 : 2;
  };
  return commands
    .filter((c) => words.every((w) => `${c.title} ${c.hint}`.toLowerCase().includes(w)))
    .toSorted((a, b) => rank(a) - rank(b));
}
