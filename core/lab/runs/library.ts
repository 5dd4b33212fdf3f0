/** Policies and parameters to choose from, and checks of what users write. */
import { assumptionChecks } from '../../model/checks.ts';
import { ModelError } from '../../model/errors.ts';
import { defaultParams, paramNames, paramSpecs, setParams } from '../../model/params.ts';
import { builtinPolicies } from '../../model/policies.ts';
import { parsePolicyFile } from '../../model/policy-file.ts';
import { declaredAnswers, pinRules, timeNames, unresolvedAnswers } from '../../model/policy.ts';
import type { Policy } from '../../model/policy.ts';
import { answers, causeClasses, pinBreakers } from '../../model/terms.ts';
import type { Db } from '../../store/lab-file.ts';
import { listRuns, readResults } from '../../store/run-store.ts';
import type { Checked, Library, LibraryPolicy, ParamInfo, ResolvedParams } from '../../contract/runs.ts';
import { keyKinds } from '../symbols/keys.ts';
import { sweepParams } from './sweep.ts';

/** The built-in policies, and those that runs of this lab were made with. */
export function library(db: Db): Library {
  const used = new Map<string, { policy: Policy; runs: number[] }>();
  for (const { id } of listRuns(db)) {
    for (const { policy } of readResults(db, id)) {
      const entry = used.get(policy.id) ?? { policy, runs: [] };
      if (entry.runs.at(-1) !== id) entry.runs.push(id);
      // The newest run's, if a user changed it in between.
      used.set(policy.id, { policy, runs: entry.runs });
    }
  }
  const own = [...used.values()].map((u) => u.policy).filter((p) => !builtinPolicies.some((b) => b.id === p.id));
  return {
    policies: [...builtinPolicies, ...own].map((policy): LibraryPolicy => ({
      policy,
      builtin: builtinPolicies.includes(policy),
      legality: legality(policy),
      runs: used.get(policy.id)?.runs ?? [],
    })),
    causes: causeClasses,
    answers,
    // Bare metal isn't a policy that KVM could have.
    pins: pinRules.filter((rule) => rule !== 'no-stage-2'),
    breakers: pinBreakers,
    params: paramNames.map(paramInfo),
    keys: keyKinds,
    sweeps: sweepParams(),
    checks: assumptionChecks.map(({ id, title }) => ({ id, title })),
    times: timeNames,
    unresolved: unresolvedAnswers,
  };
}

/** What the architecture and Linux's driver say about a policy's answers (model.md sections 4 and 5). */
export function legality(policy: Policy): string[] {
  const given = declaredAnswers(policy);
  return [
    ...(given.has('external-abort')
      ? ['From SPEv1p3 on the SPU may not report external aborts: the answer becomes an SError.']
      : []),
    ...(given.has('serror')
      ? ['An SError makes a Linux guest panic, unless its ESR says corrected or restartable: the VM is dead.']
      : []),
    ...(given.has('report-s2') || given.has('impdef-event')
      ? ['Linux’s arm_spe_pmu takes any event but a full buffer as fatal to the session.']
      : []),
  ];
}

function paramInfo(name: (typeof paramNames)[number]): ParamInfo {
  const { initial, unit, wants } = paramSpecs[name];
  const listed = /^(?:\w+, or )?one of (.*)$/.exec(wants)?.[1].split(', ');
  const choices = wants === 'true or false' ? ['true', 'false'] : listed;
  const word = /^(\w+), or one of/.exec(wants)?.[1];
  return { name, initial, unit, wants, ...(choices && { choices: word ? [word, ...choices] : choices }) };
}

/** Policies in the form of a policy file. */
export function checkPolicies(text: string): Checked<readonly Policy[]> {
  return checked(() => parsePolicyFile(text, 'policy'));
}

/** Values over the defaults, from a form or a params file. */
export function checkParams(values: Readonly<Record<string, unknown>>): Checked<ResolvedParams> {
  return checked(() => setParams(defaultParams(), values, 'user', 'parameters'));
}

function checked<T>(make: () => T): Checked<T> {
  try {
    return { value: make() };
  } catch (error) {
    if (error instanceof ModelError) return { problem: error.message };
    throw error;
  }
}
