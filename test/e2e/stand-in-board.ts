/** A board that isn't one: recorders and kernel files that behave as the kit's script expects, in a folder. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { pair } from './umbra.ts';

export const found = (tool: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .map((folder) => join(folder, tool))
    .find(existsSync);

const busybox = found('busybox');
/** The available shells: name, and the words that start it. */
export const shells: [string, string[]][] = [
  found('dash') ? ['dash', ['dash']] : ['sh', ['sh']],
  ...(busybox ? ([['busybox sh', [busybox, 'sh']]] as [string, string[]][]) : []),
];

/** A recorder that takes what it is asked for from a fixture, and runs its command as the real ones do. */
const recorder = (fixture: string, said: string): string => `#!/bin/sh
printf '%s\\n' "$*" >>'${said}'
[ "$1" = record ] || { echo stand-in; exit 0; }
[ "$2" != -h ] || { echo '  --max-size'; exit 129; }
while [ $# -gt 0 ]; do
	case $1 in
	-o) cp '${fixture}' "$2"; shift ;;
	-- | sh) break ;;
	esac
	shift
done
[ "$1" != -- ] || shift
"$@"
`;

/**
 * tracefs makes what is in an instance's folder, and takes it away with it. An rmdir is refused while somebody reads the
 * instance's trace_pipe, as the kernel's is.
 */
const instanceTools: Readonly<Record<string, string>> = {
  mkdir: `#!/bin/sh
for last; do :; done
REAL "$@" || exit
case $last in
*/instances/*)
	cp -r "\${last%/instances/*}/instance.stand-in/." "$last"
	echo made >>"\${last%/tracefs/*}/said.instances" ;;
esac
`,
  rmdir: `#!/bin/sh
for last; do :; done
case $last in
*/instances/*)
	[ -d "$last" ] || exit 1
	echo removed >>"\${last%/tracefs/*}/said.instances"
	exec rm -rf "$last" ;;
esac
exec REAL "$@"
`,
};

/** Ten times faster than requested: whole seconds only, as the script has them. */
const quickSleep = `#!/bin/sh
exec REAL "$(($1 / 10)).$(($1 % 10))"
`;

const machineTools =
  'sh sed awk grep tar date sleep uname id tr cat cp mv rm mkdir rmdir du df ls ln head tail sort kill getconf readlink ' +
  'basename dirname wc env setsid';

export interface Board {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the recorders were called with. */
  readonly said: (tool: string) => string;
  /** What must be unchanged after a recording, however it ended: files of tracefs, locks, recordings. */
  readonly state: () => Readonly<Record<string, string>>;
}

export interface BoardOptions {
  /** Seconds last a tenth of one. */
  readonly quick?: boolean;
  /** What `sh` is. */
  readonly shell?: readonly string[];
}

/** A machine with SPE, KVM, a VMM with two vCPUs, and tracefs; recorders as named. */
export function makeBoard(
  folder: string,
  tools: readonly string[],
  { quick = false, shell }: BoardOptions = {},
): Board {
  const at = (...path: string[]): string => {
    const full = join(folder, ...path);
    mkdirSync(join(full, '..'), { recursive: true });
    return full;
  };
  const events = [
    'kvm/kvm_exit',
    'syscalls/sys_enter_munmap',
    'syscalls/sys_exit_munmap',
    'syscalls/sys_enter_ioctl',
    'syscalls/sys_exit_ioctl',
    'umbra/memslot',
  ];
  for (const top of ['tracefs', 'tracefs/instance.stand-in']) {
    for (const event of events) writeFileSync(at(top, 'events', event, 'enable'), '0\n');
    writeFileSync(at(top, 'events/kvm/enable'), '0\n');
    writeFileSync(at(top, 'trace_clock'), '[local] global counter uptime perf mono mono_raw boot\n');
    writeFileSync(at(top, 'buffer_size_kb'), '1408\n');
    writeFileSync(at(top, 'tracing_on'), '1\n');
    writeFileSync(at(top, 'trace_pipe'), 'vmm-1 [000] 1.000000: kvm_exit: TRAP\n');
    for (const [cpu, entries, overrun] of [
      [0, 90, 0],
      [1, 10, 7],
    ])
      writeFileSync(
        at(top, `per_cpu/cpu${cpu}/stats`),
        `entries: ${entries}\noverrun: ${overrun}\ncommit overrun: 0\nbytes: 7200\noldest event ts:     0.000000\n` +
          'now ts:    12.345678\ndropped events: 0\nread events: 1000\n',
      );
  }
  mkdirSync(at('tracefs/instances'), { recursive: true });
  writeFileSync(at('tracefs/kprobe_events'), '');
  writeFileSync(at('sys/bus/event_source/devices/arm_spe_0/cpumask'), '0-1\n');
  writeFileSync(at('proc/cpuinfo'), 'processor\t: 0\nCPU part\t: 0xd0c\n\nprocessor\t: 1\n');
  writeFileSync(at('proc/cmdline'), 'root=/dev/vda\n');
  writeFileSync(at('proc/interrupts'), ' 12:  0  0  GICv3 arm_spe_0\n');
  for (const [tid, comm] of [
    ['347', 'qemu-system-aar'],
    ['349', 'CPU 1/KVM'],
    ['348', 'CPU 0/KVM'],
  ])
    writeFileSync(at('proc/347/task', tid, 'comm'), `${comm}\n`);
  symlinkSync('anon_inode:kvm-vm', at('proc/347/fd/11'));
  writeFileSync(at('dev/kvm'), '');
  mkdirSync(at('state'), { recursive: true });
  mkdirSync(at('tmp'), { recursive: true });
  const said = (tool: string): string => at(`said.${tool}`);
  mkdirSync(at('bin'), { recursive: true });
  const program = (name: string, text: string): void => {
    writeFileSync(at('bin', name), text);
    chmodSync(at('bin', name), 0o755);
  };
  for (const tool of tools) {
    // Copies: a user of the board may not be allowed to read where the tests lie.
    copyFileSync(tool === 'perf' ? pair.spe : pair.kvm, at(`capture.${tool}`));
    program(tool, recorder(at(`capture.${tool}`), said(tool)));
  }
  // Tools of the machine, but none of its recorders.
  for (const tool of machineTools.split(' ')) {
    const real = found(tool);
    const standIn = instanceTools[tool] ?? (quick && tool === 'sleep' ? quickSleep : undefined);
    if (tool === 'sh' && shell) {
      program(tool, `#!${found('sh')}\nexec ${shell.map((word) => found(word) ?? word).join(' ')} "$@"\n`);
    } else if (real && standIn) program(tool, standIn.replace('REAL', real));
    else if (real) symlinkSync(real, at('bin', tool));
  }
  return {
    folder,
    env: {
      PATH: join(folder, 'bin'),
      TMPDIR: join(folder, 'tmp'),
      UMBRA_STATE: join(folder, 'state'),
      UMBRA_TRACEFS: join(folder, 'tracefs'),
      UMBRA_SYSFS: join(folder, 'sys'),
      UMBRA_PROC: join(folder, 'proc'),
      UMBRA_DEV: join(folder, 'dev'),
    },
    said: (tool) => readFileSync(said(tool), 'utf8'),
    state: () => stateOf(folder),
  };
}

function stateOf(folder: string): Record<string, string> {
  const state: Record<string, string> = {};
  for (const top of ['tracefs', 'state', 'tmp']) {
    for (const entry of readdirSync(join(folder, top), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      // A probe that was set and removed is gone from the kernel's list; the stand-in's holds both lines.
      const text = entry.isFile() ? readFileSync(path, 'utf8') : entry.isSymbolicLink() ? readlinkSync(path) : '';
      state[path.slice(folder.length + 1)] = entry.name === 'kprobe_events' ? probesLeft(text) : text;
    }
  }
  return state;
}

/** Names of probes that were set and not removed. */
function probesLeft(text: string): string {
  const left = new Set<string>();
  for (const line of text.split('\n')) {
    const [, sign, name] = /^([pr-]):umbra\/(\S+)/.exec(line) ?? [];
    if (sign === '-') left.delete(name);
    else if (sign) left.add(name);
  }
  return [...left].join(' ');
}
