/**
 * One hash of everything that a pair's result depends on: file contents, settings, version. Results are stored under it, so
 * nothing is replayed twice, whatever files, factors or pairs are called.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { ResolvedParams } from '../../model/params.ts';
import { version } from '../version.ts';
import { withCapture } from '../file-source.ts';
import { companionsOf } from '../import/companions.ts';
import { StepHash } from '../import/step-hash.ts';
import type { Campaign } from './file.ts';
import { placeOf } from './pairs.ts';
import type { CampaignPair } from './pairs.ts';
import { settingsOf } from './settings.ts';
import type { CampaignSettings } from './settings.ts';
import { writeWholeFile } from './whole.ts';

/** Of results; a newer format makes older ones stale. */
export const RESULT_FORM = 1;

/** Hex digits of the fingerprint used in a result's file name. */
const DIGITS = 32;

/** SHA-256 of files, cached while size, times and inode are unchanged. */
export class FileHashes {
  readonly #path: string;
  readonly #known: Map<string, { stat: string; sha256: string }>;
  #changed = false;

  /** @param folder the campaign's; its cache is read here, and written only by `save` */
  constructor(folder: string) {
    this.#path = join(folder, '.umbra', 'hashes.json');
    this.#known = new Map(Object.entries(readCache(this.#path)));
  }

  /** Hex. @throws InputError if it can't be read @param onRead gets the bytes that had to be read */
  of(file: string, onRead?: (bytes: number) => void): string {
    const path = resolve(file);
    const stat = identity(path);
    const known = this.#known.get(path);
    if (known && known.stat === stat) return known.sha256;
    const sha256 = hashFile(path, onRead);
    this.#known.set(path, { stat, sha256 });
    this.#changed = true;
    return sha256;
  }

  /** A file changed within one clock tick would look unchanged: younger ones aren't cached. */
  save(): void {
    if (!this.#changed) return;
    const settled = [...this.#known].filter(([path]) => Date.now() - changedMs(path) > SETTLED_MS);
    const sorted = settled.sort(([a], [b]) => (a < b ? -1 : 1));
    writeWholeFile(this.#path, `${JSON.stringify(Object.fromEntries(sorted))}\n`);
    this.#changed = false;
  }
}

const SETTLED_MS = 100;

const Cache = z.record(z.string(), z.object({ stat: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }));

function readCache(path: string): z.infer<typeof Cache> {
  if (!existsSync(path)) return {};
  try {
    return Cache.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Damaged: everything is hashed again.
    return {};
  }
}

/** The files of a capture: `perf record --threads` leaves a folder of them. */
function filesOf(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /^data(\.\d+)?$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function identity(path: string): string {
  return filesOf(path)
    .map((file) => {
      const s = statSync(file, { bigint: true, throwIfNoEntry: false });
      return s ? `${s.size} ${s.mtimeNs} ${s.ctimeNs} ${s.dev}:${s.ino}` : 'none';
    })
    .join('; ');
}

function changedMs(path: string): number {
  return Math.max(...filesOf(path).map((file) => statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? Infinity));
}

function hashFile(path: string, onRead: ((bytes: number) => void) | undefined): string {
  return withCapture(path, (source) => {
    const hash = new StepHash({
      ...source,
      read: (offset, length, into) => {
        const bytes = source.read(offset, length, into);
        onRead?.(bytes.length);
        return bytes;
      },
    });
    return hash.digest();
  });
}

/** What a result records of its input files. */
export interface PairFiles {
  readonly spe: string;
  readonly kvm: string;
  /** Descriptions beside them, or named by the campaign, by kind. */
  readonly beside: Readonly<Record<string, string>>;
}

export interface Fingerprint {
  /** Names the result's file. */
  readonly id: string;
  /** SHA-256 of the files. */
  readonly files: PairFiles;
}

/** @throws InputError (a file can't be read), RequestError (a setting) */
export function fingerprintOf(
  campaign: Campaign,
  settings: CampaignSettings,
  pair: CampaignPair,
  hashes: FileHashes,
  onRead?: (bytes: number) => void,
): Fingerprint {
  const place = (path: string): string => placeOf(campaign, path);
  const beside = {
    ...companionsOf(place(pair.spe)),
    ...companionsOf(place(pair.kvm)),
    ...(pair.vm !== undefined && { vm: place(pair.vm) }),
  };
  const files: PairFiles = {
    spe: hashes.of(place(pair.spe), onRead),
    kvm: hashes.of(place(pair.kvm), onRead),
    beside: Object.fromEntries(Object.entries(beside).map(([what, path]) => [what, hashes.of(path, onRead)])),
  };
  const inputs = {
    form: RESULT_FORM,
    umbra: version,
    files,
    params: given(settingsOf(campaign, settings, pair)),
    policies: settings.policies,
    checks: settings.checks,
    scenario: settings.scenario ?? null,
  };
  return { id: createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, DIGITS), files };
}

/** What the user set, by name: the rest follows from the version. */
export function given({ params, origin }: ResolvedParams): Record<string, unknown> {
  const names = (Object.keys(origin) as (keyof typeof origin)[]).filter((name) => origin[name] === 'user').sort();
  return Object.fromEntries(names.map((name) => [name, params[name]]));
}
