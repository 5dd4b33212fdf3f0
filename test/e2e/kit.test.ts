/** The board kit's script under the shells at hand, with stand-ins for the recorders and the kernel's files; its tar imported. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, extract } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFiles } from '../../core/lab/import/import.ts';
import { writeKit } from '../../core/lab/board/kit.ts';
import { found, makeBoard, shells } from './stand-in-board.ts';
import type { Board } from './stand-in-board.ts';
import { pair, umbra } from './umbra.ts';

let root: string;
let script: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'umbra-kit-'));
  script = writeKit(join(root, 'kit'))[0];
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const boardOf = (name: string, tools: readonly string[]): Board => makeBoard(join(root, name), tools, { quick: true });

function run(shell: readonly string[], { folder, env }: Board, ...args: string[]) {
  const [command, ...first] = shell.map((word) => found(word) ?? word);
  return spawnSync(command, [...first, script, ...args], { cwd: folder, env, encoding: 'utf8', timeout: 150_000 });
}

const monitorText = fileURLToPath(new URL('../fixtures/kit/qemu-7.2.22-monitor.txt', import.meta.url));

/** The VM description in a tar. */
function vmOf(b: Board, tar: string): Record<'slots' | 'vcpus', unknown[]> {
  const folder = mkdtempSync(join(b.folder, 'untarred-'));
  extract({ file: join(b.folder, tar), cwd: folder, sync: true, strip: 1 });
  const text = readFileSync(join(folder, 'kvm.vm.json'), 'utf8');
  return (JSON.parse(text) as { vms: Record<'slots' | 'vcpus', unknown[]>[] }).vms[0];
}

const straceLog = `9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, guest_phys_addr=0x40000000, memory_size=131072, userspace_addr=0xffff85580000}) = 0
9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=1, flags=0, guest_phys_addr=0x80000000, memory_size=4096, userspace_addr=0xffff80000000}) = 0
9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=1, flags=0, guest_phys_addr=0x80000000, memory_size=0, userspace_addr=0xffff80000000}) = 0
9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=1, flags=0, guest_phys_addr=0x80000000, memory_size=8388608, userspace_addr=0xffff85600000}) = 0
9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=2, flags=KVM_MEM_READONLY, guest_phys_addr=0, memory_size=67108864, userspace_addr=0xffff70000000}) = 0
9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=3, flags=0, guest_phys_addr=0x9000, memory_size=4096, userspace_addr=0xffff60000000}) = 0
9 ioctl(11, KVM_SET_USER_MEMORY_REGION, {slot=3, flags=0, guest_phys_addr=0x9000, memory_size=0, userspace_addr=0}) = 0
`;

describe.each(shells)('under %s', (name, shell) => {
  it('records both into a tar that is imported as a pair', () => {
    const b = boardOf(`${name} pair`.replaceAll(' ', '-'), ['perf', 'trace-cmd']);
    writeFileSync(join(b.folder, 'vmm.strace'), straceLog);
    const ran = run(shell, b, 'record', '-p', '-t', '5', '-l', 'vmm.strace', '-o', 'board.tar', '--', 'sleep', '1');
    expect(ran.stderr).toMatch(/board\.tar: spe\.perf\.data kvm\.trace\.dat\nnext: umbra import board\.tar/);
    expect(ran.status).toBe(0);
    expect(b.said('trace-cmd')).toMatch(
      /record -B umbra -C perf .*-e kvm -e umbra -e syscalls:sys_enter_munmap -e syscalls:sys_exit_munmap -e syscalls:sys_enter_ioctl -e syscalls:sys_exit_ioctl -o/,
    );
    expect(b.said('perf')).toMatch(/-e arm_spe_0\/ts_enable=1,.*load_filter=1.*\/ --max-size 512M -o/);
    const probes = readFileSync(join(b.folder, 'tracefs/kprobe_events'), 'utf8').trimEnd().split('\n');
    expect(probes).toContain('p:umbra/s2_unmap kvm_pgtable_stage2_unmap pgt=%x0:x64 ipa=%x1:x64 size=%x2:x64');
    expect(probes).toContain('r:umbra/s2_map_ret kvm_pgtable_stage2_map ret=$retval:s32');
    // Each probe that was set is removed again.
    const names = (sign: string): string[] =>
      probes.flatMap((p) => (p.startsWith(sign) ? [p.slice(sign.length).split(' ', 1)[0]] : [])).sort();
    expect([...names('p:'), ...names('r:')].sort()).toEqual(names('-:'));
    expect(readdirSync(b.folder).filter((f) => f.includes('.parts'))).toEqual([]);

    const captures = importFiles(join(b.folder, 'lab.umbra'), [join(b.folder, 'board.tar')]);
    expect(captures.map((c) => [c.kind, c.samples + c.events, c.name])).toEqual([
      ['spe', 24000, 'board.tar:spe'],
      ['kvm', 25063, 'board.tar:kvm'],
    ]);
    const vm = umbra('sql', '--db', join(b.folder, 'lab.umbra'), "select vm from capture where kind = 'kvm'", '--json');
    const [{ vm: text }] = JSON.parse(vm.stdout) as [{ vm: string }];
    expect((JSON.parse(text) as { vms: unknown[] }).vms).toEqual([
      {
        pid: 347,
        slots: [
          { slot: 0, gpa: '0x40000000', size: '0x20000', hva: '0xffff85580000', readonly: false },
          { slot: 1, gpa: '0x80000000', size: '0x800000', hva: '0xffff85600000', readonly: false },
          { slot: 2, gpa: '0x0', size: '0x4000000', hva: '0xffff70000000', readonly: true },
        ],
        vcpus: [
          { vcpu: 0, tid: 348 },
          { vcpu: 1, tid: 349 },
        ],
      },
    ]);
  });

  it('stops a command that takes too long, and memslots come from what QEMU’s monitor said', () => {
    const b = boardOf(`${name} long`.replaceAll(' ', '-'), ['perf', 'trace-cmd']);
    writeFileSync(
      join(b.folder, 'monitor.txt'),
      'FlatView #0\r\n AS "I/O", root: io\r\n Root memory region: io\r\n  0000000000000000-000000000000ffff (prio 0, i/o): io\r\n' +
        'FlatView #1\r\n AS "memory", root: system\r\n AS "cpu-memory-0", root: system\r\n Root memory region: system\r\n' +
        '  0000000000000000-0000000003ffffff (prio 0, romd): virt.flash0\r\n  0000000009000000-0000000009000fff (prio 0, i/o): pl011\r\n' +
        '  0000000040000000-00000000401fffff (prio 0, ram): mach-virt.ram KVM\r\n' +
        '  0000000040400000-000000007fffffff (prio 0, ram): mach-virt.ram @0000000000400000 KVM\r\n' +
        '              Block Name    PSize              Offset               Used              Total                HVA  RO\r\n' +
        '           mach-virt.ram    4 KiB  0x0000000000000000 0x0000000040000000 0x0000000040000000 0x0000ffff40000000  rw\r\n',
    );
    const ran = run(shell, b, 'record', '-t', '1', '-M', 'monitor.txt', '-o', 'long.tar', '--', 'sleep', '60');
    expect(ran.status).toBe(0);
    importFiles(join(b.folder, 'lab.umbra'), [join(b.folder, 'long.tar')]);
    const vm = umbra('sql', '--db', join(b.folder, 'lab.umbra'), "select vm from capture where kind = 'kvm'", '--json');
    const [{ vm: text }] = JSON.parse(vm.stdout) as [{ vm: string }];
    expect((JSON.parse(text) as { vms: { slots: unknown }[] }).vms[0].slots).toEqual([
      { slot: 0, gpa: '0x40000000', size: '0x200000', hva: '0xffff40000000', readonly: false },
      { slot: 1, gpa: '0x40400000', size: '0x3fc00000', hva: '0xffff40400000', readonly: false },
    ]);
  });

  it('memslots and vCPU threads come from what a real QEMU 7.2 said, which has no HVA column but gpa2hva', () => {
    const b = boardOf(`${name} qemu`.replaceAll(' ', '-'), ['trace-cmd']);
    rmSync(join(b.folder, 'proc/347/task'), { recursive: true });
    const ran = run(shell, b, 'record', '-t', '1', '-M', monitorText, '-o', 'qemu.tar');
    expect(ran.status).toBe(0);
    expect(vmOf(b, 'qemu.tar')).toEqual({
      pid: 347,
      slots: [
        { slot: 0, gpa: '0x0', size: '0x4000000', hva: '0x7f3123c00000', readonly: true },
        { slot: 1, gpa: '0x4000000', size: '0x4000000', hva: '0x7f311fa00000', readonly: true },
        { slot: 2, gpa: '0x40000000', size: '0x10000000', hva: '0x7f3127fff000', readonly: false },
      ],
      vcpus: [
        { vcpu: 0, tid: 20510 },
        { vcpu: 1, tid: 20511 },
      ],
    });
  });

  it('asks a live monitor: first where RAM lies, then where the host has each range', () => {
    const b = boardOf(`${name} live`.replaceAll(' ', '-'), ['trace-cmd']);
    const asked = join(b.folder, 'asked');
    // A monitor that answers all that the real one did, whatever it is asked.
    writeFileSync(join(b.folder, 'bin/nc'), `#!/bin/sh\n{ echo "$*"; cat; } >>'${asked}'\ncat '${monitorText}'\n`, {
      mode: 0o755,
    });
    expect(run(shell, b, 'record', '-t', '1', '-m', '127.0.0.1:4444', '-o', 'live.tar').status).toBe(0);
    expect(readFileSync(asked, 'utf8').trimEnd().split('\n')).toEqual([
      ...['-w 4 127.0.0.1 4444', 'info cpus', 'info mtree -f', 'info ramblock', '-w 4 127.0.0.1 4444'],
      ...['gpa2hva 0x0000000000000000', 'gpa2hva 0x0000000004000000', 'gpa2hva 0x0000000040000000'],
    ]);
    expect(vmOf(b, 'live.tar').slots).toHaveLength(3);
  });

  it('is bounded: a workload that ignores SIGTERM, a perf that knows no --max-size; the trace outlives the profile', () => {
    const b = boardOf(`${name} deaf`.replaceAll(' ', '-'), ['perf', 'trace-cmd']);
    const perf = join(b.folder, 'bin/perf');
    writeFileSync(perf, readFileSync(perf, 'utf8').replace("echo '  --max-size'", ':'));
    writeFileSync(join(b.folder, 'deaf.sh'), "trap '' TERM\nwhile :; do sleep 1; done\n");
    const ran = run(shell, b, 'record', '-t', '1', '-o', 'deaf.tar', '--', 'sh', join(b.folder, 'deaf.sh'));
    expect(ran.stderr).toMatch(/deaf\.tar: spe\.perf\.data kvm\.trace\.dat/);
    expect(b.said('perf')).not.toContain('--max-size');
    expect(Number(/sleep (\d+)$/m.exec(b.said('trace-cmd'))![1])).toBeGreaterThan(1);
  });

  it('does with less: no trace-cmd, no perf, no SPE', () => {
    const alone = boardOf(`${name} perf`.replaceAll(' ', '-'), ['perf']);
    expect(run(shell, alone, 'record', '-t', '1', '-o', 'p.tar').stderr).toMatch(
      /p\.tar: spe\.perf\.data kvm\.perf\.data/,
    );
    expect(alone.said('perf')).toMatch(/-e kvm:\* -e umbra:\* -e syscalls:sys_enter_munmap/);
    const bare = boardOf(`${name} bare`.replaceAll(' ', '-'), []);
    const ran = run(shell, bare, 'record', '-t', '1', '-m', 'none.socket', '-o', 'bare.tar');
    expect(ran.stderr).toMatch(
      /recording KVM events for at most 1 s[^]*none\.socket: the monitor doesn't answer[^]*bare\.tar: kvm\.ftrace\.txt/,
    );
    // Its own instance, gone again: nothing at the top level was touched.
    expect(bare.said('instances')).toBe('made\nremoved\n');
    expect(bare.state()).toEqual(makeBoard(join(root, `${name} fresh`), []).state());
  });

  it('says what is there and what is missing', () => {
    const b = boardOf(`${name} check`.replaceAll(' ', '-'), ['perf']);
    const whole = run(shell, b, 'check');
    expect(whole.status).toBe(0);
    expect(whole.stdout).toMatch(
      /SPE +arm_spe_0[^]*tracefs .*clock perf[^]*recorder +perf \(no trace-cmd\)[^]*kprobes +yes/,
    );
    rmSync(join(b.folder, 'sys'), { recursive: true });
    rmSync(join(b.folder, 'tracefs'), { recursive: true });
    const none = run(shell, b, 'check');
    expect(none.status).toBe(1);
    expect(none.stdout).toMatch(/SPE +MISSING: no arm_spe PMU[^]*tracefs +MISSING: .*mount -t tracefs/);
    const record = run(shell, b, 'record', '-o', 'x.tar');
    expect([record.status, record.stderr]).toEqual([1, expect.stringMatching(/nothing to record here/)]);
    expect(run(shell, b, 'record', '-t', '0').stderr).toMatch(/-t takes a whole number from 1, not '0'/);
    expect(run(shell, b).status).toBe(2);
  });
});

it.skipIf(!found('shellcheck'))('is shellcheck-clean', () => {
  const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', script], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
});

describe('tars', () => {
  it('links are not followed, and what is no capture is named', () => {
    const folder = join(root, 'odd');
    mkdirSync(join(folder, 'a/b'), { recursive: true });
    writeFileSync(join(folder, 'a/notes.txt'), 'x');
    symlinkSync('/etc/passwd', join(folder, 'a/spe.perf.data'));
    writeFileSync(join(folder, 'a/b/deep.txt'), 'x');
    create({ file: join(folder, 'odd.tar'), cwd: folder, sync: true }, ['a']);
    const lab = join(folder, 'lab.umbra');
    expect(() => importFiles(lab, [join(folder, 'odd.tar')])).toThrow(
      /odd\.tar: a tar without a capture .*: it holds (deep\.txt, notes|notes\.txt, deep)/,
    );
    expect(existsSync(lab)).toBe(false);
  });

  it('a tar that is cut short is one clear error', () => {
    const folder = join(root, 'cut');
    mkdirSync(join(folder, 'a'), { recursive: true });
    writeFileSync(join(folder, 'a/spe.perf.data'), readFileSync(pair.spe));
    create({ file: join(folder, 'cut.tar'), cwd: folder, sync: true }, ['a']);
    writeFileSync(join(folder, 'cut.tar'), readFileSync(join(folder, 'cut.tar')).subarray(0, 700_000));
    const ran = umbra('import', join(folder, 'cut.tar'), '--db', join(folder, 'lab.umbra'));
    expect(ran.code).toBe(1);
    expect(ran.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/cut\.tar: the tar can't be unpacked: /)]);
  });

  it('the kit is never written over', () => {
    expect(() => writeKit(join(root, 'kit'))).toThrow(/umbra-capture\.sh is there already/);
  });
});
