/** A capture's facts, put into words. Files say very different amounts of themselves: what isn't there isn't shown. */
import type { Capture } from '../../core/contract/contract.ts';
import { bytes, count, ranges } from '../format.ts';
import { auxCounts } from './aux-flags.ts';
import { clocksOf } from './board-clocks.ts';
import { clockWords } from '../../core/words/clocks.ts';
import { shellWord } from '../../core/words/shell.ts';

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Worth a copy button: long hex, command lines. */
  readonly copy?: boolean;
}

export interface FactGroup {
  readonly title: string;
  readonly facts: readonly Fact[];
}

/** The core's name, or its MIDR where that is unknown; several where cores differ. */
export function machine(c: Capture): string | undefined {
  const cores = list(at(c, 'spe', 'cores')).map((core) => text(get(core, 'name')) ?? text(get(core, 'midr')));
  const names = [...new Set(cores.filter((core) => core !== undefined))];
  return names.length ? names.join(', ') : (text(at(c, 'cpuDesc')) ?? arch(c));
}

export function kernel(c: Capture): string | undefined {
  return text(at(c, 'release')) ?? uname(c)?.release;
}

/** trace.dat keeps `uname`'s words: system, host, release, machine. */
function uname(c: Capture): { host?: string; release: string; arch: string } | undefined {
  const words = (text(at(c, 'uname')) ?? '').split(' ');
  if (words.length < 4) return undefined;
  const [host, release, arch] = words.slice(1);
  return { ...(host !== '(none)' && { host }), release, arch };
}

function arch(c: Capture): string | undefined {
  return text(at(c, 'arch')) ?? uname(c)?.arch;
}

export function commandLine(c: Capture): string | undefined {
  const words = at(c, 'commandLine');
  return Array.isArray(words) ? words.map((word) => shellWord(String(word))).join(' ') : text(words);
}

/** AUX records by flag, and what perf itself lost: `12 truncated`. */
export function flags(c: Capture): string[] {
  return auxCounts(c).map(({ name, count: n }) => `${count(n)} ${name.toLowerCase()}`);
}

/** Sentences that a reader must know: a synthesised capture, emulated timings. */
export function notes(c: Capture): string[] {
  return list(at(c, 'notes')).map(String);
}

export function factGroups(c: Capture): FactGroup[] {
  const cores = list(at(c, 'spe', 'cores')).map((core) => {
    const cpus = list(get(core, 'cpus')).map(Number);
    const of = cpus.length ? ` (CPU ${ranges(cpus)})` : '';
    return [text(get(core, 'name')), text(get(core, 'midr'))].filter(Boolean).join(' · ') + of;
  });
  const groups: FactGroup[] = [
    {
      title: 'Machine',
      facts: some([
        ['host', text(at(c, 'hostname')) ?? uname(c)?.host],
        ['cores', cores.length ? cores.join('; ') : text(at(c, 'cpuDesc'))],
        ['CPUs online', numeral(at(c, 'cpusOnline'))],
        ['kernel', kernel(c)],
        ['architecture', arch(c)],
        ['memory', size(at(c, 'totalMemory'))],
      ]),
    },
    {
      title: c.kind === 'kvm' ? 'Virtual machine' : 'Profiling',
      facts: some([
        ['command', commandLine(c), true],
        ['mode', text(at(c, 'spe', 'mode'))],
        ['events', text(at(c, 'spe', 'binding', 'bound'))],
        ['evidence', evidence(c)],
        ['period', operations(c)],
        ['filters', filters(c)],
        ['min latency', minLatency(c)],
        ['AUX buffer', size(at(c, 'spe', 'auxBufferBytes'))],
        ['AUX data', size(at(c, 'spe', 'auxBytes'))],
        [
          'VM',
          c.kind === 'kvm'
            ? c.hasVm
              ? (text(at(c, 'vmFile')) ?? 'memslots and vCPU threads attached')
              : 'no description'
            : undefined,
        ],
      ]),
    },
    {
      title: 'Clock',
      facts: some([
        ['clock', c.clock],
        ['conversion', conversion(c)],
        ['compared', clocksOf(c) && clockWords(clocksOf(c)!)],
        ['first', c.t0 && `${count(c.t0)} ns`],
        ['last', c.t1 && `${count(c.t1)} ns`],
      ]),
    },
    {
      title: 'File',
      facts: some([
        [
          'recorded from',
          [text(at(c, 'board', 'host')), text(at(c, 'board', 'guest'))].filter(Boolean).join(', guest '),
        ],
        ['path', c.file, true],
        ['format', [c.format, text(at(c, 'version')) && `v${text(at(c, 'version'))}`].filter(Boolean).join(' ')],
        ['size', `${bytes(c.bytes)} (${count(c.bytes)} B)`],
        ['written by', text(at(c, 'recorder')) ?? (text(at(c, 'perfVersion')) && `perf ${text(at(c, 'perfVersion'))}`)],
        ['compression', text(at(c, 'compression'))],
        ['trace id', text(at(c, 'traceId')), true],
        ['SHA-256', c.sha256 || undefined, true],
      ]),
    },
  ];
  return groups.filter((g) => g.facts.length);
}

/** Trace events or perf records by kind, most frequent first. */
export function kinds(c: Capture): { name: string; count: number }[] {
  return entries(at(c, c.kind === 'kvm' ? 'events' : 'records'))
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0 && entry[0] !== 'TOTAL')
    .map(([kind, n]) => ({ name: kind, count: n }))
    .sort((a, b) => b.count - a.count);
}

function some(rows: readonly (readonly [string, string | undefined, boolean?])[]): Fact[] {
  return rows.flatMap(([label, value, copy]) => (value ? [{ label, value, ...(copy && { copy }) }] : []));
}

function operations(c: Capture): string | undefined {
  const period = text(at(c, 'spe', 'config', 'period'));
  if (!period || period === '0') return undefined;
  return `${count(period)} operations${at(c, 'spe', 'config', 'jitter') === true ? ', with jitter' : ''}`;
}

function filters(c: Capture): string | undefined {
  const config = at(c, 'spe', 'config');
  if (typeof config !== 'object' || config === null) return undefined;
  const kinds = ['load', 'store', 'branch'].filter((kind) => get(config, `${kind}_filter`) === true);
  const events = text(get(config, 'event_filter'));
  const parts = [...kinds, ...(events && events !== '0x0' ? [`events ${events}`] : [])];
  return parts.length ? parts.join(', ') : 'none: all operations';
}

function minLatency(c: Capture): string | undefined {
  const cycles = Number(at(c, 'spe', 'config', 'min_latency'));
  return cycles > 0 ? `${count(cycles)} cycles` : undefined;
}

function conversion(c: Capture): string | undefined {
  const conv = at(c, 'timeConv');
  if (typeof conv !== 'object' || conv === null) return undefined;
  return `counter × ${text(get(conv, 'mult'))} >> ${text(get(conv, 'shift'))} + ${text(get(conv, 'zero'))} ns`;
}

function size(value: unknown): string | undefined {
  return typeof value === 'number' && value > 0 ? bytes(value) : undefined;
}

function numeral(value: unknown): string | undefined {
  return typeof value === 'number' ? count(value) : undefined;
}

/** What says that the events follow tasks or CPUs, and what in the file says the opposite. */
function evidence(c: Capture): string | undefined {
  const [said, against] = ['evidence', 'against'].map((part) => list(at(c, 'spe', 'binding', part)).join(', '));
  return [said, against && `but ${against}`].filter(Boolean).join('; ') || undefined;
}

function at(c: Capture, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(get, c.facts);
}

function get(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
