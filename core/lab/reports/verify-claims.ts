/** A report file's own provenance, checked. */
import { z } from 'zod';
import { inWords } from '../../model/schema-words.ts';
import { CAMPAIGN_FORM, COMPARISON_FORM, findProvenance, PROVENANCE_FORM } from '../../report/provenance.ts';
import { sectionIds } from '../../report/sections.ts';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';
import { keyKinds } from '../symbols/keys.ts';
import { dlVariants } from '../../model/terms/results.ts';

const DlDiscard = z.enum(dlVariants);
const Input = z.object({
  ...{ kind: z.enum(['spe', 'kvm']), file: z.string(), bytes: z.number() },
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  ...{ vm: z.unknown().optional(), vmFile: z.string().optional() },
});
export type ClaimedInput = z.infer<typeof Input>;

/** Reports of version 0.1 said `pinnedPeakBytes`. */
const withPeak = (figures: unknown): unknown =>
  typeof figures === 'object' && figures !== null && 'pinnedPeakBytes' in figures
    ? { ...figures, pinnedBytesPeak: figures.pinnedPeakBytes }
    : figures;

/** Parts with their own parsers are checked by those. */
const ClaimedRun = z.object({
  form: z.literal(PROVENANCE_FORM),
  umbra: z.string(),
  command: z.string(),
  inputs: z.tuple([Input.extend({ kind: z.literal('spe') }), Input.extend({ kind: z.literal('kvm') })]),
  settings: z.record(z.string(), z.unknown()),
  policies: z.array(z.looseObject({ id: z.string() })),
  scenario: z.unknown().optional(),
  inputNotes: z.array(z.string()),
  symbols: z.boolean(),
  sections: z.array(z.enum(sectionIds)).optional(),
  notes: z.string().optional(),
  results: z.array(
    z.preprocess(
      withPeak,
      z.object({
        ...{ policy: z.string(), dlDiscard: DlDiscard, kept: z.number(), lost: z.number() },
        ...{ windows: z.number(), blackoutNs: z.number(), stallNs: z.number(), pinnedBytesPeak: z.number() },
        ...{ tvd: z.number().nullable(), pValue: z.number().nullable(), verdict: z.string() },
      }),
    ),
  ),
});
export type ClaimedRun = z.infer<typeof ClaimedRun>;

const Side = z.union([
  z.object({ id: z.number(), run: ClaimedRun }),
  z.object({ id: z.number(), capture: Input.extend({ kind: z.literal('spe') }), symbols: z.boolean() }),
]);
export type ClaimedSide = z.infer<typeof Side>;

const ClaimedComparison = z.object({
  form: z.literal(COMPARISON_FORM),
  umbra: z.string(),
  command: z.string(),
  by: z.enum(keyKinds),
  policy: z.string().optional(),
  withPolicy: z.string().optional(),
  ...{ a: Side, b: Side },
  sections: z.array(z.enum(sectionIds)).optional(),
  notes: z.string().optional(),
  results: z.array(
    z.object({
      ...{ pair: z.string(), coverageDifference: z.number().nullable() },
      ...{ coverageLow: z.number().nullable(), coverageHigh: z.number().nullable() },
      ...{ tvd: z.number().nullable(), blockPValue: z.number().nullable(), word: z.string().nullable() },
    }),
  ),
});
export type ClaimedComparison = z.infer<typeof ClaimedComparison>;

const Claims = z.discriminatedUnion('form', [ClaimedRun, ClaimedComparison]);

/** Bytes: reports stay below 2 MB. */
const LIMIT = 64 << 20;

/** @throws InputError if it can't be read or is too large for a report */
export function readReport(file: string): string {
  return readTextFile(file, LIMIT);
}

/** @throws RequestError if the text's provenance is missing or damaged */
export function readClaims(file: string, text: string): ClaimedRun | ClaimedComparison {
  let found: unknown;
  try {
    found = findProvenance(text);
  } catch {
    throw new RequestError(`${file}: what the report says of itself is damaged: it can't be verified`);
  }
  if (found === undefined)
    throw new RequestError(`${file}: no HTML or Markdown report of Umbra's: it doesn't say how it was made`);
  if (typeof found === 'object' && found !== null && 'form' in found && found.form === CAMPAIGN_FORM)
    throw new RequestError(
      `${file}: a report across a campaign’s pairs: \`umbra campaign report DIR --verify\` recomputes it`,
    );
  const checked = Claims.safeParse(found, inWords);
  if (checked.success) return checked.data;
  const { path, message } = checked.error.issues[0];
  throw new RequestError(`${file}: what the report says of itself is damaged: ${path.join('.')}: ${message}`);
}
