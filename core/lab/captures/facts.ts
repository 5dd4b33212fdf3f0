/** A capture's facts for readers: labels and values, unknown ones left out. */
import type { Binding } from '../../formats/perf-data/binding.ts';
import { filterWords } from '../../formats/perf-data/no-spe.ts';
import { eventCounts } from '../../model/terms/capture-facts.ts';
import { bytes, count, duration } from '../../words/numbers.ts';
import type { Fact } from '../../report/model.ts';
import type { CaptureRow } from '../../store/captures.ts';

export function captureFacts(c: CaptureRow): Fact[] {
  const span = c.t0 === undefined || c.t1 === undefined ? undefined : duration(Number(c.t1 - c.t0));
  const cpus = c.facts.cpuList?.join(', ');
  const own = c.kind === 'spe' ? speFacts(c) : traceFacts(c);
  const all: [string, string | undefined][] = [
    [c.kind === 'spe' ? 'records' : 'events', `${count(c.records)}${span ? ` over ${span}` : ''}`],
    ['CPUs', cpus],
    ...own,
    ['clock', c.clock],
    ['VM description', c.facts.vmFile],
  ];
  return all.flatMap(([label, value]) => (value ? [{ label, value }] : []));
}

function speFacts({ facts }: CaptureRow): [string, string | undefined][] {
  const { spe } = facts;
  const config = spe?.config;
  return [
    ['cores', spe?.cores?.map((core) => core.name ?? `MIDR ${core.midr}`).join(', ')],
    ['machine', [facts.hostname, facts.release].filter(Boolean).join(', Linux ')],
    ['events', spe?.binding && bindingWords(spe.binding)],
    ['period', config?.period && `${count(Number(config.period))} operations`],
    ['filters', config && filterWords(config).join(', ')],
    ['AUX buffer', spe?.auxBufferBytes && `${bytes(spe.auxBufferBytes)} each`],
    ['command', facts.commandLine?.join(' ')],
  ].map(([label, value]) => [label, value === 0 ? undefined : value] as [string, string | undefined]);
}

function bindingWords({ bound, evidence, against }: Binding): string {
  const but = against ? `; but ${against.join(', ')}` : '';
  return `${bound}: ${evidence.join(', ')}${but}`;
}

function traceFacts({ facts }: CaptureRow): [string, string | undefined][] {
  const kinds = eventCounts(facts).filter(([name]) => /guest_fault|unmap_hva|set_spte|age_hva/.test(name));
  return [
    ['machine', facts.uname],
    ['recorded by', facts.recorder],
    ['stage 2 events', kinds.map(([name, n]) => `${count(n)} ${name.replace('kvm:', '')}`).join(', ')],
  ];
}
