/** A capture's facts as a reader wants them: a label and a value, what is unknown left out. */
import type { SpeConfig } from '../../formats/perf-data/facts.ts';
import { filterWords } from '../../formats/perf-data/no-spe.ts';
import { bytes, count, duration } from '../../words/numbers.ts';
import type { Fact } from '../../report/model.ts';
import type { CaptureRow } from '../../store/captures.ts';

export function captureFacts(c: CaptureRow): Fact[] {
  const span = c.t0 === undefined || c.t1 === undefined ? undefined : duration(Number(c.t1 - c.t0));
  const cpus = (c.facts['cpuList'] as number[] | undefined)?.join(', ');
  const own = c.kind === 'spe' ? speFacts(c) : traceFacts(c);
  const all: [string, string | undefined][] = [
    [c.kind === 'spe' ? 'records' : 'events', `${count(c.records)}${span ? ` over ${span}` : ''}`],
    ['CPUs', cpus],
    ...own,
    ['clock', c.clock],
    ['VM description', c.facts['vmFile'] as string | undefined],
  ];
  return all.flatMap(([label, value]) => (value ? [{ label, value }] : []));
}

function speFacts({ facts }: CaptureRow): [string, string | undefined][] {
  const text = (name: string) => facts[name] as string | undefined;
  const spe = facts['spe'] as
    | {
        cores?: { name?: string; midr: string }[];
        config?: SpeConfig;
        auxBufferBytes?: number;
        binding?: { bound: string; evidence: string[]; against?: string[] };
      }
    | undefined;
  const config = spe?.config;
  return [
    ['cores', spe?.cores?.map((core) => core.name ?? `MIDR ${core.midr}`).join(', ')],
    ['machine', [text('hostname'), text('release')].filter(Boolean).join(', Linux ')],
    ['events', spe?.binding && bindingWords(spe.binding)],
    ['period', config?.period && `${count(Number(config.period))} operations`],
    ['filters', config && filterWords(config).join(', ')],
    ['AUX buffer', spe?.auxBufferBytes && `${bytes(spe.auxBufferBytes)} each`],
    ['command', (facts['commandLine'] as string[] | undefined)?.join(' ')],
  ].map(([label, value]) => [label, value === 0 ? undefined : value] as [string, string | undefined]);
}

function bindingWords({ bound, evidence, against }: { bound: string; evidence: string[]; against?: string[] }): string {
  const but = against ? `; but ${against.join(', ')}` : '';
  return `${bound}: ${evidence.join(', ')}${but}`;
}

function traceFacts({ facts }: CaptureRow): [string, string | undefined][] {
  const text = (name: string) => facts[name] as string | undefined;
  const events = facts['events'] as Record<string, number> | undefined;
  const kinds = Object.entries(events ?? {}).filter(([name]) => /guest_fault|unmap_hva|set_spte|age_hva/.test(name));
  return [
    ['machine', text('uname')],
    ['recorded by', text('recorder')],
    ['stage 2 events', kinds.map(([name, n]) => `${count(n)} ${name.replace('kvm:', '')}`).join(', ')],
  ];
}
