/** Policies that users write: JSON of the shape of `Policy`, one object or a list of them. */
import { z } from 'zod';
import { firstIssue, ModelError } from './errors.ts';
import { builtinPolicies } from './policies.ts';
import { paramSpecs } from './params.ts';
import { pinGuards, pinRules, timeNames } from './policy.ts';
import type { Policy, TimeName } from './policy.ts';
import { answers, causeClasses } from './terms.ts';

/** A latency, held to the same bounds as the run's parameter of that name. */
const time = (name: TimeName) =>
  z
    .number()
    .refine((n) => paramSpecs[name].read(n) !== undefined, `wants ${paramSpecs[name].wants}`)
    .optional();

const PolicyFile = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'wants lower-case letters, digits and dashes, e.g. my-policy'),
  title: z.string().min(1).max(80).optional(),
  summary: z.string().max(400).default(''),
  source: z.string().max(400).default("the user's own"),
  pin: z.enum(pinRules).exclude(['no-stage-2']),
  pinGuard: z.enum(pinGuards).default('gup+notifier-filter'),
  cachePins: z.boolean().default(false),
  onFault: z.strictObject(
    Object.fromEntries(causeClasses.map((c) => [c, z.enum(answers)])) as Record<
      (typeof causeClasses)[number],
      z.ZodEnum<{ [A in (typeof answers)[number]]: A }>
    >,
  ),
  times: z
    .strictObject(Object.fromEntries(timeNames.map((n) => [n, time(n)])) as Record<TimeName, ReturnType<typeof time>>)
    .optional(),
});

/**
 * The policies of a file's text. Their ids must be new: a file can't redefine a built-in policy, or results with that name
 * would mean two things.
 * @throws ModelError naming the file, the policy and the field.
 */
export function parsePolicyFile(text: string, file: string): Policy[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${file}: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const list: unknown[] = Array.isArray(json) ? json : [json];
  if (!list.length) throw new ModelError(`${file}: holds no policy`);
  const taken = new Set(builtinPolicies.map((p) => p.id));
  return list.map((item, i) => {
    const where = Array.isArray(json) ? `${file}: policy ${i + 1}` : file;
    const parsed = PolicyFile.safeParse(item);
    if (!parsed.success) throw new ModelError(`${where}: ${firstIssue(parsed.error.issues)}`);
    const { id, title = id, ...policy } = parsed.data;
    if (taken.has(id)) throw new ModelError(`${where}: id: ${id} is already the name of another policy`);
    taken.add(id);
    return { id, title, ...policy };
  });
}
