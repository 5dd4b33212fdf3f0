/** A capture's facts in words. Files differ widely in what they record: missing facts aren't shown. */
import type { Capture } from '../../core/contract/contract.ts';
import { eventCounts } from '../../core/model/terms/capture-facts.ts';
import type { CaptureFacts } from '../../core/model/terms/capture-facts.ts';
import { bytes, count, ranges } from '../format.ts';
import { auxCounts } from './aux-flags.ts';
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

/** The core's name, or its MIDR if unknown; several where cores differ. */
export function machine({ facts }: Capture): string | undefined {
  const names = new Set(facts.spe?.cores?.map(({ name, midr }) => name ?? midr));
  return names.size ? [...names].join(', ') : (facts.cpuDesc ?? arch(facts));
}

export function kernel({ facts }: Capture): string | undefined {
  return facts.release ?? uname(facts)?.release;
}

/** trace.dat stores the words of `uname`: system, host, release, machine. */
function uname(facts: CaptureFacts): { host?: string; release: string; arch: string } | undefined {
  const words = (facts.uname ?? '').split(' ');
  if (words.length < 4) return undefined;
  const [host, release, arch] = words.slice(1);
  return { ...(host !== '(none)' && { host }), release, arch };
}

function arch(facts: CaptureFacts): string | undefined {
  return facts.arch ?? uname(facts)?.arch;
}

export function commandLine({ facts }: Capture): string | undefined {
  return facts.commandLine?.map(shellWord).join(' ');
}

/** AUX records by flag, and what perf itself lost: `12 truncated`. */
export function flags(c: Capture): string[] {
  return auxCounts(c).map(({ name, count: n }) => `${count(n)} ${name.toLowerCase()}`);
}

/** Sentences that readers must see: a synthesised capture, emulated timings. */
export function notes({ facts }: Capture): readonly string[] {
  return facts.notes ?? [];
}

export function factGroups(c: Capture): FactGroup[] {
  const { facts } = c;
  const { spe, board, version } = facts;
  const cores = (spe?.cores ?? []).map(({ name, midr, cpus = [] }) => {
    const of = cpus.length ? ` (CPU ${ranges(cpus)})` : '';
    return [name, midr].filter(Boolean).join(' · ') + of;
  });
  const groups: FactGroup[] = [
    {
      title: 'Machine',
      facts: some([
        ['host', facts.hostname ?? uname(facts)?.host],
        ['cores', cores.length ? cores.join('; ') : facts.cpuDesc],
        ['CPUs online', facts.cpusOnline && count(facts.cpusOnline)],
        ['kernel', kernel(c)],
        ['architecture', arch(facts)],
        ['memory', size(facts.totalMemory)],
      ]),
    },
    {
      title: c.kind === 'kvm' ? 'Virtual machine' : 'Profiling',
      facts: some([
        ['command', commandLine(c), true],
        ['mode', spe?.mode],
        ['events', spe?.binding?.bound],
        ['evidence', evidence(facts)],
        ['period', operations(facts)],
        ['filters', filters(facts)],
        ['min latency', minLatency(facts)],
        ['AUX buffer', size(spe?.auxBufferBytes)],
        ['AUX data', size(spe?.auxBytes)],
        [
          'VM',
          c.kind === 'kvm'
            ? c.hasVm
              ? (facts.vmFile ?? 'memslots and vCPU threads attached')
              : 'no description'
            : undefined,
        ],
      ]),
    },
    {
      title: 'Clock',
      facts: some([
        ['clock', c.clock],
        ['conversion', conversion(facts)],
        ['compared', board?.clocks && clockWords(board.clocks)],
        ['first', c.t0 && `${count(c.t0)} ns`],
        ['last', c.t1 && `${count(c.t1)} ns`],
      ]),
    },
    {
      title: 'File',
      facts: some([
        ['recorded from', [board?.host, board?.guest].filter(Boolean).join(', guest ')],
        ['path', c.file, true],
        ['format', [c.format, version !== undefined && `v${version}`].filter(Boolean).join(' ')],
        ['size', `${bytes(c.bytes)} (${count(c.bytes)} B)`],
        ['written by', facts.recorder ?? (facts.perfVersion && `perf ${facts.perfVersion}`)],
        ['compression', typeof facts.compression === 'string' ? facts.compression : undefined],
        ['trace id', facts.traceId, true],
        ['SHA-256', c.sha256 || undefined, true],
      ]),
    },
  ];
  return groups.filter((g) => g.facts.length);
}

/** Trace events or perf records by kind, most frequent first. */
export function kinds({ kind, facts }: Capture): { name: string; count: number }[] {
  return (kind === 'kvm' ? eventCounts(facts) : Object.entries(facts.records ?? {}))
    .filter(([name, n]) => n > 0 && name !== 'TOTAL')
    .map(([name, n]) => ({ name, count: n }))
    .sort((a, b) => b.count - a.count);
}

function some(rows: readonly (readonly [string, string | 0 | undefined, boolean?])[]): Fact[] {
  return rows.flatMap(([label, value, copy]) => (value ? [{ label, value, ...(copy && { copy }) }] : []));
}

function operations({ spe }: CaptureFacts): string | undefined {
  const { period, jitter } = spe?.config ?? {};
  if (!period || period === '0') return undefined;
  return `${count(period)} operations${jitter ? ', with jitter' : ''}`;
}

function filters({ spe }: CaptureFacts): string | undefined {
  const config = spe?.config;
  if (!config) return undefined;
  const kinds = (['load', 'store', 'branch'] as const).filter((kind) => config[`${kind}_filter`]);
  const events = config.event_filter;
  const parts = [...kinds, ...(events && events !== '0x0' ? [`events ${events}`] : [])];
  return parts.length ? parts.join(', ') : 'none: all operations';
}

function minLatency({ spe }: CaptureFacts): string | undefined {
  const cycles = spe?.config?.min_latency;
  return cycles ? `${count(cycles)} cycles` : undefined;
}

function conversion({ timeConv }: CaptureFacts): string | undefined {
  return timeConv && `counter × ${timeConv.mult} >> ${timeConv.shift} + ${timeConv.zero} ns`;
}

function size(value: number | undefined): string | undefined {
  return value ? bytes(value) : undefined;
}

/** What shows that the events follow tasks or CPUs, and what in the file contradicts it. */
function evidence({ spe }: CaptureFacts): string | undefined {
  const { evidence: said = [], against = [] } = spe?.binding ?? {};
  const but = against.length ? `but ${against.join(', ')}` : '';
  return [said.join(', '), but].filter(Boolean).join('; ') || undefined;
}
