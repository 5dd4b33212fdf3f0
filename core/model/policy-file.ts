/** Policies that users write: JSON shaped like `Policy`, one object or a list of them. */
import { z } from 'zod';
import { firstIssue, ModelError } from './errors.ts';
import { parseJson } from './json-text.ts';
import { inWords } from './schema-words.ts';
import { builtinPolicies } from './policies.ts';
import { paramSpecs } from './params.ts';
import { injectedDls, isPinGuard, pinGuards, pinRules, policyDefaults, settledFields, timeNames } from './policy.ts';
import type { Policy, TimeName } from './policy.ts';
import { answerEffects, answers, causeClasses, pinBreakers } from './terms.ts';

/** A latency, held to the same bounds as the run's parameter of that name. */
const time = (name: TimeName) =>
  z
    .number()
    .refine((n) => paramSpecs[name].read(n) !== undefined, `wants ${paramSpecs[name].wants}`)
    .optional();

/** An answer; one for each value of DL where it is an object, so that errors name the field. */
const FaultAnswer = z.unknown().transform((input, ctx) => {
  const parsed =
    typeof input === 'object' && input !== null
      ? z.strictObject({ dl0: z.enum(answers), dl1: z.enum(answers) }).safeParse(input, inWords)
      : z.enum(answers).safeParse(input, inWords);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) ctx.addIssue({ code: 'custom', path, message });
  return z.NEVER;
});

const Fields = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'wants lower-case letters, digits and dashes, e.g. my-policy'),
  title: z.string().min(1).max(80).optional(),
  summary: z.string().max(400).default(''),
  source: z.string().max(600).default("the user's own"),
  pin: z.enum(pinRules).exclude(['no-stage-2']),
  /** The first edition's name for `unpinnedBy`. */
  pinGuard: z
    .string()
    .refine(isPinGuard, `wants one of ${Object.keys(pinGuards).join(', ')}`)
    .optional(),
  unpinnedBy: z
    .array(z.enum(pinBreakers))
    .refine((list) => new Set(list).size === list.length, 'names one of them twice')
    .optional(),
  cachePins: z.boolean().default(policyDefaults.cachePins),
  onFault: z.strictObject(
    Object.fromEntries(causeClasses.map((c) => [c, FaultAnswer])) as Record<
      (typeof causeClasses)[number],
      typeof FaultAnswer
    >,
  ),
  onUnpinned: z.enum(answers).default(policyDefaults.onUnpinned),
  onUnresolved: z
    .enum(answers)
    .refine((a) => !answerEffects[a].needsPage, 'wants an answer that needs no page, not map or repin')
    .default(policyDefaults.onUnresolved),
  injectDl: z.literal(injectedDls).optional(),
  trapsPerEnable: z
    .number()
    .refine((n) => paramSpecs.trapsPerEnable.read(n) !== undefined, `wants ${paramSpecs.trapsPerEnable.wants}`)
    .optional(),
  times: z
    .strictObject(Object.fromEntries(timeNames.map((n) => [n, time(n)])) as Record<TimeName, ReturnType<typeof time>>)
    .optional(),
  /** Written by Umbra itself; recomputed from the file. */
  settled: z.array(z.enum(settledFields)).optional(),
});

const PolicyFile = Fields.refine((p) => p.pinGuard === undefined || p.unpinnedBy === undefined, {
  path: ['pinGuard'],
  message: 'is shorthand for unpinnedBy: leave one of them out',
});

function fromFields(fields: z.infer<typeof Fields>): Policy {
  const { id, title = id, pinGuard, unpinnedBy: said, injectDl, settled, ...rest } = fields;
  const unpinnedBy = said ?? (pinGuard && pinGuards[pinGuard]);
  const says = { injectDl, unpinnedBy };
  return {
    ...{ id, title, ...rest },
    unpinnedBy: unpinnedBy ?? policyDefaults.unpinnedBy,
    injectDl: injectDl ?? policyDefaults.injectDl,
    settled: settled ?? settledFields.filter((name) => says[name] !== undefined),
  };
}

/**
 * Parses the policies in a file's text. Their ids must be new: if a file could redefine a built-in policy, results under that name would
 * mean two things.
 * @throws ModelError naming the file, the policy and the field.
 */
export function parsePolicyFile(text: string, file: string): Policy[] {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new ModelError(`${file}: ${(error as Error).message}`);
  }
  const list: unknown[] = Array.isArray(json) ? json : [json];
  if (!list.length) throw new ModelError(`${file}: holds no policy`);
  const taken = new Set(builtinPolicies.map((p) => p.id));
  return list.map((item, i) => {
    const where = Array.isArray(json) ? `${file}: policy ${i + 1}` : file;
    const parsed = PolicyFile.safeParse(item, inWords);
    if (!parsed.success) throw new ModelError(`${where}: ${firstIssue(parsed.error.issues)}`);
    const policy = fromFields(parsed.data);
    if (taken.has(policy.id)) throw new ModelError(`${where}: id: ${policy.id} is already the name of another policy`);
    taken.add(policy.id);
    return policy;
  });
}

/**
 * A policy as a run stores it. Those of the model's first edition had `pinGuard` and none of the newer fields: what they don't say is the
 * default, as in a file.
 */
export function storedPolicy(json: unknown): Policy {
  const stored = json as Policy & { readonly pinGuard?: unknown };
  const { pinGuard, ...policy } = stored;
  const unpinnedBy = isPinGuard(pinGuard) ? pinGuards[pinGuard] : policyDefaults.unpinnedBy;
  return { ...policyDefaults, ...{ unpinnedBy }, ...policy };
}
