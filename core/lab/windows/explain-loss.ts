/** What a blackout window lost: samples, time, and the code that ran in it. */
import type { StoryDark, StoryLoss } from '../../analysis/story.ts';
import { lostSamples } from '../../analysis/window-trigger.ts';
import { OUTSIDE } from '../../model/outcome.ts';
import type { PolicyOutcome } from '../../model/outcome.ts';
import type { Db } from '../../store/lab-file.ts';
import { sampleKeys } from '../symbols/keys.ts';
import type { KeyKind } from '../symbols/keys.ts';
import type { RunInputs } from '../runs/run-inputs.ts';

export function lossOf(inputs: RunInputs, outcome: PolicyOutcome, window: number): StoryLoss {
  const { windows, fates } = outcome;
  const index = inputs.lanes.findIndex((l) => l.lane === windows.lane[window]);
  const { sessions } = inputs.lanes[index];
  let laneNs = 0;
  for (let i = 0; i < sessions.length; i += 2) laneNs += sessions[i + 1] - sessions[i];
  return {
    samples: windows.lost[window],
    ns: windows.end[window] - windows.start[window],
    laneSamples: fates[index].reduce((n, fate) => n + (fate === OUTSIDE ? 0 : 1), 0),
    laneNs,
  };
}

/** Most keys that a story names. */
const DARK_KEYS = 5;

/** @param by what the lost samples are counted by */
export function darkOf(db: Db, inputs: RunInputs, outcome: PolicyOutcome, window: number, by: KeyKind): StoryDark {
  const keys = sampleKeys(db, inputs.spe, inputs.reference.stored, by);
  const index = inputs.lanes.findIndex((l) => l.lane === outcome.windows.lane[window]);
  const lost = new Map<number, number>();
  for (const sample of lostSamples(outcome.fates[index], outcome.windows, window)) {
    const key = keys.lanes[index][sample];
    lost.set(key, (lost.get(key) ?? 0) + 1);
  }
  const all = new Uint32Array(keys.names.length);
  let reference = 0;
  outcome.fates.forEach((fates, i) => {
    for (let s = 0; s < fates.length; s++) {
      if (fates[s] === OUTSIDE) continue;
      reference++;
      all[keys.lanes[i][s]]++;
    }
  });
  const total = outcome.windows.lost[window];
  const rows = [...lost]
    .sort(([a, m], [b, n]) => n - m || a - b)
    .slice(0, DARK_KEYS)
    .map(([key, n]) => ({ name: keys.names[key], lost: n, share: n / total, usual: all[key] / reference }));
  return { by, keys: lost.size, rows };
}
