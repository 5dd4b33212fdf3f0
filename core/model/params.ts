/**
 * The parameters of a run: one flat record, plain JSON, stored with the run. Every parameter has a default, a unit and a reader that says
 * what it wants; `ResolvedParams` records where each value came from, because results depend on it.
 */
import { alignModes } from './align-rules.ts';
import { parseJson } from './json-text.ts';
import { ModelError } from './errors.ts';
import { injectedDls, isPinGuard, pinGuards, timeNames } from './policy.ts';
import type { InjectedDl, TimeName } from './policy.ts';
import { PAGE_SHIFT, pinBreakers } from './terms.ts';
import type { PinBreaker } from './terms.ts';
import { placementKinds, speVersions, dlDiscards } from './terms/params.ts';
import type {
  LanePair,
  BufferRange,
  Times,
  RunParams,
  ParamName,
  ParamOrigin,
  ResolvedParams,
} from './terms/params.ts';

export type {
  PlacementKind,
  LanePair,
  BufferRange,
  Times,
  RunParams,
  ParamName,
  ParamOrigin,
  ResolvedParams,
} from './terms/params.ts';

export interface ParamSpec<T = unknown> {
  readonly initial: T;
  /** Empty for names and switches. */
  readonly unit: 'ns' | 'ns a page' | 'bytes' | 'bytes a ns' | '';
  /** What a value must be, to follow "wants". */
  readonly wants: string;
  /** The value that the input means, or undefined. Takes JSON values and the text of `--set name=text`. */
  readonly read: (input: unknown) => T | undefined;
}

const pageBytes = 2 ** PAGE_SHIFT;

function readNumber(input: unknown): number | undefined {
  if (typeof input === 'number') return Number.isFinite(input) ? input : undefined;
  if (typeof input !== 'string' || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(input.trim())) return undefined;
  const n = Number(input);
  return Number.isFinite(n) ? n : undefined;
}

function number(initial: number, unit: ParamSpec['unit'], wants: string, fits: (n: number) => boolean) {
  const read = (input: unknown): number | undefined => {
    const n = readNumber(input);
    return n !== undefined && fits(n) ? n : undefined;
  };
  return { initial, unit, wants, read } satisfies ParamSpec<number>;
}

/** Ten days: longer than any of these, short enough that no sum of them loses a ns. */
const longestNs = 864e12;
const whole = (low: number, high: number) => (n: number) => Number.isInteger(n) && n >= low && n <= high;
const ns = (initial: number) => number(initial, 'ns', 'a whole number of ns from 0 to 864e12', whole(0, longestNs));
const nsPerPage = (initial: number) =>
  number(initial, 'ns a page', 'a number of ns a page, 0 or more', (n) => n >= 0 && n <= longestNs);

/** Sizes may be written with a binary suffix: 64K, 4M, 1G. */
function bytes(initial: number, wants: string, fits: (n: number) => boolean) {
  const plain = number(initial, 'bytes', wants, fits);
  const read = (input: unknown): number | undefined => {
    const suffixed = typeof input === 'string' ? /^\s*(\d+)\s*([KMG])(i?B)?\s*$/i.exec(input) : null;
    const scale = suffixed ? 1024 ** ('KMG'.indexOf(suffixed[2].toUpperCase()) + 1) : 1;
    return plain.read(suffixed ? Number(suffixed[1]) * scale : input);
  };
  return { ...plain, read };
}

function choice<const T extends string>(initial: T, all: readonly T[]): ParamSpec<T> {
  const read = (input: unknown): T | undefined => all.find((c) => c === input);
  return { initial, unit: '', wants: `one of ${all.join(', ')}`, read };
}

function yesNo(initial: boolean): ParamSpec<boolean> {
  const read = (input: unknown): boolean | undefined =>
    input === true || input === 'true' ? true : input === false || input === 'false' ? false : undefined;
  return { initial, unit: '', wants: 'true or false', read };
}

/** A parameter that may also be a word for a value known later. */
function or<T, const W extends string>(word: W, spec: ParamSpec<T>): ParamSpec<T | W> {
  const read = (input: unknown): T | W | undefined => (input === word ? word : spec.read(input));
  return { ...spec, initial: word, wants: `${word}, or ${spec.wants}`, read };
}

function list<T>(wants: string, item: (input: unknown) => T | undefined, separator: string): ParamSpec<readonly T[]> {
  const read = (input: unknown): readonly T[] | undefined => {
    const items: unknown = typeof input === 'string' ? input.split(separator).filter(Boolean) : input;
    if (!Array.isArray(items)) return undefined;
    const out = items.map(item);
    return out.every((x) => x !== undefined) ? out : undefined;
  };
  return { initial: [], unit: '', wants, read };
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x);
const isIndex = whole(0, 2 ** 31 - 1);

/** `3=1`, or `{cpu: 3, vcpu: 1}`. */
function lanePair(input: unknown): LanePair | undefined {
  const text = typeof input === 'string' ? /^(\d+)=(\d+)$/.exec(input.trim()) : null;
  const pair = text ? { cpu: Number(text[1]), vcpu: Number(text[2]) } : input;
  if (!isRecord(pair)) return undefined;
  const { cpu, vcpu } = pair;
  if (typeof cpu !== 'number' || typeof vcpu !== 'number' || !isIndex(cpu) || !isIndex(vcpu)) return undefined;
  return { cpu, vcpu };
}

const bufferSize = bytes(0, '', (n) => Number.isInteger(n) && n >= pageBytes && n % pageBytes === 0 && n <= 2 ** 40);

/** `0=0x80240000:512K`, or `{lane: 0, ipa: "0x80240000", size: 524288}`. */
function bufferRange(input: unknown): BufferRange | undefined {
  const text = typeof input === 'string' ? /^(\d+)=(0x[0-9a-f]+):(\w+)$/i.exec(input.trim()) : null;
  const range = text ? { lane: Number(text[1]), ipa: text[2], size: text[3] } : input;
  if (!isRecord(range)) return undefined;
  const { lane, ipa } = range;
  const size = bufferSize.read(range.size);
  if (typeof lane !== 'number' || !isIndex(lane) || typeof ipa !== 'string' || size === undefined) return undefined;
  if (!/^0x[0-9a-f]{1,13}$/i.test(ipa)) return undefined;
  const first = BigInt(ipa);
  if (first % BigInt(pageBytes) !== 0n || first + BigInt(size) > 1n << 52n) return undefined;
  return { lane, ipa: ipa.toLowerCase(), size };
}

const pinBreakerList: ParamSpec<readonly PinBreaker[]> = {
  ...list(
    `a list of ${pinBreakers.join(', ')}, without spaces`,
    (input) => pinBreakers.find((b) => b === (typeof input === 'string' ? input.trim() : input)),
    ',',
  ),
};

const injectedDl: ParamSpec<InjectedDl> = {
  initial: 1,
  unit: '',
  wants: `one of ${injectedDls.join(', ')}`,
  read: (input) => injectedDls.find((dl) => dl === input || String(dl) === input),
};

/** Every parameter, in the order in which forms and reports show them. */
export const paramSpecs: { readonly [P in ParamName]: ParamSpec<RunParams[P]> } = {
  align: or('auto', choice('start', alignModes)),
  offsetNs: number(0, 'ns', 'a whole number of ns', whole(-longestNs, longestNs)),
  scale: or(
    'auto',
    number(1, '', 'a number above 0, up to 1e9', (n) => n > 0 && n <= 1e9),
  ),
  placement: choice('random', placementKinds),
  buffers: list('buffers LANE=IPA:SIZE in whole pages, e.g. 0=0x80240000:512K', bufferRange, ','),
  lanes: or('auto', list('pairs CPU=VCPU, e.g. 0=0,2=1', lanePair, ',')),
  vm: or('auto', number(0, '', 'the number of a VM in the description, from 0', whole(0, 9999))),
  trials: number(1, '', 'a whole number from 1 to 100000', whole(1, 100_000)),
  seed: number(1, '', 'a whole number from 0 to 2^53 - 1', whole(0, Number.MAX_SAFE_INTEGER)),
  bufferBytes: bytes(
    2 ** 22,
    'a whole number of 4 KiB pages, in bytes (suffix K, M or G), up to 16G',
    (n) => n > 0 && n % pageBytes === 0 && n <= 2 ** 34,
  ),
  watermarkBytes: or('auto', bytes(0, 'a whole number of bytes above 0', whole(1, 2 ** 34))),
  privateBytes: bytes(2 ** 20, 'a whole number of bytes above 0', whole(1, 2 ** 34)),
  vmBytes: or('auto', bytes(0, 'a whole number of bytes', whole(0, 2 ** 52))),
  unpinnedBy: or('policy', pinBreakerList),
  injectDl: or('policy', injectedDl),
  trapsPerEnable: number(2, '', 'a whole number from 0 to 1000', whole(0, 1000)),
  rlimitBytes: or('none', bytes(0, 'a whole number of bytes', whole(0, 2 ** 52))),
  afterExit: choice('resume', ['resume', 'stop']),
  dlProbability: number(1, '', 'a probability from 0 to 1', (n) => n >= 0 && n <= 1),
  tornRecords: number(1, '', 'a whole number from 0 to 1000000', whole(0, 1_000_000)),
  dlDiscard: choice('record', dlDiscards),
  guestReaction: choice('linux', ['linux', 'discard-session']),
  guestZeroes: yesNo(true),
  guestSError: choice('panic', ['panic', 'survives']),
  contentsKept: yesNo(false),
  speVersion: choice('SPEv1p2', speVersions),
  profilingException: yesNo(false),
  spuFlagUpdates: yesNo(true),
  initial: choice('mapped', ['mapped', 'unmapped']),
  latency: choice('median', ['median', 'sampled']),
  calibrate: yesNo(true),
  irqNs: ns(1000),
  trapNs: ns(1500),
  walkNsPerPage: nsPerPage(200),
  mapNs: ns(1500),
  pinNsPerPage: nsPerPage(150),
  unpinNsPerPage: nsPerPage(60),
  injectNs: ns(2000),
  guestHandlerNs: ns(5000),
  reenableNs: ns(1_000_000),
  fullExtraNs: ns(3000),
  copyBytesPerNs: number(5, 'bytes a ns', 'a number of bytes a ns above 0', (n) => n > 0),
  readNs: ns(1_000_000),
  exitNs: ns(50_000),
  gapFactor: number(20, '', 'a number above 0', (n) => n > 0),
  gapMinNs: ns(10_000),
};

export const paramNames = Object.keys(paramSpecs) as readonly ParamName[];

function everyParam<T>(value: (name: ParamName) => T): Record<ParamName, T> {
  return Object.fromEntries(paramNames.map((n) => [n, value(n)])) as Record<ParamName, T>;
}

/** All defaults, all assumed. */
export function defaultParams(): ResolvedParams {
  const params = everyParam((n) => paramSpecs[n].initial) as unknown as RunParams;
  return { params, origin: everyParam(() => 'assumed') };
}

/**
 * Sets parameters, later ones over earlier ones: from a params file (`source` names it), from `--set`, from a form.
 * A measured value never displaces the user's.
 * @throws ModelError naming the source, the parameter, its unit and what it wants.
 */
export function setParams(
  base: ResolvedParams,
  values: Readonly<Record<string, unknown>> | Partial<RunParams>,
  origin: 'user' | 'measured',
  source: string,
): ResolvedParams {
  const params: Record<string, unknown> = { ...base.params };
  const origins: Record<ParamName, ParamOrigin> = { ...base.origin };
  for (const [given, raw] of Object.entries(values)) {
    const [key, input] = currentName(given, raw);
    const name = paramNames.find((n) => n === key);
    if (!name) throw new ModelError(`${source}: unknown parameter ${key}; known: ${paramNames.join(', ')}`);
    const value = paramSpecs[name].read(input);
    if (value === undefined) {
      throw new ModelError(`${source}: ${name} wants ${paramSpecs[name].wants}, not ${shorten(input)}`);
    }
    if (origin === 'measured' && origins[name] === 'user') continue;
    params[name] = value;
    origins[name] = origin;
  }
  const set = params as unknown as RunParams;
  if (set.watermarkBytes !== 'auto' && set.watermarkBytes > set.bufferBytes) {
    throw new ModelError(
      `${source}: watermarkBytes (${set.watermarkBytes} bytes) is more than bufferBytes (${set.bufferBytes} bytes)`,
    );
  }
  return { params: set, origin: origins };
}

/** Translates names and values of the model's first edition to today's. */
function currentName(name: string, input: unknown): [name: string, input: unknown] {
  if (name === 'hardwareAccessFlag') return ['spuFlagUpdates', input];
  if (name === 'pinGuard') return ['unpinnedBy', isPinGuard(input) ? pinGuards[input] : input];
  if (name === 'speVersion' && (input === 'SPEv1p4' || input === 'SPEv1p5')) return [name, 'SPEv1p3'];
  return [name, input];
}

/**
 * Parameters as a run stores them. What a run of the model's first edition lacks is at its default, assumed.
 */
export function storedParams(stored: unknown): ResolvedParams {
  const { params, origin } = stored as {
    params: Readonly<Record<string, unknown>>;
    origin: Readonly<Record<string, ParamOrigin>>;
  };
  const base = defaultParams();
  const values: Record<string, unknown> = { ...base.params };
  const origins: Record<ParamName, ParamOrigin> = { ...base.origin };
  for (const [was, raw] of Object.entries(params)) {
    const [key, input] = currentName(was, raw);
    const name = paramNames.find((n) => n === key);
    const value = name && paramSpecs[name].read(input);
    if (!name || value === undefined) continue;
    values[name] = value;
    origins[name] = origin[was] ?? 'assumed';
  }
  return { params: values as unknown as RunParams, origin: origins };
}

/** `name=value`, as `--set` takes it. @throws ModelError when there is no `=`. */
export function parseSetting(text: string): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0) throw new ModelError(`--set ${text}: wants name=value, e.g. irqNs=1500`);
  return { [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

/** Parameters from a JSON file's text: one object, names to values. @throws ModelError naming `file`. */
export function parseParamsFile(text: string, file: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new ModelError(`${file}: ${(error as Error).message}`);
  }
  if (!isRecord(json)) throw new ModelError(`${file}: wants one JSON object of parameters, e.g. {"irqNs": 1500}`);
  return json;
}

function shorten(input: unknown): string {
  const text = typeof input === 'string' ? `"${input}"` : (JSON.stringify(input) ?? String(input));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Which of the run's latencies a replay takes: the run's, or the policy's own. */
export function timesOf(params: Times, own: Readonly<Partial<Record<TimeName, number>>> = {}): Times {
  return Object.fromEntries(timeNames.map((n) => [n, own[n] ?? params[n]])) as Record<TimeName, number>;
}
