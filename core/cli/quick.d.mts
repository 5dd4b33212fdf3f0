/** What is answered before anything else is loaded: the text, or undefined if the program itself must answer. */
export function quickAnswer(argv: readonly string[]): string | undefined;
export function answer(text: string): void;
