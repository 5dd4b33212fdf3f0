import { synthAdvices, synthBackings, synthFiles } from '../../lab/exports/synth.ts';
import type { Args, Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { count } from '../format.ts';

const rates = {
  unmaps: "the VMM's madvise and munmap a second (100)",
  reclaims: 'unmaps by kswapd a second (0)',
  merges: 'pages that ksmd merges a second (0)',
  aging: 'kvm_age_hva a second (0)',
  memslots: "deletions of the buffers' memslot a second (0)",
  moves: "the buffers' memslot moved away and back, a second (0)",
  'dirty-logs': 'KVM_GET_DIRTY_LOG a second (0)',
} as const;

const phases = { trace: 'writing the trace', capture: 'writing the capture', truth: 'true blackouts' } as const;

export const command: Command = {
  arity: [0, 0],
  options: {
    out: { type: 'string', value: 'DIR', help: 'folder for the pair', required: true },
    seed: { type: 'string', value: 'S', help: 'of all that is random (1)' },
    samples: { type: 'string', value: 'N', help: 'SPE records, at most 2e8 (24000)' },
    cpus: { type: 'string', value: 'N', help: 'CPUs and vCPUs, or threads (2)' },
    mode: { type: 'string', value: 'M', help: 'per-cpu | per-thread (per-cpu)' },
    'switch-events': { type: 'boolean', help: 'per-thread: with times and SWITCH records, which perf cannot read' },
    phases: { type: 'string', value: 'P:SHARE,…', help: 'phases in turn (load:1,scan:2,probe:4,compact:1)' },
    rounds: { type: 'string', value: 'N', help: 'rounds of all phases (4)' },
    interval: { type: 'string', value: 'NS', help: "mean time between a lane's records (20000)" },
    buffer: { type: 'string', value: 'BYTES', help: "each vCPU's SPE buffer in the VM (524288)" },
    ram: { type: 'string', value: 'PAGES', help: 'other guest RAM (1024)' },
    ...Object.fromEntries(
      Object.entries(rates).map(([name, help]) => [name, { type: 'string', value: 'RATE', help } as const]),
    ),
    'unmap-pages': { type: 'string', value: 'N', help: 'most pages that one unmap covers (8)' },
    'buffer-share': { type: 'string', value: 'X', help: 'share of the changes that hit SPE buffers (0.5)' },
    backing: { type: 'string', value: 'B', help: `guest memory is ${synthBackings.join(' | ')} (anonymous)` },
    advice: { type: 'string', value: 'A,…', help: `the VMM's madvise: ${synthAdvices.join(', ')} (dontneed)` },
    holes: { type: 'string', value: 'X', help: 'share of the munmaps that nothing is mapped over at once (0)' },
    burst: { type: 'string', value: 'PHASE:X', help: 'unmaps and reclaims are X times as frequent in that phase' },
    thp: { type: 'boolean', help: '2 MiB blocks' },
    'kvm-events': { type: 'string', value: 'N', help: 'events in the trace, about (5000)' },
    'lost-pages': { type: 'string', value: 'N', help: 'pages of the ring buffer that the tracer lost (0)' },
    'auxtrace-info': { type: 'string', value: 'V', help: 'version of the SPE metadata, 1 | 2 (1)' },
    'trace-version': { type: 'string', value: 'V', help: 'version of the trace.dat, 6 | 7 (7)' },
    zstd: { type: 'boolean', help: 'compress the trace.dat' },
    'truth-records': { type: 'string', value: 'N', help: 'a row a record in truth.json up to so many (200000)' },
  },
  details:
    'Writes spe.perf.data, kvm.trace.dat, kvm.vm.json and truth.json: a pair on one clock whose samples, stage 2 changes and\n' +
    'blackouts under the built-in policies are known. perf and trace-cmd read it. Nothing in it is from silicon.',
  run(args, out) {
    const { files, truth, kvmEvents } = synthFiles(
      args.need('out'),
      {
        seed: args.integer('seed'),
        samples: whole(args, 'samples'),
        cpus: args.integer('cpus'),
        mode: choice(args, 'mode', ['per-cpu', 'per-thread']),
        switchEvents: args.flag('switch-events'),
        phases: pairs(args, 'phases')?.map(([name, share]) => ({ name, share })),
        rounds: args.integer('rounds'),
        intervalNs: whole(args, 'interval'),
        bufferBytes: whole(args, 'buffer'),
        ramPages: whole(args, 'ram'),
        unmaps: args.number('unmaps'),
        reclaims: args.number('reclaims'),
        merges: args.number('merges'),
        aging: args.number('aging'),
        memslots: args.number('memslots'),
        moves: args.number('moves'),
        dirtyLogs: args.number('dirty-logs'),
        unmapPages: whole(args, 'unmap-pages'),
        bufferShare: args.number('buffer-share'),
        backing: choice(args, 'backing', synthBackings),
        advice: args
          .text('advice')
          ?.split(',')
          .map((one) => oneOf('advice', one, synthAdvices)),
        holes: args.number('holes'),
        burst: pairs(args, 'burst')?.map(([phase, factor]) => ({ phase, factor }))[0],
        thp: args.flag('thp'),
        kvmEvents: whole(args, 'kvm-events'),
        lostPages: whole(args, 'lost-pages'),
        auxtraceInfo: numberChoice(args, 'auxtrace-info', [1, 2]),
        traceVersion: numberChoice(args, 'trace-version', [6, 7]),
        zstd: args.flag('zstd'),
        truthRecords: whole(args, 'truth-records'),
      },
      (what, done, total) => out.progress({ phase: phases[what], done, total, unit: 'steps' }),
    );
    if (args.flag('json')) return out.json({ files, options: truth.options, kvmEvents });
    out.write(
      `${files.spe}: ${count(truth.options.samples)} SPE records\n${files.kvm}: ${count(kvmEvents)} events\n` +
        `${files.vm}\n${files.truth}\n`,
    );
    for (const { policy, kept, lost, windows } of truth.blackouts.policies)
      out.write(`true under ${policy}: ${count(kept)} kept, ${count(lost)} lost in ${count(windows.length)} windows\n`);
  },
};

/** Whole numbers, also as 1e7. */
function whole(args: Args, name: string): number | undefined {
  const value = args.number(name);
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
    throw new UsageError(`--${name} takes a whole number, not '${args.text(name)}'`);
  return value;
}

function choice<const T extends string>(args: Args, name: string, all: readonly T[]): T | undefined {
  const text = args.text(name);
  return text === undefined ? undefined : oneOf(name, text, all);
}

function oneOf<const T extends string>(name: string, text: string, all: readonly T[]): T {
  const found = all.find((one) => one === text);
  if (!found) throw new UsageError(`--${name} is ${all.join(' or ')}, not '${text}'`);
  return found;
}

function numberChoice<const T extends number>(args: Args, name: string, all: readonly T[]): T | undefined {
  const text = args.text(name);
  const found = all.find((one) => String(one) === text);
  if (text !== undefined && !found) throw new UsageError(`--${name} is ${all.join(' or ')}, not '${text}'`);
  return found;
}

/** `name:number,…` */
function pairs(args: Args, name: string): [string, number][] | undefined {
  return args
    .text(name)
    ?.split(',')
    .map((part) => {
      const match = /^([a-z]+):(\d+(?:\.\d+)?)$/.exec(part);
      if (!match) throw new UsageError(`--${name} takes NAME:NUMBER, not '${part}'`);
      return [match[1], Number(match[2])];
    });
}
