/** A dataset's own description: everything that a report needs besides its tables. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AssumptionCheck } from '../../model/checks.ts';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';
import type { Campaign } from './file.ts';
import { flagIds } from '../../words/pair-flags.ts';
import { statusCounts } from './state.ts';
import type { CampaignState } from './state.ts';

/** Its folder, in the campaign's. */
export const DATASET = 'dataset';
/** Its description, in that folder. */
export const FACTS = 'campaign.json';

const Facts = z.object({
  form: z.literal(1),
  umbra: z.string(),
  title: z.string().optional(),
  ...{ unit: z.string(), repetition: z.string(), partition: z.array(z.string()), factors: z.array(z.string()) },
  policies: z.array(z.object({ id: z.string(), title: z.string(), isReference: z.boolean() })),
  checks: z.array(z.object({ id: z.string(), title: z.string() })),
  /** Parameters that the campaign sets. */
  params: z.record(z.string(), z.unknown()),
  leaveOut: z.array(z.enum(flagIds)),
  knownStage2: z.number(),
  counts: z.object({
    ...{ pairs: z.number(), done: z.number(), failed: z.number(), pending: z.number(), repeated: z.number() },
  }),
});
export type DatasetFacts = z.infer<typeof Facts>;

export function datasetFacts(
  state: CampaignState,
  made: {
    readonly version: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly checks: readonly AssumptionCheck[];
  },
): DatasetFacts {
  const { campaign, settings, factors } = state;
  const { title, unit, repetition, report } = campaign.file;
  const { pairs, done, failed, pending, repeated } = statusCounts(state);
  return {
    form: 1,
    umbra: made.version,
    ...(title !== undefined && { title }),
    ...{ unit, repetition, partition: partitionsOf(campaign, factors), factors: [...factors] },
    policies: settings.policies.map((p) => ({ id: p.id, title: p.title, isReference: p.pin === 'no-stage-2' })),
    checks: made.checks.flatMap(({ id, title: words }) => (settings.checks.includes(id) ? [{ id, title: words }] : [])),
    params: { ...made.settings },
    leaveOut: report['leave-out'],
    knownStage2: report['known-stage2'],
    counts: { pairs, done, failed, pending, repeated },
  };
}

/** Factors that are folders, outermost first. */
export function partitionsOf({ file }: Campaign, factors: readonly string[]): string[] {
  return (file.partition ?? [file.unit]).filter((name) => factors.includes(name));
}

/** Factors that are columns in every file, since no folder names them. */
export function factorColumns({ campaign, factors }: CampaignState): {
  readonly columns: readonly string[];
  readonly values: (of: Readonly<Record<string, string>>) => (string | null)[];
} {
  const folders = partitionsOf(campaign, factors);
  const columns = factors.filter((name) => !folders.includes(name));
  return { columns, values: (of) => columns.map((name) => of[name] ?? null) };
}

/** @throws RequestError: there is none yet */
export function readDatasetFacts(campaign: string): DatasetFacts {
  const path = join(campaign, DATASET, FACTS);
  if (!existsSync(path))
    throw new RequestError(
      `${campaign}: has no dataset yet: \`umbra campaign collect ${campaign}\` makes it of the results`,
    );
  try {
    return Facts.parse(JSON.parse(readTextFile(path)));
  } catch {
    throw new RequestError(`${path}: is damaged: collect again`);
  }
}
