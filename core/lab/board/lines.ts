/** What the kit's script says on stderr while `umbra capture` drives it, line by line. */

import type { BoardState } from '../../contract/board.ts';

export type BoardLine =
  | {
      readonly kind: 'state';
      readonly state: BoardState;
      /** Of the recordings, once they are sent. */ readonly bytes?: number;
    }
  | {
      readonly kind: 'progress';
      readonly seconds: number;
      readonly bytes: number;
      /** KVM's events so far, and how many were lost; unknown if perf doesn't report them. */
      readonly events?: number;
      readonly lost?: number;
    }
  /** `at`: ns; undefined if the board can't tell. */
  | { readonly kind: 'clock'; readonly number: number; readonly at?: bigint; readonly resolution: number }
  | { readonly kind: 'beat' }
  /** Anything else: the script's notes, ssh's messages. */
  | { readonly kind: 'said'; readonly text: string };

export function parseLine(text: string): BoardLine {
  const [, word, rest] =
    /^umbra-capture: (ready|recording|finishing|sending|sent|progress|clock|beat)\b *(.*)$/.exec(text) ?? [];
  const words = rest?.split(' ') ?? [];
  switch (word) {
    case undefined:
      return { kind: 'said', text: shown(text) };
    case 'beat':
      return { kind: 'beat' };
    case 'clock':
      return clockLine(words) ?? { kind: 'said', text };
    case 'progress': {
      const [seconds, kib, events, lost] = words.map((w) => (/^\d{1,15}$/.test(w) ? Number(w) : undefined));
      if (seconds === undefined || kib === undefined) return { kind: 'said', text };
      return { kind: 'progress', seconds, bytes: kib * 1024, ...(events !== undefined && { events, lost: lost ?? 0 }) };
    }
    default: {
      const kib = /^\d{1,12}$/.test(words[0]) ? Number(words[0]) : undefined;
      return { kind: 'state', state: word as BoardState, ...(kib !== undefined && { bytes: kib * 1024 }) };
    }
  }
}

/** `7 12.345678 s`, `7 12345.678901 ms`, `7 -`. */
function clockLine([number, value, unit]: readonly string[]): BoardLine | undefined {
  if (!/^\d{1,9}$/.test(number)) return undefined;
  const [, whole, digits] = /^(\d{1,13})\.(\d{1,9})$/.exec(value ?? '') ?? [];
  const places = { s: 9, ms: 6 }[unit ?? ''];
  if (whole === undefined || places === undefined || digits.length > places)
    return { kind: 'clock', number: Number(number), resolution: 0 };
  return {
    kind: 'clock',
    number: Number(number),
    at: BigInt(whole + digits.padEnd(places, '0')),
    resolution: 10 ** (places - digits.length),
  };
}

/** Board output reaches terminals and pages: nothing in it may move a cursor or change text direction. */
function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (c) =>
    c === '\t' ? ' ' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
