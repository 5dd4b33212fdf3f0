/** The words given to `umbra replay` and `umbra run`, as parameters and policies. */
import { builtinPolicies } from '../../model/policies.ts';
import { defaultParams, parseParamsFile, parseSetting, setParams } from '../../model/params.ts';
import type { ResolvedParams } from '../../model/params.ts';
import type { Policy } from '../../model/policy.ts';
import { parsePolicyFile } from '../../model/policy-file.ts';
import { MAX_SCENARIO_BYTES, parseScenario } from '../../model/scenario.ts';
import type { Scenario } from '../../model/terms/scenario.ts';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';

export interface ReplayWords {
  /** Ids, or `all` (the default). */
  readonly policies?: readonly string[];
  readonly policyFiles?: readonly string[];
  readonly paramsFile?: string;
  /** `name=value`. */
  readonly settings?: readonly string[];
  /** Parameters with their own options. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly scenarioFile?: string;
}

export interface ReplayChoice {
  readonly policies: readonly Policy[];
  readonly settings: ResolvedParams;
  readonly scenario?: Scenario;
}

/** Throws ModelError or RequestError naming the option, the file and the field. */
export function readReplayWords(words: ReplayWords): ReplayChoice {
  let settings = defaultParams();
  if (words.paramsFile !== undefined) {
    const values = parseParamsFile(readTextFile(words.paramsFile), words.paramsFile);
    settings = setParams(settings, values, 'user', words.paramsFile);
  }
  for (const text of words.settings ?? []) settings = setParams(settings, parseSetting(text), 'user', '--set');
  settings = setParams(settings, words.options ?? {}, 'user', 'options');
  const scenario =
    words.scenarioFile === undefined
      ? undefined
      : parseScenario(readTextFile(words.scenarioFile, MAX_SCENARIO_BYTES), words.scenarioFile);
  return { policies: choosePolicies(words.policies ?? [], words.policyFiles ?? []), settings, scenario };
}

/** Like `readReplayWords`, with texts instead of files, as windows request. */
export function parseReplayWords(words: {
  readonly policies: readonly string[];
  readonly own?: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly scenario?: string;
}): ReplayChoice {
  const settings = setParams(defaultParams(), words.settings, 'user', 'parameters');
  const own = words.own === undefined ? [] : parsePolicyFile(words.own, 'own policies');
  const scenario = words.scenario === undefined ? undefined : parseScenario(words.scenario, 'scenario');
  // Own policies alone are a choice, too.
  const policies = words.policies.length || !own.length ? pickPolicies(words.policies, own) : own;
  return { policies, settings, scenario };
}

/** Own policies are replayed besides those requested by id; without ids, besides all built-in ones. */
function choosePolicies(ids: readonly string[], files: readonly string[]): Policy[] {
  const own: Policy[] = [];
  for (const file of files) {
    for (const policy of parsePolicyFile(readTextFile(file), file)) {
      if (own.some((p) => p.id === policy.id))
        throw new RequestError(`${file}: a policy called ${policy.id} was given already`);
      own.push(policy);
    }
  }
  return pickPolicies(ids, own);
}

function pickPolicies(ids: readonly string[], own: readonly Policy[]): Policy[] {
  const known = [...builtinPolicies, ...own];
  const wanted = ids.length && !ids.includes('all') ? ids : builtinPolicies.map((p) => p.id);
  for (const id of wanted) {
    if (!known.some((p) => p.id === id)) {
      throw new RequestError(`unknown policy '${id}'; known: ${known.map((p) => p.id).join(', ')}, all`);
    }
  }
  return known.filter((p) => wanted.includes(p.id) || own.includes(p));
}
