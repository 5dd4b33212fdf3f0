/** `umbra.json` in a tar that `umbra capture` brought: where it was recorded, with what, and how two machines' clocks lay. */
import { z } from 'zod';
import type { ClockPair } from '../../model/clocks.ts';

export const BOARD_FACTS = 'umbra.json';

const Whole = z.string().regex(/^-?\d{1,19}$/);
const Ns = z.number().nonnegative();

const Clocks = z.object({
  at: Whole,
  offsetNs: Whole,
  driftPpb: z.number(),
  uncertaintyNs: Ns,
  driftUncertaintyPpb: Ns,
  spanNs: Ns,
  readings: z.tuple([z.number().int(), z.number().int()]),
  strainNs: Ns,
});

const Text = z.string().max(4096);
const schema = z.object({
  format: z.literal(1),
  umbra: Text,
  /** SHA-256 of the script that recorded. */
  script: Text,
  host: Text,
  guest: Text.optional(),
  /** UTC, ISO 8601, of the machine that asked for it. */
  started: Text,
  /** At most so long, s. */
  seconds: z.number(),
  command: z.array(Text).max(1000).optional(),
  pageTables: z.boolean(),
  /** The user ended it before its time. */
  stopped: z.boolean().optional(),
  /** KVM's events that found no room in the ring buffers; unknown where perf recorded them. */
  lost: z.number().optional(),
  clocks: Clocks.optional(),
});
export type BoardFacts = z.infer<typeof schema>;

/** @throws Error that says what is wrong with it */
export function parseBoardFacts(text: string): BoardFacts {
  const parsed = schema.safeParse(JSON.parse(text));
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
