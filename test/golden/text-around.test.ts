/** Trace text in what logs, viewers, trackers and mails put around it: the events are those of the plain text. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { exitsInLab } from '../../core/lab/captures/exits.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import type { CaptureSummary } from '../../core/lab/captures/captures.ts';
import { runSql } from '../../core/lab/service/sql.ts';

const texts = new URL('../fixtures/text/', import.meta.url);
const inputs = fileURLToPath(new URL('../fixtures/inputs/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'umbra-around-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** ftrace's text: 330 events, thread names padded to 16 columns. */
const trace = gunzipSync(readFileSync(`${inputs}trace.txt.gz`)).toString('latin1');
const lines = trace.trimEnd().split('\n');

let files = 0;
function imported(text: string | Uint8Array): { lab: string; captures: CaptureSummary[]; events: unknown[] } {
  const file = join(folder, `${files++}.txt`);
  writeFileSync(file, typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  const captures = importFiles(`${file}.umbra`, [file]);
  let events: unknown[] = [];
  const sql =
    'select t_ns, cpu, tid, comm, system, event, lost_before, fields from trace_event order by capture_id, seq';
  runSql(`${file}.umbra`, sql, ({ rows }) => {
    events = [...rows];
  });
  return { lab: `${file}.umbra`, captures, events };
}

const plain = imported(trace).events;
const around = (front: (i: number) => string) => lines.map((line, i) => `${front(i)}${line}\n`).join('');

describe('before each line', () => {
  test.each([
    ['dmesg', '[  123.456789] '],
    ['dmesg, with its caller and level', '<4>[  123.456789][    T1] '],
    ['dmesg -T', '[Mon Nov 23 16:22:14 2026] '],
    ['journalctl', 'Nov 23 16:22:14 host kernel: '],
    ['syslog', 'Nov 23 16:22:14 host-12 trace.sh[881]: '],
    ['syslog, ISO times', '2026-11-23T16:22:14.123456+00:00 host kernel: [  123.456789] '],
    ['ts', 'Nov 23 16:22:14 '],
    ['adb logcat', '11-23 16:22:14.123   881   883 I atrace  : '],
    ['a runner of jobs', '2026-11-23T16:22:14.1234567Z '],
    ['kubectl logs', '2026-11-23T16:22:14.123456789Z stdout F '],
    ['docker compose', 'vm-1  | '],
    ['pssh', 'host1: '],
    ['grep -H', 'trace:'],
    ['a diff', '+'],
    ['quoted with initials', 'MR> '],
  ])('%s', (_, front) => {
    expect(imported(around(() => front)).events).toEqual(plain);
  });

  test.each([
    ['nl', (i: number) => `${String(i + 1).padStart(6)}  `],
    ['less -N', (i: number) => `${String(i + 1).padStart(7)} `],
    ['cat -n', (i: number) => `${String(i + 1).padStart(6)}\t`],
  ])('line numbers of %s', (_, front) => {
    expect(imported(around(front)).events).toEqual(plain);
  });
});

test('entities of HTML, as in the source of a page', () => {
  const named = trace.replaceAll(' vmm-', ' <v>-').replace(/^(.*: )sys_\w+\(.*\)$/gm, '$1sys_ioctl -> 0x0');
  const page = named.replace(/[<>&"]/g, (c) => `&${{ '<': 'lt', '>': 'gt', '&': 'amp', '"': 'quot' }[c]};`);
  expect(page).toContain('&lt;v&gt;-');
  expect(page).toContain('sys_ioctl -&gt; 0x0');
  expect(imported(`<pre>\n${page}</pre>\n`).events).toEqual(imported(named).events);
});

const report = gunzipSync(readFileSync(`${inputs}report-plugins.txt.gz`)).toString('latin1');

test.each([
  ['one blank for many', / +/g, ' '],
  ['tabs for blanks', / {2,}/g, '\t'],
])('%s, in text of trace-cmd, which pads names of events', (_, blanks, one) => {
  const known = (text: string) =>
    imported(text).events.filter((row) =>
      /^(?:kvm_(?:entry|exit|guest|unmap|mmio|user)|sys_)/.test((row as string[])[5]),
    );
  expect(known(report.replace(blanks, one))).toEqual(known(report));
});

test("entities in text of trace-cmd's plugins: reasons of exits are known", () => {
  const page = imported(report.replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
  expect(page.events).toEqual(imported(report).events);
  expect(exitsInLab(page.lab, 1)).toEqual(exitsInLab(imported(report).lab, 1));
});

describe('perf script broken after 72 columns', () => {
  /** As mail programs do: at blanks, which are lost, those that pad a column among them. */
  const broken = (text: string) =>
    text.replace(/^.{73,}$/gm, (line) => {
      const out = [''];
      for (const [word] of line.matchAll(/\s*\S+/g)) {
        const last = out.length - 1;
        if (out[last].trim() === '' || out[last].length + word.length <= 72) out[last] += word;
        else out.push(word.trimStart());
      }
      return out.join('\n');
    });
  test.each(['b-madvise.script-guest.txt.gz', 'callgraph.script-guest.txt.gz'])('%s', (name) => {
    const script = gunzipSync(readFileSync(fileURLToPath(new URL(name, texts)))).toString();
    expect(imported(broken(script)).events).toEqual(imported(script).events);
  });
});

test('a mail and the answer that quotes it hold the same events', () => {
  const { captures, events } = imported(`From: a\n\n${trace}\nFrom: b\n\n${around(() => '> ')}Thanks\n`);
  expect(events).toEqual(plain);
  expect(captures[0].warnings.find((w) => w.kind === 'text-double-events')?.count).toBe(plain.length);
});

test("latency-format's times count from when the buffer was cleared, whatever the first is", () => {
  const latency = trace.replace(
    /^ *(\S.{0,15}?)-(\d+ +)\[(\d+)\] (\S+) +(\d+)\.(\d{6}): /gm,
    (_, comm: string, pid: string, cpu: string, flags: string, s: string, us: string) =>
      `${comm.slice(0, 8).padStart(8)}-${pid} ${Number(cpu)}${flags} ${s}${us}us : `,
  );
  const { captures, events } = imported(latency);
  expect(events).toHaveLength(plain.length);
  expect(captures[0].warnings.map((w) => w.message).join()).toMatch(
    /^times count from when the ring buffer was cleared/,
  );
});

describe('before the first event', () => {
  const boot = Array.from({ length: 3000 }, (_, i) => `[${(i / 100).toFixed(6).padStart(12)}] boot message ${i}\n`);
  test.each([
    ['a kernel log', boot.join('')],
    ['a letter', 'This is what I saw on the board.\n\n'.repeat(150)],
    ['a list of symbols', 'ffff800008000000 T _text\n'.repeat(4000)],
  ])('%s', (_, front) => {
    const { captures, events } = imported(front + trace);
    expect(events).toEqual(plain);
    const lines = front.split('\n').filter((line) => line !== '').length;
    expect(captures[0].warnings).toMatchObject([{ kind: 'text-unread-line', count: lines }]);
  });

  test('of perf script', () => {
    const script = gunzipSync(readFileSync(fileURLToPath(new URL('b-madvise.script-guest.txt.gz', texts)))).toString();
    expect(imported(boot.join('') + script).events).toEqual(imported(script).events);
  });
});

test('trace-cmd report of a host and its guest', () => {
  const [host, guest] = ['host.dat', 'guest.dat'].map((name) => ['cpus=2', ...own].map((line) => `${name}: ${line}\n`));
  const both = [host[0], guest[0], ...host.slice(1), ...guest.slice(1)].join('');
  expect(() => imported(both)).toThrow(
    "several recordings (host.dat, guest.dat), of a host and a guest perhaps: print the host's alone",
  );
  expect(imported(host.join('')).events).toHaveLength(own.length);
});

test('without any event, the first line that is none is shown', () => {
  expect(() => imported('cpus=2\n\nKernel buffer statistics:\n')).toThrow(
    "no line of it is an event (`comm-pid [cpu] … time: event: …`): line 3 is 'Kernel buffer statistics:'",
  );
  expect(() => imported('cpus=2\n')).toThrow('holds no events: was tracing on while it was recorded?');
  expect(() => imported('vmm-1 [000] 1.000001: s2_map: (a+0x0/0x1) pgt=0x1\n')).toThrow('umbra stage2 --reference');
});

describe('perf script without', () => {
  const script = gunzipSync(readFileSync(fileURLToPath(new URL('b-madvise.script-guest.txt.gz', texts)))).toString();
  test('names of threads: said once, and no more than that', () => {
    const { captures } = imported(script.replace(/^ *\S.*? +(\d+ \[)/gm, '  $1'));
    expect(captures[0].warnings.map((w) => w.message)).toEqual([
      'its lines have no comm: threads are known by number alone; print them with `perf script -F +comm`',
    ]);
  });
  test('names of events: no capture of SPE', () => {
    expect(() => imported(script.replace(/ \w+:\w+: /g, ' '))).toThrow('`perf script -F +event`');
  });
  test('fields', () => {
    expect(() => imported(script.replace(/( \w+:\w+: ).*/g, '$1'))).toThrow('`perf script -F +trace`');
  });
  test('events of SPE or KVM: a profile', () => {
    const line = 'perf     219 [001]    54.757511:     250000 cycles:P:  ffff8b543c10 [unknown] (/lib/libc.so)\n';
    expect(() => imported(line.repeat(20))).toThrow('of samples of cycles, not of SPE');
  });
});

test('perf 7.2 prints what its plugin for x86 fails to find: reasons of exits are read all the same', () => {
  const script = gunzipSync(readFileSync(fileURLToPath(new URL('b-madvise.script-guest.txt.gz', texts)))).toString();
  const newer = script
    .replace(/(kvm:kvm_exit: )/g, '$1<CANT FIND FIELD exit_reason>')
    .replace(/(kvm:kvm_entry: )/g, '$1CAN\'T FIND FIELD "vcpu_id"<CANT FIND FIELD rip>');
  const [a, b] = [imported(script), imported(newer)];
  expect(b.events).toEqual(a.events);
  expect(exitsInLab(b.lab, 1)).toEqual(exitsInLab(a.lab, 1));
});

test('trace-cmd report --ts-diff puts distances before names', () => {
  const report = gunzipSync(readFileSync(`${inputs}report.txt.gz`)).toString('latin1');
  const apart = report.replace(/( \d+\.\d{6,9}: )/g, '$1(+1749)  ').replace('(+1749)  ', '         ');
  expect(apart).not.toBe(report);
  expect(imported(apart).events).toEqual(imported(report).events);
});

/** Both of one recording (kernel 6.1 under emulation), by trace-cmd 3.1.6: report -t, without its plugin's remarks, and report -R -t. */
const own = [
  'vmm-182   [001]    24.234701056: sys_enter_ioctl:      fd: 0x00000005, cmd: 0x0000ae01, arg: 0x00000000',
  'vmm-182   [001]    24.238296992: sys_enter_mmap:       addr: 0x00000000, len: 0x00021000, prot: 0x00000003, flags: 0x00004022, fd: 0xffffffffffffffff, off: 0x00000000',
  'vmm-182   [001]    24.238900592: kvm_unmap_hva_range:  mmu notifier unmap range: 0x00ffffb1477000 -- 0x00ffffb1478000',
  'CPU 0/KVM-183   [000]    24.261130896: kvm_entry:            PC: 0x0000000040000000',
  'CPU 0/KVM-183   [000]    24.261248976: kvm_exit:             TRAP: HSR_EC: 0x0020 (IABT_LOW), PC: 0x0000000040000000',
  'CPU 0/KVM-183   [000]    24.261275952: kvm_guest_fault:      ipa 0x40000000, hsr 0x82000005, hxfar 0x40000000, pc 0x00000040000000',
  'CPU 0/KVM-183   [000]    24.263698704: kvm_mmio:             mmio write len 4 gpa 0x8000000 val 0x12',
  'CPU 0/KVM-183   [000]    24.288247408: kvm_exit:             IRQ: HSR_EC: 0x0000 (UNKNOWN), PC: 0x00000000400011f0',
  'CPU 0/KVM-183   [000]    24.360483584: kvm_hvc_arm64:        HVC at 0x0000000040001270 (r0: 0x000000008600ff01, imm: 0x0)',
  'CPU 0/KVM-183   [000]    24.451207840: kvm_userspace_exit:   reason KVM_EXIT_MMIO (6)',
];
const byField = [
  'vmm-182   [001]    24.234701056: sys_enter_ioctl:       __syscall_nr=29 fd=0x00000005 cmd=0x0000ae01 arg=0x00000000',
  'vmm-182   [001]    24.238296992: sys_enter_mmap:        __syscall_nr=222 addr=0x00000000 len=0x00021000 prot=0x00000003 flags=0x00004022 fd=0xffffffffffffffff off=0x00000000',
  'vmm-182   [001]    24.238900592: kvm_unmap_hva_range:   start=0x00ffffb1477000 end=0x00ffffb1478000',
  'CPU 0/KVM-183   [000]    24.261130896: kvm_entry:             vcpu_pc=0x0000000040000000',
  'CPU 0/KVM-183   [000]    24.261248976: kvm_exit:              ret=2 esr_ec=0x0020 vcpu_pc=0x0000000040000000',
  'CPU 0/KVM-183   [000]    24.261275952: kvm_guest_fault:       vcpu_pc=0x00000040000000 hsr=0x82000005 hxfar=0x40000000 ipa=0x40000000',
  'CPU 0/KVM-183   [000]    24.263698704: kvm_mmio:              type=2 len=4 gpa=0x8000000 val=0x12',
  'CPU 0/KVM-183   [000]    24.288247408: kvm_exit:              ret=0 esr_ec=0x0000 vcpu_pc=0x00000000400011f0',
  'CPU 0/KVM-183   [000]    24.360483584: kvm_hvc_arm64:         vcpu_pc=0x0000000040001270 r0=0x000000008600ff01 imm=0x0',
  'CPU 0/KVM-183   [000]    24.451207840: kvm_userspace_exit:    reason=6 errno=0',
];

test('trace-cmd report -R prints fields by name: they are the same', () => {
  const fields = (text: readonly string[]) => {
    const { captures, events, lab } = imported(`cpus=2\n${text.join('\n')}\n`);
    expect(captures[0].warnings).toEqual([]);
    return { fields: events.map((row) => JSON.parse((row as string[])[7]) as object), lab };
  };
  const [a, b] = [fields(own), fields(byField)];
  // The number of a system call is in this form only; the reason of an exit has a number instead of a name.
  expect(b.fields.map((f) => ({ ...f, __syscall_nr: undefined, ret: undefined }))).toEqual(
    a.fields.map((f) => ({ ...f, __syscall_nr: undefined, ret: undefined })),
  );
  expect(
    exitsInLab(b.lab, 1)
      .rows.map((r) => r.reason)
      .sort(),
  ).toEqual(['class 0x20', 'ret 0']);
});
