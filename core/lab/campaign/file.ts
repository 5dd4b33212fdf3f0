/** `campaign.toml` or `campaign.json`: what makes up a campaign. One schema for both; errors name file, line and field. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { firstIssue } from '../../model/errors.ts';
import { assumptionChecks } from '../../model/checks.ts';
import { parseJson } from '../../model/json-text.ts';
import { inWords } from '../../model/schema-words.ts';
import { RequestError } from '../about.ts';
import { readTextFile } from '../file-source.ts';
import { flagIds } from '../../words/pair-flags.ts';
import { lineOf } from './text-lines.ts';

/** A factor's name becomes a column and a folder of the dataset. */
const FACTOR = /^[a-z][a-z0-9_]{0,31}$/;
const factorName = z
  .string()
  .regex(FACTOR, 'wants a name of lower-case letters, digits and _, e.g. board')
  .refine((name) => !reserved.has(name), 'is the name of a column of the dataset: take another one');
/** Columns that every table may have. */
const reserved = new Set(['pair', 'policy', 'status', 'reason', 'lane', 'kind', 'cause', 'check', 'key', 'flags']);

const path = z.string().min(1).max(4096);
const bytes = z.union([z.number().int().positive(), z.string()]).transform((given, ctx) => {
  const text = /^\s*(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?\s*$/i.exec(String(given));
  if (typeof given === 'number') return given;
  if (text) return Math.round(Number(text[1]) * 1024 ** ('KMGT'.indexOf(text[2].toUpperCase()) + 1));
  ctx.addIssue({ code: 'custom', message: 'wants bytes, e.g. "2G"' });
  return z.NEVER;
});

const Pairs = z
  .strictObject({
    /** SPE capture and KVM trace; `*`, `**` and `{factor}` match parts of paths. */
    spe: path.optional(),
    kvm: path.optional(),
    /** Instead of the two: one file that holds both, such as the tar of `umbra capture`. */
    file: path.optional(),
    /** VM description, if it isn't beside the trace. */
    vm: path.optional(),
    /** Name of each pair; built from its factors if not given. */
    name: z.string().min(1).max(200).optional(),
    factors: z
      .record(factorName, z.union([z.string().min(1).max(128), z.number(), z.boolean()]).transform(String))
      .default({}),
    /** Paths (with `*`) that aren't pairs. */
    except: z.array(path).default([]),
    /** Parameters of these pairs, overriding the campaign's. */
    params: z.record(z.string(), z.unknown()).default({}),
    /** The trace was recorded under emulation: its timings aren't those of hardware. */
    emulated: z.boolean().default(false),
    /** What readers must know of these captures. */
    note: z.string().min(1).max(400).optional(),
  })
  .refine((p) => (p.file === undefined ? p.spe !== undefined && p.kvm !== undefined : !(p.spe ?? p.kvm)), {
    message: 'wants spe and kvm, or file (one that holds both)',
  });
export type PairGroup = z.infer<typeof Pairs>;

const checkIds = assumptionChecks.map((c) => c.id) as [string, ...string[]];

const Campaign = z.strictObject({
  /** Format of this file. */
  campaign: z.literal(1).default(1),
  title: z.string().min(1).max(200).optional(),
  /** The factor whose values are machines: "n pairs of m boards". */
  unit: factorName.default('board'),
  /** The factor that numbers otherwise equal repetitions. */
  repetition: factorName.default('repetition'),
  /** Factors that become folders of the dataset, outermost first; the unit if not given. */
  partition: z.array(factorName).max(6).optional(),
  pairs: z.array(Pairs).min(1),
  replay: z
    .strictObject({
      policies: z.array(z.string().min(1)).min(1).default(['all']),
      'policy-files': z.array(path).default([]),
      /** All, none, or these. */
      checks: z.union([z.boolean(), z.array(z.enum(checkIds))]).default(true),
      scenario: path.optional(),
      params: z.record(z.string(), z.unknown()).default({}),
    })
    .prefault({}),
  run: z
    .strictObject({
      /** Processes at a time; as many as cores if not given. */
      jobs: z.number().int().min(1).max(4096).optional(),
      /** Memory limit of one pair; estimated from its files if not given. */
      memory: bytes.optional(),
    })
    .prefault({}),
  slurm: z
    .strictObject({
      partition: z.string().min(1).optional(),
      account: z.string().min(1).optional(),
      /** Of one pair, in sbatch's notation: "30", "2:00:00". */
      time: z
        .union([
          z.string().regex(/^[\d:-]+$/, 'wants a time as sbatch takes it, e.g. "0:30:00"'),
          z.number().int().positive().transform(String),
        ])
        .optional(),
      memory: z
        .string()
        .regex(/^\d+[KMGT]?$/i, 'wants a size as sbatch takes it, e.g. "2G"')
        .optional(),
      /** Pairs that one array task works through. */
      'pairs-per-task': z.number().int().min(1).max(100_000).optional(),
      /** Tasks at a time. */
      jobs: z.number().int().min(1).optional(),
      /** Further sbatch options, verbatim. */
      options: z.array(z.string().regex(/^--?[a-z]/i, 'wants an option, e.g. "--qos=low"')).default([]),
    })
    .prefault({}),
  report: z
    .strictObject({
      'leave-out': z.array(z.enum(flagIds)).default([]),
      /** Pairs below it are flagged: share of the buffers' page-time whose stage 2 state is known, where it is inferred. */
      'known-stage2': z.number().min(0).max(1).default(0.95),
    })
    .prefault({}),
});
export type CampaignFile = z.infer<typeof Campaign>;

/** A campaign's folder and the contents of its file. */
export interface Campaign {
  /** As the user named it. */
  readonly folder: string;
  /** `campaign.toml` or `campaign.json`, with the folder. */
  readonly path: string;
  readonly file: CampaignFile;
  /** Line of a field in the file, for errors found later. */
  readonly lineOf: (...path: (string | number)[]) => number | undefined;
}

const LIMIT = 16 << 20;
const names = ['campaign.toml', 'campaign.json'] as const;

/** @throws RequestError: no such folder or file, not TOML or JSON, or an invalid field */
export function readCampaign(folder: string): Campaign {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory();
  const found = names.map((name) => join(folder, name)).filter((file) => existsSync(file));
  if (!isFolder || !found.length)
    throw new RequestError(
      `${folder}: ${isFolder ? 'has no campaign.toml or campaign.json' : 'no such folder'}; \`umbra campaign init ${folder}\` writes one`,
    );
  if (found.length > 1) throw new RequestError(`${folder}: has campaign.toml and campaign.json: remove one of them`);
  return parseCampaign(folder, found[0], readTextFile(found[0], LIMIT));
}

/** @param at the file's path, for errors */
export function parseCampaign(folder: string, at: string, text: string): Campaign {
  const form = at.endsWith('.json') ? 'json' : 'toml';
  const json = form === 'json' ? jsonOf(at, text) : tomlOf(at, text);
  const parsed = Campaign.safeParse(json, inWords);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const line = lineOf(
      text,
      [...issue.path, ...unknown].map((p) => (typeof p === 'symbol' ? String(p) : p)),
      form,
    );
    throw new RequestError(`${at}${line === undefined ? '' : `:${line}`}: ${firstIssue(parsed.error.issues)}`);
  }
  const campaign: Campaign = { folder, path: at, file: parsed.data, lineOf: (...field) => lineOf(text, field, form) };
  checkNames(campaign);
  return campaign;
}

/** What a schema can't say of one field alone. */
function checkNames({ file, path: at }: Campaign): void {
  if (file.unit === file.repetition)
    throw new RequestError(`${at}: unit and repetition are both ${file.unit}: a repetition is of one machine`);
  if (file.partition?.includes(file.repetition))
    throw new RequestError(`${at}: partition: ${file.repetition} numbers repetitions: a folder for each is none`);
  const twice = file.partition?.find((name, i, all) => all.indexOf(name) !== i);
  if (twice !== undefined) throw new RequestError(`${at}: partition names ${twice} twice`);
}

function tomlOf(at: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new RequestError(
      `${at}:${error.line}:${error.column}: not TOML: ${error.message.split('\n')[0].replace('Invalid TOML document: ', '')}`,
    );
  }
}

function jsonOf(at: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new RequestError(`${at}: ${(error as Error).message}`);
  }
}
