/** A sweep from a stored run, as columns, for the windows. */
import { sweepMeasures } from '../../analysis/sweep.ts';
import type { SweepMeasure } from '../../analysis/sweep.ts';
import type { Policy } from '../../model/policy.ts';
import { code, verdicts } from '../../model/terms.ts';
import { readLab } from '../../store/lab-file.ts';
import { getRun, readResults } from '../../store/run-store.ts';
import { RequestError } from '../about.ts';
import type { Progress } from '../../contract/contract.ts';
import type { SweepAnswer, SweepCurve, SweepJob } from '../../contract/sweep.ts';
import { groupCrossings, sweep, sweepBound, UNMAP_RATE } from './sweep.ts';
import type { Sweep, SweepPoint, SweepRequest } from './sweep.ts';

/**
 * Only reads the lab: others may write to it meanwhile.
 * @throws as `sweepInLab`; RequestError for an empty range
 */
export function sweepOfRun(lab: string, job: SweepJob, progress: (progress: Progress) => void): SweepAnswer {
  return readLab(lab, (db) => {
    const run = getRun(db, job.run);
    const { param, steps, log } = job;
    const [from, to] = [sweepBound(param, job.from), sweepBound(param, job.to)];
    if (from === to) throw new RequestError('sweep: both ends are equal: nothing to sweep');
    const results = readResults(db, run.id).map(({ policy }) => [policy.id, policy] as const);
    const request: SweepRequest = {
      ...{ speId: run.speId, kvmId: run.kvmId, settings: run.params },
      policies: [...new Map<string, Policy>(results).values()],
      scenario: run.facts.scenario,
      ...{ param, from, to, steps, log, ...(job.check !== undefined && { check: job.check }) },
    };
    let soFar: SweepAnswer | undefined;
    const answer = (made: Sweep) => toAnswer(made, request);
    progress({ phase: 'reading captures', done: 0, unit: 'steps' });
    const made = sweep(db, request, {
      onStep: (done, total) => progress({ phase: `sweeping ${param}`, done, total, unit: 'steps', soFar }),
      onValue: (some) => {
        soFar = answer(some);
      },
    });
    return answer(made);
  });
}

function toAnswer(made: Sweep, { settings }: SweepRequest): SweepAnswer {
  const { param, unit, log, values, policies, crossings, warnings } = made;
  const value = param === UNMAP_RATE ? undefined : settings.params[param];
  return {
    ...{ param, unit, log, warnings },
    done: policies[0].points.length,
    values: Float64Array.from(values),
    policies: policies.map(curve),
    crossings: groupCrossings(crossings),
    ...(param !== UNMAP_RATE && typeof value === 'number' && { own: { value, origin: settings.origin[param] } }),
    trials: made.settings.params.trials,
  };
}

function curve({ id, points }: Sweep['policies'][number]): SweepCurve {
  const column = (of: (p: SweepPoint) => number) => Float64Array.from(points, of);
  const columns = Object.fromEntries(sweepMeasures.map((m) => [m, column((p) => p[m])]));
  const range = (m: Exclude<SweepMeasure, 'excess'>) => ({
    p5: column((p) => p.trials![m].p5),
    p95: column((p) => p.trials![m].p95),
  });
  return {
    policy: id,
    ...(columns as Record<SweepMeasure, Float64Array>),
    skewed: Uint8Array.from(points, (p) => Number(p.skewed)),
    verdict: Uint8Array.from(points, (p) => code(verdicts, p.verdict)),
    ...(points[0]?.trials && {
      range: { coverage: range('coverage'), blackoutShare: range('blackoutShare'), slowdown: range('slowdown') },
    }),
  };
}
