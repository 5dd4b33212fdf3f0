/** A first `campaign.toml`, commented, from the pairs in a folder. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { assumptionChecks } from '../../model/checks.ts';
import { RequestError } from '../about.ts';
import { makeFolder, writeTextFile } from '../output-file.ts';
import { withCapture } from '../file-source.ts';
import { detectFormat } from '../import/detect.ts';
import type { Format } from '../import/detect.ts';
import { flagIds } from '../../words/pair-flags.ts';
import { compare } from './pairs.ts';

export interface Init {
  readonly path: string;
  readonly patterns: readonly { readonly spe: string; readonly kvm: string; readonly pairs: number }[];
}

/** Most files looked at: a home directory isn't a campaign. */
const MOST_FILES = 200_000;

/** @throws RequestError if the folder has a campaign already */
export function initCampaign(folder: string): Init {
  const path = join(folder, 'campaign.toml');
  for (const name of ['campaign.toml', 'campaign.json'])
    if (existsSync(join(folder, name)))
      throw new RequestError(`${join(folder, name)}: exists already; it was left as it is`);
  makeFolder(folder);
  const patterns = patternsOf(findPairs(folder));
  writeTextFile(path, campaignText(patterns));
  return { path, patterns };
}

interface Found {
  readonly spe: string;
  readonly kvm: string;
}

/** Folders with one SPE capture and one KVM trace, or one tar: by content, not by name. */
function findPairs(folder: string): Found[] {
  const found: Found[] = [];
  let seen = 0;
  const walk = (at: string): void => {
    const spes: string[] = [];
    const kvms: string[] = [];
    const entries = readdirSync(join(folder, at), { withFileTypes: true }).sort((a, b) => compare(a.name, b.name));
    for (const entry of entries) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.name.startsWith('.') || ++seen > MOST_FILES) continue;
      if (entry.isDirectory() && !existsSync(join(folder, path, 'data'))) {
        if (!['results', 'dataset', 'slurm', 'labs'].includes(path)) walk(path);
        continue;
      }
      const kind = kindOf(join(folder, path));
      if (kind === 'spe') spes.push(path);
      else if (kind === 'kvm') kvms.push(path);
      else if (kind === 'both') found.push({ spe: path, kvm: path });
    }
    if (spes.length === 1 && kvms.length === 1) return void found.push({ spe: spes[0], kvm: kvms[0] });
    // Several in one folder: match those with a common beginning.
    for (const spe of spes) {
      const own = kvms.filter((kvm) => stem(kvm) === stem(spe));
      if (own.length === 1) found.push({ spe, kvm: own[0] });
    }
  };
  walk('');
  return found;
}

const stem = (path: string): string =>
  path.slice(0, path.length - basename(path).length) + basename(path).split('.')[0];

const kinds: Readonly<Record<Format, 'spe' | 'kvm' | undefined>> = {
  'perf.data': undefined,
  'trace.dat': 'kvm',
  'ftrace-text': 'kvm',
  'perf-script-trace': 'kvm',
  'perf-script-spe': 'spe',
  'spe-csv': 'spe',
  'raw-spe': 'spe',
};

function kindOf(path: string): 'spe' | 'kvm' | 'both' | undefined {
  if (
    !/\.(data|dat|tar|perf|trace|txt|script)(\.(gz|zst|xz))?$/i.test(path) &&
    !statSync(path, { throwIfNoEntry: false })?.isDirectory()
  )
    return undefined;
  if (/\.tar(\.\w+)?$/i.test(path)) return 'both';
  try {
    const kind = kinds[withCapture(path, detectFormat)];
    // perf records both: go by the file's name.
    return kind ?? (/kvm|trace/i.test(basename(path)) ? 'kvm' : 'spe');
  } catch {
    return undefined;
  }
}

/** Factors by depth of the folder that differs: naming them is up to the user. */
const DEFAULTS = ['board', 'workload', 'repetition'];

/** Pairs that differ only in folder names share a pattern. */
function patternsOf(found: readonly Found[]): Init['patterns'] {
  const groups = new Map<string, Found[]>();
  for (const one of found) {
    const shape = `${one.spe.split('/').length} ${basename(one.spe)} ${relative(dirname(one.spe), one.kvm)}`;
    groups.set(shape, [...(groups.get(shape) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const parts = group.map(({ spe }) => spe.split('/'));
    const differ = parts[0].map((part, i) => parts.some((other) => other[i] !== part));
    const names = factorNames(differ.filter(Boolean).length);
    let next = 0;
    const pattern = parts[0].map((part, i) => (differ[i] ? `{${names[next++]}}` : part));
    const kvm = relative(dirname(group[0].spe), group[0].kvm);
    return { spe: pattern.join('/'), kvm: [...pattern.slice(0, -1), kvm].join('/'), pairs: group.length };
  });
}

function factorNames(n: number): string[] {
  if (n <= DEFAULTS.length) return n === 1 ? ['board'] : n === 2 ? ['board', 'repetition'] : DEFAULTS;
  return [
    'board',
    ...Array.from({ length: n - 3 }, (_, i) => (i === 0 ? 'kernel' : `factor${i + 1}`)),
    'workload',
    'repetition',
  ];
}

const quoted = (text: string): string => JSON.stringify(text);

function pairsText({ spe, kvm, pairs }: Init['patterns'][number]): string {
  const files = spe === kvm ? `file = ${quoted(spe)}` : `spe = ${quoted(spe)}\nkvm = ${quoted(kvm)}`;
  return `# ${pairs} ${pairs === 1 ? 'pair' : 'pairs'} when this was written.\n[[pairs]]\n${files}\n`;
}

const EXAMPLE = `# No pairs were found here. A pattern names them:
[[pairs]]
spe = "{board}/{workload}-{repetition}/spe.perf.data"
kvm = "{board}/{workload}-{repetition}/kvm.trace.dat"
`;

function campaignText(patterns: Init['patterns']): string {
  return `# An Umbra campaign: docs/campaigns.md. Paths are relative to this folder.
campaign = 1
# title = "Which policy for our boards"

# The factor whose values are machines, and the one that numbers repetitions of what is otherwise equal.
# Intervals come from repetitions: without them, a report gives none.
unit = "board"
repetition = "repetition"
# Factors that become folders of the dataset, outermost first (unit if left out).
# partition = ["board"]

# Pairs: * and ** stand for any name, {name} for the value of a factor. Rename the factors to what they are.
${patterns.length ? patterns.map(pairsText).join('\n') : EXAMPLE}# factors = { kernel = "6.12" }         # the same for all of them
# except = ["n1/broken-*/**"]
# vm = "{board}/vm.json"                # where it doesn't lie beside the trace as kvm.vm.json
# params = { align = "fit" }            # over those of [replay.params]
# emulated = true                       # recorded under emulation: its times aren't those of hardware
# note = "firmware 2.1"

[replay]
policies = ["all"]
# policy-files = ["mine.json"]
# Assumption checks: true, false, or some of ${assumptionChecks.map(({ id }) => id).join(', ')}.
checks = true
# scenario = "scenario.json"

[replay.params]
# irqNs = 1500

[run]
# jobs = 8                              # processes at a time (cores)
# memory = "2G"                         # what one pair may take (estimated from its files)

[slurm]
# partition = "short"
# time = "0:30:00"                      # of one pair
# memory = "2G"
# pairs-per-task = 10
# jobs = 50                             # tasks at a time
# options = ["--qos=low"]

[report]
# Pairs that are weaker evidence are flagged and counted; these are left out as well: ${flagIds.join(', ')}.
leave-out = []
# known-stage2 = 0.95                   # below: stage2-unsure
`;
}
