/** Numbers as the app shows them: core/words' rules, without zeros at the end. The exact value belongs in a title. */
export { ranges } from '../core/words/lists.ts';
export { bytes, count, exactNs, percentNumber as percent, shortDuration as duration } from '../core/words/numbers.ts';
