/** A part of a run: what is shown when a lane or a time range is selected. */
import { KEPT, LOST, OUTSIDE } from '../../model/outcome.ts';
import type { Lane, PolicyOutcome } from '../../model/outcome.ts';
import { code, windowKinds } from '../../model/terms.ts';
import { lostIn, sessionsIn } from '../../analysis/loss-runs.ts';
import type { Summary } from '../../analysis/summary.ts';
import type { RunPart } from '../../contract/runs.ts';

/** Whether it is the whole run. */
export function isWhole({ lane, from, to }: RunPart): boolean {
  return lane === undefined && from === undefined && to === undefined;
}

/** An outcome whose reference is only the part: samples elsewhere are outside. Windows and stalls stay. */
export function outcomeIn(
  lanes: readonly Lane[],
  outcome: PolicyOutcome,
  { lane, from = -Infinity, to = Infinity }: RunPart,
): PolicyOutcome {
  const fates = outcome.fates.map((all, l) => {
    const { t, lane: number } = lanes[l];
    if (lane !== undefined && number !== lane) return new Uint8Array(all.length).fill(OUTSIDE);
    return all.map((fate, i) => (t[i] >= from && t[i] <= to ? fate : OUTSIDE));
  });
  const reference = fates.map((lane) => lane.reduce((n, fate) => n + (fate === OUTSIDE ? 0 : 1), 0));
  return { ...outcome, reference, fates, inside: fates.map(sessionsIn), lost: fates.map(lostIn) };
}

/** A summary with a part's sample counts; the rest stays the whole run's. */
export function countsIn(whole: Summary, { fates }: PolicyOutcome): Summary {
  let kept = 0;
  let reference = 0;
  let vmDead = false;
  const dead = LOST + code(windowKinds, 'vm-dead');
  for (const lane of fates) {
    for (let i = 0; i < lane.length; i++) {
      if (lane[i] === OUTSIDE) continue;
      reference++;
      if (lane[i] === KEPT) kept++;
      else if (lane[i] === dead) vmDead = true;
    }
  }
  const coverage = reference ? kept / reference : 1;
  return { ...whole, reference, kept, lost: reference - kept, coverage, vmDead };
}
