/** `umbra.json` in a tar that `umbra capture` brought. */
import { BoardFacts } from '../../model/terms/capture-facts.ts';
import type { ClockPair } from '../../model/clocks.ts';
import { inWords } from '../../model/schema-words.ts';

export const BOARD_FACTS = 'umbra.json';

/** @throws Error that says what is wrong with it */
export function parseBoardFacts(text: string): BoardFacts {
  const parsed = BoardFacts.safeParse(JSON.parse(text), inWords);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new Error(`${path.join('.')}: ${message}`);
}

export function clocksOf({ clocks }: BoardFacts): ClockPair | undefined {
  return clocks && { ...clocks, at: BigInt(clocks.at), offsetNs: BigInt(clocks.offsetNs) };
}

export function clockFacts(pair: ClockPair): NonNullable<BoardFacts['clocks']> {
  return { ...pair, at: String(pair.at), offsetNs: String(pair.offsetNs), readings: [...pair.readings] };
}
