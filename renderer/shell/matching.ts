/** Commands by a few letters of what they do. */
export interface Named {
  readonly title: string;
  readonly hint: string;
}

/** Those with all of the words; titles that begin with them come first. */
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
