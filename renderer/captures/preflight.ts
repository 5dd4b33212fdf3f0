/** What a replay of a pair will rest on: settled, assumed, open, or impossible, and the button that settles it. */
import type { Capture } from '../../core/contract/contract.ts';
import type { BinaryCoverage } from '../../core/contract/jobs.ts';
import { bytes, count, duration, ranges } from '../format.ts';
import type { Preview } from './align.ts';

/** `assumed`: runs with a default. `open`: runs, but results lack something. `stop`: can't be replayed. */
export type CheckState = 'settled' | 'assumed' | 'open' | 'stop';
export type Fix = 'align-start' | 'align-fit' | 'vm-draft' | 'vm' | 'symbols' | 'settings';

export interface Check {
  readonly id: 'clocks' | 'vm' | 'lanes' | 'buffer' | 'symbols' | 'pages';
  readonly title: string;
  readonly state: CheckState;
  readonly detail: string;
  readonly fixes: readonly { readonly label: string; readonly act: Fix }[];
}

export interface Pair {
  readonly spe: Capture;
  readonly kvm: Capture;
  /** As placed by the chosen alignment; undefined where one has no times. */
  readonly preview: Preview | undefined;
  /** What `auto` resolves to, or the chosen alignment. */
  readonly aligned: 'absolute' | 'start' | 'loop' | 'fit';
  /** The clocks of the two machines were compared during recording. */
  readonly compared: boolean;
  /** The trace's VM description, parsed; undefined if there is none. */
  readonly vm: VmText | undefined;
  /** Undefined: not counted yet. */
  readonly coverage: readonly BinaryCoverage[] | undefined;
}

export interface VmText {
  readonly pageSize?: number | string;
  readonly vms?: readonly {
    readonly slots?: readonly { readonly size?: unknown }[];
    readonly vcpus?: readonly { readonly vcpu?: unknown }[];
    readonly buffers?: readonly unknown[];
  }[];
}

/** In the order worth checking. */
export function preflight(pair: Pair): readonly Check[] {
  return [clocks(pair), vm(pair), lanes(pair), buffer(pair), symbols(pair), pages(pair)].filter((c) => c !== undefined);
}

/** Why the pair can't be replayed; undefined if it can. */
export function impossible(checks: readonly Check[]): string | undefined {
  return checks.find(({ state }) => state === 'stop')?.detail;
}

const starting = { label: 'Align at the start', act: 'align-start' } as const;
const fitting = { label: 'Stretch to fit', act: 'align-fit' } as const;

function clocks({ spe, kvm, preview, aligned, compared }: Pair): Check {
  const check = (state: CheckState, detail: string, ...fixes: Check['fixes'][number][]): Check => ({
    ...{ id: 'clocks', title: 'Clocks', state, detail, fixes },
  });
  if (!preview) {
    const untimed = spe.t0 === undefined || spe.t1 === undefined ? spe : kvm;
    return check('stop', `${untimed.name} has no timestamps: record with them (SPE: ts_enable=1).`);
  }
  if (preview.problem) return check('stop', preview.problem, starting, fitting);
  const [length, shared] = [preview.spe.end - preview.spe.start, overlapOf(preview)];
  const share = length > 0 ? shared / length : 1;
  const covered = `the trace covers ${share >= 1 ? 'all' : `${Math.floor(100 * share)} %`} of the ${duration(length)} of samples`;
  if (share <= 0)
    return check('stop', 'The trace lies wholly outside of the samples’ time: change the offset.', starting, fitting);
  switch (aligned) {
    case 'absolute': {
      const how = compared ? 'compared while they recorded' : 'one clock';
      return share < 0.9 ? check('open', `${cap(how)}; ${covered}.`) : check('settled', `${cap(how)}; ${covered}.`);
    }
    case 'start':
      return check(
        'assumed',
        `Not one clock, or no overlap: the trace starts at the first sample; ${covered}.`,
        fitting,
      );
    case 'loop':
      return check('assumed', 'The trace repeats until the samples end: a workload in a steady state.', starting);
    case 'fit':
      return check(
        'assumed',
        'The trace is stretched to the samples’ span: latencies measured in it stretch, too.',
        starting,
      );
  }
}

/** ns of the samples' span covered by some copy of the trace. */
function overlapOf({ spe, kvm }: Preview): number {
  return kvm.reduce((sum, s) => sum + Math.max(0, Math.min(s.end, spe.end) - Math.max(s.start, spe.start)), 0);
}

function vm({ vm: text }: Pair): Check {
  const base = { id: 'vm', title: 'VM description' } as const;
  const draft = { label: 'Fill in from the trace…', act: 'vm-draft' } as const;
  const vms = text?.vms ?? [];
  if (!vms.length)
    return {
      ...{ ...base, state: 'open', fixes: [draft] },
      detail: 'None: the trace’s unmaps name host addresses, and which guest page each is stays unknown.',
    };
  const slots = vms.reduce((n, v) => n + (v.slots?.length ?? 0), 0);
  const vcpus = vms.reduce((n, v) => n + (v.vcpus?.length ?? 0), 0);
  const has = `${plural(slots, 'memslot')}, ${plural(vcpus, 'vCPU thread')}${vms.length > 1 ? ` of ${vms.length} VMs` : ''}`;
  if (slots && vcpus) return { ...base, state: 'settled', detail: `${has}.`, fixes: [] };
  const lacks = slots
    ? 'whose vCPU each event was is guessed from kvm_entry.'
    : 'which guest page an unmapped host page was stays unknown.';
  return { ...base, state: 'open', detail: `${has}: ${lacks}`, fixes: [draft, { label: 'Edit…', act: 'vm' }] };
}

/** CPUs of the SPE capture and vCPUs pair by number. */
function lanes({ spe, vm: text }: Pair): Check | undefined {
  const vcpus = (text?.vms ?? []).flatMap((v) => v.vcpus?.map((c) => Number(c.vcpu)) ?? []);
  if (!spe.cpus.length || !vcpus.length) return undefined;
  const paired = spe.cpus.filter((cpu) => vcpus.includes(cpu));
  const base = { id: 'lanes', title: 'CPUs and vCPUs' } as const;
  const fixes = [{ label: 'Set lanes…', act: 'settings' }] as const;
  if (paired.length === spe.cpus.length)
    return { ...base, state: 'settled', detail: `CPU ${ranges(spe.cpus)} pair with vCPUs by number.`, fixes: [] };
  const without = spe.cpus.filter((cpu) => !vcpus.includes(cpu));
  const are = `SPE CPU ${ranges(without)} ${without.length > 1 ? 'have' : 'has'} no vCPU of that number (vCPU ${ranges([...new Set(vcpus)].sort((a, b) => a - b))})`;
  return { ...base, state: 'open', detail: `${are}: the trace shows no guest runs for them.`, fixes };
}

function buffer({ spe, vm: text }: Pair): Check {
  const base = { id: 'buffer', title: 'SPE buffers' } as const;
  const vms = text?.vms ?? [];
  const described = vms.reduce((n, v) => n + (v.buffers?.length ?? 0), 0);
  if (described)
    return { ...base, state: 'settled', detail: `${plural(described, 'buffer')} in the VM description.`, fixes: [] };
  const size = spe.facts.spe?.auxBufferBytes || undefined;
  const ram = vms.flatMap((v) => v.slots ?? []).reduce((sum, s) => sum + Number(s.size ?? 0), 0);
  const lanes = Math.max(1, spe.cpus.length);
  if (size !== undefined && ram > 0 && size * lanes > ram)
    return {
      ...{ ...base, state: 'stop' },
      detail: `${lanes} × ${bytes(size)} don’t fit into ${bytes(ram)} of guest memory: choose a smaller buffer, or correct the memslots.`,
      fixes: [
        { label: 'Set the size…', act: 'settings' },
        { label: 'Edit memslots…', act: 'vm' },
      ],
    };
  const words = size === undefined ? 'Size assumed' : `${bytes(size)} each, as perf had it`;
  return {
    ...{ ...base, state: 'assumed' },
    detail: `${words}; where they lie in the guest is drawn at random from its memory.`,
    fixes: [{ label: 'Name them…', act: 'vm' }],
  };
}

function symbols({ spe, coverage }: Pair): Check | undefined {
  const base = { id: 'symbols', title: 'Symbols' } as const;
  const fixes = [{ label: 'Load symbols…', act: 'symbols' }] as const;
  if (!coverage) return undefined;
  const samples = coverage.reduce((sum, b) => sum + b.samples, 0);
  const named = coverage.reduce((sum, b) => sum + b.named, 0);
  if (!samples)
    return {
      ...{ ...base, state: 'open', fixes: [] },
      detail: `No mapping holds a sample${spe.records ? ` of the ${count(spe.records)}` : ''}: skew counts pages of addresses, not functions.`,
    };
  if (named === samples)
    return { ...base, state: 'settled', detail: 'All samples lie in a known function.', fixes: [] };
  const share = named ? `${Math.min(99, Math.floor((100 * named) / samples))} % of samples lie` : 'No sample lies';
  return { ...base, state: 'open', detail: `${share} in a known function; the rest counts by binary and page.`, fixes };
}

function pages({ kvm, vm: text }: Pair): Check {
  const base = { id: 'pages', title: 'Page size' } as const;
  const words = (size: number) => `Host pages of ${bytes(size)}`;
  if (text?.pageSize !== undefined)
    return { ...base, state: 'settled', detail: `${words(Number(text.pageSize))}, by the VM description.`, fixes: [] };
  const size = kvm.facts.host?.pageSize ?? kvm.facts.pageSize;
  if (size !== undefined) return { ...base, state: 'settled', detail: `${words(size)}, as the trace says.`, fixes: [] };
  return {
    ...{ ...base, state: 'assumed' },
    detail: `${words(4096)}: nothing says otherwise.`,
    fixes: [{ label: 'Set it…', act: 'vm' }],
  };
}

const plural = (n: number, word: string) => (n === 1 ? `1 ${word}` : `${n || 'no'} ${word}s`);
const cap = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
