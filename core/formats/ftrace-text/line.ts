/**
 * `bytes[start, end)` is the line without its newline and marks of quoting, `text` the same as latin1; `offset` its place in the
 * source, `number` counts from 1.
 */
export interface Line {
  number: number;
  bytes: Uint8Array;
  start: number;
  end: number;
  text: string;
  offset: number;
}
