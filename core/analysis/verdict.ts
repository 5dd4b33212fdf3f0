import type { Skew } from './skew.ts';
import type { Summary } from './summary.ts';

/** How far the surviving profile can be trusted (model.md section 7). */
export const verdicts = ['representative', 'usable with care', 'misleading', 'dead'] as const;
export type VerdictWord = (typeof verdicts)[number];

/** A verdict with what it rests on; core/report puts it in a sentence. */
export interface Verdict {
  readonly word: VerdictWord;
  /** The excess skew is significant: the null model's p-value is at the level or below. */
  readonly skewed: boolean;
  /** The top-10 keys of the reference whose share changed by more than `MOVED` of itself, most first. */
  readonly moved: readonly MovedKey[];
}

export interface MovedKey {
  readonly name: string;
  readonly p: number;
  readonly q: number;
}

/** A top-10 key moved when its share changed by more than this part of itself. */
export const MOVED = 0.1;
/** Below this coverage a profile is dead. */
export const DEAD_BELOW = 0.5;

/**
 * @param skew undefined when nothing survived
 * @param nameOf what a key is called
 * @param level of significance for the excess skew
 */
export function judge(
  summary: Pick<Summary, 'coverage' | 'vmDead'>,
  skew: Skew | undefined,
  nameOf: (key: number) => string,
  level = 0.05,
): Verdict {
  const moved = skew ? movedKeys(skew, nameOf) : [];
  const skewed = skew !== undefined && skew.nullModel.pValue <= level;
  const dead = summary.vmDead || summary.coverage < DEAD_BELOW;
  const word = dead ? 'dead' : !skewed ? 'representative' : moved.length > 0 ? 'misleading' : 'usable with care';
  return { word, skewed, moved };
}

function movedKeys({ keys }: Skew, nameOf: (key: number) => string): MovedKey[] {
  const change = (row: number): number => Math.abs(keys.ratio[row] - 1);
  return Array.from({ length: Math.min(10, keys.n) }, (_, row) => row)
    .filter((row) => change(row) > MOVED)
    .sort((a, b) => change(b) - change(a))
    .map((row) => ({ name: nameOf(keys.key[row]), p: keys.p[row], q: keys.q[row] }));
}
