/** Numbers as the app shows them: core/words' rules, without trailing zeros. The exact value belongs in a title. */
import {
  exactNs as exact,
  bytes as size,
  count as whole,
  counted as several,
  percentNumber,
  shortDuration,
  THIN,
} from '../core/words/numbers.ts';
import { display, separators } from './state/display.ts';

export { ranges } from '../core/words/lists.ts';
export { percentNumber as percent };

/** Between digits; the one before a unit stays. */
const thousands = new RegExp(`(?<=\\d)${THIN}(?=\\d)`, 'g');
const separated = (text: string) =>
  display.separator === 'thin' ? text : text.replace(thousands, separators[display.separator]);

export const count = (n: number | bigint | string): string => separated(whole(n));
export const counted = (n: number, what: string): string => separated(several(n, what));
export const bytes = (n: number): string => separated(size(n));
export const exactNs = (ns: number | bigint | string): string => separated(exact(ns));
export const duration = (ns: number | bigint): string => separated(shortDuration(ns));
