/** The pairs of a campaign: files, factors and names. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { RequestError } from '../about.ts';
import type { Campaign, PairGroup } from './file.ts';
import { factorsIn, fill, glob, matches } from './glob.ts';

export interface CampaignPair {
  /** Its name for people and scripts; unique in the campaign, and shell-safe. */
  readonly key: string;
  readonly factors: Readonly<Record<string, string>>;
  /** Paths relative to the campaign's folder, or absolute. Both are the same if one file holds both. */
  readonly spe: string;
  readonly kvm: string;
  readonly vm?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly emulated: boolean;
  readonly note?: string;
  /** Why it can't be replayed, whatever its files hold. */
  readonly missing?: string;
}

export interface CampaignPairs {
  /** Sorted by key. */
  readonly pairs: readonly CampaignPair[];
  /** All factors that occur, in file order; the repetition last. */
  readonly factors: readonly string[];
}

/** @throws RequestError naming file, line and field: a pattern that nothing matches, names that two pairs share */
export function campaignPairs(campaign: Campaign): CampaignPairs {
  const { file } = campaign;
  const found = file.pairs.flatMap((group, i) => groupPairs(campaign, group, i));
  const used = [...new Set(found.flatMap(({ factors }) => Object.keys(factors)))];
  const order = [...(file.partition ?? []), file.unit].filter((name) => used.includes(name));
  const factors = [...new Set([...order, ...used.filter((name) => name !== file.repetition)])];
  if (used.includes(file.repetition)) factors.push(file.repetition);
  const unknown = file.partition?.find((name) => !used.includes(name));
  if (unknown !== undefined) {
    const line = campaign.lineOf('partition');
    throw new RequestError(
      `${where(campaign, line)}: partition: no pair has a factor ${unknown}; there are ${factors.join(', ')}`,
    );
  }
  return { pairs: named(campaign, found, factors), factors };
}

const where = ({ path }: Campaign, line: number | undefined): string => (line === undefined ? path : `${path}:${line}`);

type Unnamed = Omit<CampaignPair, 'key'> & { readonly name?: string };

/** Resolves a path of the campaign. */
export function placeOf({ folder }: Pick<Campaign, 'folder'>, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** Messages name files as the campaign does, so its dataset is the same wherever it lies. */
export function asNamed({ folder }: Pick<Campaign, 'folder'>, words: string): string {
  const places = [resolve(folder), join(folder)].filter((place) => !/^\.+$/.test(place));
  return places.reduce((text, place) => text.replaceAll(`${place}/`, ''), words);
}

function groupPairs(campaign: Campaign, group: PairGroup, i: number): Unnamed[] {
  const field = group.file === undefined ? 'spe' : 'file';
  const pattern = group[field]!;
  const fail = (what: string, name: string = field): never => {
    throw new RequestError(`${where(campaign, campaign.lineOf('pairs', i, name))}: pairs.${i}.${name}: ${what}`);
  };
  for (const name of factorsIn(pattern)) {
    if (!/^[a-z][a-z0-9_]{0,31}$/.test(name)) fail(`{${name}}: a factor is a name of lower-case letters, digits and _`);
    if (group.factors[name] !== undefined) fail(`{${name}} and factors.${name} both say what ${name} is`);
  }
  for (const name of ['kvm', 'vm', 'name'] as const) {
    const other = factorsIn(group[name] ?? '').find(
      (n) => !factorsIn(pattern).includes(n) && group.factors[n] === undefined,
    );
    if (other !== undefined) fail(`{${other}} isn’t in ${field}: nothing says what it is`, name);
  }
  const all = glob(campaign.folder, pattern).filter(({ path }) => !group.except.some((not) => matches(not, path)));
  if (!all.length) fail(`no file matches ${pattern}`);
  return all.map(({ path, factors: captured }) => {
    const factors = { ...captured, ...group.factors };
    const other = (template: string, what: string) => oneFile(campaign, fill(template, factors), what);
    const kvm = group.kvm === undefined ? { path } : other(group.kvm, 'KVM trace');
    const vm = group.vm === undefined ? undefined : other(group.vm, 'VM description');
    const missing = kvm.missing ?? vm?.missing;
    return {
      factors,
      spe: path,
      kvm: kvm.path,
      ...(vm && { vm: vm.path }),
      params: group.params,
      emulated: group.emulated,
      ...(group.note !== undefined && { note: group.note }),
      ...(missing !== undefined && { missing }),
      ...(group.name !== undefined && { name: fill(group.name, factors) }),
    };
  });
}

/** The one file that a pattern matches. A pair without it is still a row of the campaign. */
function oneFile(campaign: Campaign, pattern: string, what: string): { path: string; missing?: string } {
  const found = /\*/.test(pattern)
    ? glob(campaign.folder, pattern).map(({ path }) => path)
    : [pattern].filter((path) => existsSync(placeOf(campaign, path)));
  if (found.length === 1) return { path: found[0] };
  if (!found.length) return { path: pattern, missing: `no ${what}: ${pattern} isn’t there` };
  return { path: pattern, missing: `${found.length} files match ${pattern}: which is the ${what}?` };
}

/** Safe as it is for a shell and a file system. */
const safe = (text: string): string => text.replace(/[^\w.+=@-]/g, '-');

function named(campaign: Campaign, found: readonly Unnamed[], factors: readonly string[]): CampaignPair[] {
  const keyOf = ({ name, factors: own, spe }: Unnamed): string => {
    if (name !== undefined) return name.split('/').map(safe).join('/');
    const values = factors.flatMap((f) => (own[f] === undefined ? [] : [safe(own[f])]));
    return values.length ? values.join('/') : spe.split('/').filter(Boolean).map(safe).join('/');
  };
  const sorted = found
    .map((pair) => ({ key: keyOf(pair), pair }))
    .sort((a, b) => compare(a.key, b.key) || compare(a.pair.spe, b.pair.spe) || compare(a.pair.kvm, b.pair.kvm));
  const counts = new Map<string, number>();
  return sorted.map(({ key, pair: { name, ...pair } }) => {
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    if (n > 1 && name !== undefined)
      throw new RequestError(
        `${campaign.path}: two pairs are named ${key}: ${pair.spe} is the second; give them factors that tell them apart`,
      );
    // Alike in all named factors: repetitions, numbered in file order.
    return { key: n > 1 ? `${key}~${n}` : key, ...pair };
  });
}

/** By code units: the same order on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @throws RequestError if the campaign has no such pair */
export function pairOf({ path }: Campaign, { pairs }: CampaignPairs, key: string): CampaignPair {
  const found = pairs.find((pair) => pair.key === key);
  if (found) return found;
  throw new RequestError(`${path}: no pair ${key}; \`umbra campaign plan\` lists them`);
}
