/** What a new run is asked for: grouped parameters, and the command line that asks for the same. */
import type { Library, ParamInfo } from '../../core/contract/runs.ts';
import type { Run } from '../../core/contract/contract.ts';
import { bytes, duration } from '../format.ts';
import type { Question } from '../sensitivity/question.ts';
import { shellWord } from '../../core/words/shell.ts';

export interface Group {
  readonly title: string;
  readonly params: readonly ParamInfo[];
}

/** The model's times (model.md section 4); other parameters in ns place things and aren't measured. */
export const modelTimes = [
  ...(['irqNs', 'trapNs', 'walkNsPerPage', 'mapNs', 'pinNsPerPage', 'unpinNsPerPage', 'injectNs'] as const),
  ...(['guestHandlerNs', 'reenableNs', 'readNs', 'exitNs', 'fullExtraNs', 'copyBytesPerNs'] as const),
];

const groups: readonly (readonly [string, readonly string[]])[] = [
  ['Clocks', ['align', 'offsetNs', 'scale', 'lanes', 'vm']],
  ['Buffer', ['placement', 'buffers', 'trials', 'seed', 'bufferBytes', 'watermarkBytes', 'privateBytes', 'vmBytes']],
  ['KVM and the VMM', ['unpinnedBy', 'injectDl', 'trapsPerEnable', 'rlimitBytes', 'afterExit']],
  ['Guest', ['dlDiscard', 'guestReaction', 'guestZeroes', 'guestSError', 'tornRecords']],
  [
    'Hardware and memory',
    ['dlProbability', 'speVersion', 'profilingException', 'spuFlagUpdates', 'initial', 'contentsKept'],
  ],
  ['Times', ['calibrate', 'latency', ...modelTimes]],
];
/** What a capture itself shows: no replay asks for it. */
const elsewhere = ['gapFactor', 'gapMinNs'];

const choices = [
  ...['align', 'offsetNs', 'scale', 'lanes', 'vm', 'placement', 'buffers', 'trials', 'seed', 'dlDiscard', 'unpinnedBy'],
  ...['calibrate', 'latency', 'privateBytes', 'watermarkBytes'],
];

/** Whether a parameter describes a machine: its default is then an assumption. The others describe the request. */
export function isFact(name: string): boolean {
  return !choices.includes(name);
}

/** Every parameter once; those in no group come last. */
export function paramGroups(params: readonly ParamInfo[]): Group[] {
  const named = groups.flatMap(([, names]) => names);
  const others = params.map((p) => p.name).filter((n) => !named.includes(n) && !elsewhere.includes(n));
  return [...groups, ['Others', others] as const]
    .map(([title, names]) => ({
      title,
      params: names.flatMap((name) => params.find((p) => p.name === name) ?? []),
    }))
    .filter((g) => g.params.length);
}

/** A parameter's value as held by a form field; lists as `--set` takes them. */
export function fieldText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return value
    .map((item: string | Record<string, unknown>) =>
      typeof item === 'string'
        ? item
        : 'ipa' in item
          ? `${item['lane']}=${item['ipa']}:${item['size']}`
          : `${item['cpu']}=${item['vcpu']}`,
    )
    .join(',');
}

/** A value as shown in a table, with its unit. */
export function settingText(value: unknown, unit: string): string {
  if (typeof value === 'number') {
    if (unit === 'ns') return value ? duration(value) : '0 ns';
    if (unit === 'ns a page') return `${value} ns a page`;
    if (unit === 'bytes') return bytes(value);
    return unit ? `${value} ${unit}` : String(value);
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && !value.length) return 'none';
  return value === undefined ? '–' : fieldText(value);
}

/** What was found in the captures, from a run's parameters or a calibration's: name to value. */
export function measuredIn(resolved: unknown): ReadonlyMap<string, string> {
  const { params, origin } = (resolved ?? {}) as {
    params?: Record<string, unknown>;
    origin?: Record<string, string>;
  };
  const names = Object.entries(origin ?? {}).filter(([, from]) => from === 'measured');
  return new Map(names.map(([name]) => [name, fieldText(params?.[name])]));
}

export interface Asked {
  readonly lab: string;
  readonly spe: number;
  readonly kvm: number;
  readonly policies: readonly string[] | 'all';
  readonly own: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
}

/** The command for the same run; own policies must be saved as files first. */
export function commandLine({ lab, spe, kvm, policies, own, settings }: Asked): string {
  return [
    `umbra replay --db ${shellWord(lab)} --spe ${spe} --kvm ${kvm}`,
    ...(policies === 'all' ? ['--policy all'] : policies.length ? [`--policy ${policies.join(',')}`] : []),
    ...choiceWords(own, settings),
  ].join(' ');
}

/** The command for the same sweep; a run's own policies and its scenario must be saved as files first. */
export function sweepCommand(lab: string, run: Run, question: Question, library: Library | undefined): string {
  const { param, from, to, steps, log, check } = question;
  const { params, origin } = run.params;
  const users = new Set(Object.entries(origin).flatMap(([name, from]) => (from === 'user' ? [name] : [])));
  const settings = Object.entries(params).filter(([name]) => users.has(name) && name !== param);
  const ids = [...new Set(run.policies.map((p) => p.policy))];
  const builtin = (id: string) => library?.policies.find((p) => p.policy.id === id)?.builtin !== false;
  return [
    `umbra sweep --db ${shellWord(lab)} --spe ${run.spe} --kvm ${run.kvm} --policy ${ids.filter(builtin).join(',')}`,
    `--param ${param} --from ${from} --to ${to} --steps ${steps}${log ? ' --log' : ''}${check === undefined ? '' : ` --check ${check}`}`,
    ...choiceWords(
      ids.filter((id) => !builtin(id)),
      Object.fromEntries(settings.map(([name, value]) => [name, fieldText(value)])),
    ),
    ...('scenario' in run.facts ? ['--scenario scenario.json'] : []),
  ].join(' ');
}

function choiceWords(own: readonly string[], settings: Readonly<Record<string, string>>): string[] {
  return [
    ...own.map((id) => `--policy-file ${shellWord(`${id}.json`)}`),
    ...Object.entries(settings).map(([name, value]) => `--set ${shellWord(`${name}=${value}`)}`),
  ];
}
