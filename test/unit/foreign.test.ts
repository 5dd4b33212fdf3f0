/** Files that are no captures: what they are said to be, and where text ends and other bytes begin. */
import { describe, expect, test } from 'vitest';
import { foreignBytes, foreignFile, isPage, mayHoldEvents } from '../../core/formats/foreign.ts';

const bytes = (text: string) => Uint8Array.from(text, (ch) => ch.charCodeAt(0));
const said = (text: string) => foreignFile(bytes(text));

test.each([
  ['PAR1', 'is a Parquet table'],
  ['SQLite format 3\0', 'is an SQLite database: lab files are given with --db'],
  ['\xc1\x1f\xfc\xc1', 'is a CTF trace stream'],
  ['\xc1\xfc\x1f\xc1', 'is a CTF trace stream'],
  ['\x57\x1d\xd1\x75', 'is the metadata of a CTF trace'],
  ['/* CTF 1.8 */', 'is the metadata of a CTF trace'],
  ['\xd4\xc3\xb2\xa1', 'is a pcap file of network packets'],
  ['\xa1\xb2\xc3\xd4', 'is a pcap file of network packets'],
  ['\x4d\x3c\xb2\xa1', 'is a pcap file of network packets'],
  ['\x0a\x0d\x0d\x0a', 'is a pcapng file of network packets'],
  [
    '\x7fELF',
    'is an ELF file (a program, a library, vmlinux or a core dump): `umbra symbols --elf` reads symbols of it',
  ],
  ['%PDF-1.7', 'is a PDF: the capture that it reports on is another file'],
  ['\x89PNG', 'is a picture (PNG)'],
  ['\xff\xd8\xff\xe0', 'is a picture (JPEG)'],
  ['\x04\x22\x4d\x18', 'is packed with lz4: unpack it with `lz4 -d`'],
  ['7z\xbc\xaf\x27\x1c', 'is packed with 7-Zip: unpack it with `7z x`'],
  ['Rar!\x1a\x07', 'is packed with RAR: unpack it first'],
  ['\x1f\x9d', 'is packed with compress: unpack it with `uncompress`'],
  ['\x89LZO', 'is packed with lzop: unpack it with `lzop -d`'],
  ['\x5d\0\0', 'is packed with lzma: unpack it with `xz -d --format=lzma`'],
  ['!<arch>\ndebian-binary', 'is an archive of ar, or a Debian package'],
  ['070701', 'is an archive of cpio'],
  ['\xed\xab\xee\xdb', 'is an RPM package'],
  ['MSCF', 'is a cabinet file'],
  ['LZIP', 'is packed with lzip'],
  ['\x02\x21\x4c\x18', 'is packed with lz4, in its old format'],
  ['\x78\x01', 'is packed with zlib'],
  ['\x78\x9c', 'is packed with zlib'],
  ['\x78\xda', 'is packed with zlib'],
  ['PK\x05\x06', 'is an empty zip'],
  ['PK\x07\x08', 'is the first piece of a split zip'],
  ['GIF89a', 'is a picture (GIF)'],
  ['RIFF', 'is a picture or a recording'],
  ['\xd0\xcf\x11\xe0', 'is a document of Microsoft Office'],
  ['{\\rtf1', 'is a document in RTF'],
  ['SIMPLEPERF', "is a profile of Android's simpleperf"],
  ['makedumpfile', 'is a kernel crash dump'],
  ['\x0a\x04\x08\x01\x10\x02', 'is a profile for pprof'],
  ['PERFFILE', 'is a perf.data of perf before Linux 2.6.35'],
  ['KDUMP   ', 'is a kernel crash dump: no capture'],
  [
    'version https://git-lfs.github.com/spec/v1',
    'is a Git LFS pointer, not the file itself: `git lfs pull` fetches it',
  ],
])('%j', (head, words) => {
  expect(said(head)).toContain(words);
  // Only at the beginning.
  expect(said(`x${head}`)).not.toContain(words);
});

describe('text', () => {
  test.each([
    ['<!DOCTYPE html>', 'HTML or XML'],
    ['  \n<html lang="en">', 'HTML or XML'],
    ['<head>', 'HTML or XML'],
    ['<?xml version="1.0"?>', 'HTML or XML'],
    ['<svg>', 'HTML or XML'],
    ['{"linux-perf-json-version": 1}', 'JSON of perf data convert'],
    ['[{"a": 1, "traceEvents": []}]', 'JSON of Chrome'],
    ['{"displayTimeUnit": "ns",\n "traceEvents": []}', 'JSON of Chrome'],
    ['{"pageSize": 4096,\n"vms" : []}', 'JSON of a VM description: it is given with --vm'],
    ['{"id": "x", "onFault": {}}', 'JSON of a policy: it is given with --policy-file'],
    ['[{"id": "x", "onFault": {}}, 1]', 'JSON of a policy'],
    ['{"events" :[{"vms": 1', 'JSON of a scenario: it is given with --scenario'],
    ['{"about": "ground truth", "phases": []}', 'JSON about a capture, which is another file'],
    ['{"a": {"vms": 1, "events": 2}}', "JSON, which isn't read"],
    ['{"a": 1}', "JSON, which isn't read"],
    ['{}', "JSON, which isn't read"],
    [' [ 1, 2]', "JSON, which isn't read"],
    ['[-1.5e3]\n', "JSON, which isn't read"],
    ['[]', "JSON, which isn't read"],
    ['["a"]', "JSON, which isn't read"],
    ['[[1]]', 'is text, but no line of it'],
    ['{a: 1}', 'is text, but no line of it'],
    ['# perf kvm stat report', 'a table of `perf kvm stat report`'],
    ['perf kvm stat report', 'a table of `perf kvm stat report`'],
    ['\nAnalyze events for all VMs, all VCPUs', 'a table of `perf kvm stat report`'],
    ['# To display the perf.data header info, please use', 'a table of `perf report`'],
    ['x\n# Samples: 12K of event', 'a table of `perf report`'],
    ['# Overhead  Command', 'a table of `perf report`'],
    [" Performance counter stats for 'ls'", 'a table of `perf stat`'],
    ['0x1a0 [0x28]: event: 79', 'a dump of `perf report -D`'],
    ['0 0x1a0 [0x28]: PERF_RECORD_MMAP', 'is text, but no line of it'],
    ['0x0 @ 0x1a0 [0x28]: PERF_RECORD_MMAP', 'a dump of `perf report -D`'],
    ['0x1a0 [0x28] @ x: PERF_RECORD_MMAP', 'a dump of `perf report -D`'],
    ['. ... raw event: size 40', 'a dump of `perf report -D`'],
    ['. ... ARM SPE data: size 0x1000', 'a dump of `perf report -D`'],
    ['[    0.000000] Booting Linux\n[    0.000001] Linux version\n', 'a kernel log (dmesg)'],
    ['[    0.000000] Booting Linux\n', 'is text, but no line of it'],
    ['<4>[    0.000000][    T0] Booting Linux\r\n<6>[    0.000001][    T0] Linux version\r\n', 'a kernel log (dmesg)'],
    ['[Mon Nov 23 16:22:14 2026] a\n[Mon Nov 23 16:22:14 2026] b\n', 'a kernel log (dmesg)'],
    ['Nov 23 16:22:14 host kernel: a\nNov  3 16:22:14 host kernel: b\n', 'a log (syslog, journalctl)'],
    [
      '-- Logs begin at Mon --\n2026-11-23T16:22:14+0100 h k: a\n2026-11-23T16:22:14+0100 h k: b\n',
      'a log (syslog, journalctl)',
    ],
    ['Return-Path: <a@b>\nReceived: by x\n\twith y\nSubject: hi\n\nhello\n', 'a mail without a trace in it'],
    ['<!-- a -->\n<!DOCTYPE html>', 'HTML or XML'],
    ['<!doctype html><meta name="generator" content="Umbra 0.2.0" />', 'a report of Umbra: `umbra report --verify`'],
    ['# What each KVM fault policy would do to this SPE profile\n', 'a report of Umbra'],
    ['     0.010 (         ): CPU 0/KVM/1235 kvm:kvm_exit(ret: 2)\n', 'output of `perf trace`'],
    ['     0.010 ( 0.003 ms): vmm/1235 ioctl(fd: 12) = 0\n', 'output of `perf trace`'],
    ['Attaching 2 probes...\nkvm_exit 12\n', 'output of bpftrace'],
    ['1234 16:22:14.123456 ioctl(12, KVM_RUN, 0) = 0\n', 'a log of strace'],
    ['openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 12\n', 'a log of strace'],
    ['kvm statistics\n', 'output of kvm_stat'],
    ['# event histogram\n#\n', 'an event histogram of ftrace'],
    ['name: kvm_exit\nID: 500\nformat:\n', 'a description of an event'],
    ['ffff800008000000 T _text\nffff800000bd0000 t f\t[virtio]\n', 'a list of symbols'],
    [
      'ffff800000bd0000 virtio_dev_match [virtio]\nffff800000bd0074 virtio_reset_device [virtio]\n',
      'a list of addresses',
    ],
    ['aaaad0000000-aaaad0010000 r-xp 00000000 fd:00 1 /bin/q\n', 'a map of memory'],
    ['begin 644 trace.txt\nM', 'uuencoded: unpack it with `uudecode`'],
    [`${'QUJD'.repeat(19)}\n`.repeat(3), 'base64: unpack it with `base64 -d`'],
    ['policy,dl_discard,lane,start_ns,end_ns\n', 'a CSV that Umbra exported'],
    ['time,cpu,event\n', 'is text, but no line of it'],
    [
      'perf 219 [001] 54.757511: 250000 cycles:P: ffff8b543c10 f (/lib/libc.so)\n',
      'perf script, of samples of cycles, not of SPE',
    ],
    [
      'perf     219 [001]    54.757539: fd: 0x0000005f, cmd: 0x00002400\n',
      'name no event of SPE or KVM: print it with `perf script -F +event`',
    ],
    ['capture_id,t\n', 'a CSV that Umbra exported'],
    ['seq,t_ns,cpu\n', 'a CSV that Umbra exported'],
    ['# x\nt_ns,cpu\n', 'a CSV that Umbra exported'],
    ['perf_ns,event\n', 'a CSV that Umbra exported'],
    ['main;f;g 12\n', 'collapsed stacks'],
    ['main;f g 12', 'collapsed stacks'],
    ['main 12\n', 'is text, but no line of it'],
    ['# Umbra report', 'a report of Umbra'],
    ['  Umbra 0.2', 'a report of Umbra'],
    ['Umbrage', 'is text, but no line of it'],
  ])('%j: %s', (head, words) => {
    expect(said(head)).toContain(words);
  });

  test('of perf script without times: a thread, and an event of SPE or a tracepoint', () => {
    const timeless = (line: string) => said(line).includes('without times: print it with `perf script -F +time`');
    const events = [
      'instructions',
      'memory',
      'branch',
      'branch-miss',
      'l1d-miss',
      'l2d-access',
      'llc-access',
      'tlb-miss',
    ];
    for (const event of [...events, 'remote-access', 'arm_spe_0/a=1/u', 'memory:u', 'kvm:kvm_entry'])
      expect(timeless(`kvbench 4568 [000]   1 ${event}: ffff0000`), event).toBe(true);
    for (const line of ['a 1 memory: 0', 'a -1/-1 [-1] memory: 0', 'x\n  a b 1/2 memory:\t0'])
      expect(timeless(line), line).toBe(true);
    for (const line of [
      '1 memory: 0',
      'a x memory: 0',
      'a 1 cycles: 0',
      'a 1 kvm:abc: 0',
      'a 1 memory:0',
      'a 1 [x] memory: 0',
    ])
      expect(timeless(line), line).toBe(false);
  });

  test('is quoted by its first line that isn’t blank, on one line, without what doesn’t print', () => {
    expect(said('\n  \n  hello \t world  \nmore')).toMatch(/: it begins 'hello world'$/);
    expect(said(`\u001b[1mbold\u001b[0m`)).toMatch(/'\?\[1mbold\?\[0m'$/);
    expect(said('x'.repeat(80))).toMatch(/'x{80}'$/);
    expect(said('x'.repeat(81))).toMatch(/'x{80}…'$/);
    expect(said(' \r\n\t\n')).toBe('holds blank lines only');
    expect(foreignFile(new TextEncoder().encode('Grüße'))).toMatch(/'Grüße'$/);
    expect(said('{}')).toMatch(/\(it begins '\{\}'\)$/);
    expect(said('a 1 memory: 0')).toMatch(/\(it begins 'a 1 memory: 0'\)$/);
  });

  test('whose lines end in CR alone', () => {
    const { length } = said('# tracer: nop\r#\r').match(/lines that end in CR alone.*`tr/) ?? [];
    expect(length).toBe(1);
    expect(foreignBytes(bytes('# tracer: nop\r\n#\r\n'))).toBeUndefined();
  });

  test('may hold events further down, unless it is known to be something else', () => {
    expect(mayHoldEvents(bytes('Hi,\n\nthis is what I saw:\n'))).toBe(true);
    expect(mayHoldEvents(bytes('[    0.000000] Booting Linux\n[    0.000001] Linux version\n'))).toBe(true);
    expect(mayHoldEvents(bytes('{"a": 1}'))).toBe(false);
    expect(mayHoldEvents(bytes('Hi\0'))).toBe(false);
  });

  test('is a page by its first tag, within 256 bytes', () => {
    expect(
      ['<!doctype HTML>', '\n\t <SVG', '<?xml ', '<html', '<head', '<body', 'x<html', ''].map((t) => isPage(bytes(t))),
    ).toEqual([...[true, true, true, true, true, false, false, false]]);
    expect([248, 252].map((n) => isPage(bytes(`${' '.repeat(n)}<html>`)))).toEqual([true, false]);
  });
});

describe('bytes', () => {
  const isText = (head: string) => !said(head).startsWith('no capture format');

  test('that are no text: a NUL, or more than one of fifty that doesn’t print', () => {
    expect(isText('\0')).toBe(false);
    expect(isText(`${'a'.repeat(1000)}\0`)).toBe(false);
    expect(isText(`${'a'.repeat(49)}\x01`)).toBe(true);
    expect(isText(`${'a'.repeat(48)}\x01`)).toBe(false);
    for (const strange of ['\x01', '\x08', '\x0e', '\x1a', '\x1c', '\x1f', '\x7f'])
      expect(isText(strange), strange).toBe(false);
    for (const usual of ['\t', '\n', '\v', '\f', '\r', '\x1b', ' ', '~', '\x80', '\xff'])
      expect(isText(usual), usual).toBe(true);
    // Beyond ASCII a few bytes of latin1, or UTF-8, whose last character may be cut.
    expect(isText('\xff'.repeat(17))).toBe(false);
    expect(isText('\xc3\xa9'.repeat(17))).toBe(true);
    expect(isText(`${'\xc3\xa9'.repeat(17)}\xc3`)).toBe(true);
    expect(isText('abc\xe9'.repeat(17))).toBe(true);
  });

  test('are shown as hex, eight of them', () => {
    expect(said('\x00\x01\xfe789abcdefg')).toContain(
      'it starts with 00 01 fe 37 38 39 61 62; SPE buffers alone need --raw-spe',
    );
    expect(said('\0')).toContain('starts with 00;');
    expect(said('\0'.repeat(511))).toContain('starts with 00 00');
    expect(said('\0'.repeat(512))).toBe('holds zeros: it was never written, or lost when it was copied');
    expect(said(`${'\0'.repeat(600)}x`)).toContain('starts with 00 00');
  });

  test('of a Perfetto trace: packets of field 1 with their lengths, at least two', () => {
    const packet = (length: number, fill = 0) => {
      const varint = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
      return String.fromCharCode(0x0a, ...varint) + String.fromCharCode(fill).repeat(length);
    };
    const perfetto = (head: string) => said(head).startsWith('is a Perfetto trace');
    expect(perfetto(packet(5) + packet(2) + packet(9))).toBe(true);
    expect(perfetto(packet(5) + packet(2))).toBe(true);
    expect(perfetto(packet(200) + packet(300))).toBe(true);
    // The file is longer than its head.
    expect(perfetto((packet(5) + packet(200)).slice(0, 40))).toBe(true);
    expect(perfetto(packet(5))).toBe(false);
    expect(perfetto(packet(1) + packet(5))).toBe(false);
    expect(perfetto(packet(5) + packet(1))).toBe(false);
    expect(perfetto(`${packet(5)}\x0b${packet(5)}`)).toBe(false);
    expect(perfetto(packet(5) + packet(5) + packet(5) + 'whatever')).toBe(true);
    expect(perfetto(`\x0a\xff\xff\xff\xff\xff\xff\x01${'\0'.repeat(9)}`)).toBe(false);
    // Lines of 32 characters behind a blank.
    expect(perfetto(`\n ${'a'.repeat(32)}\n ${'b'.repeat(32)}`)).toBe(false);
  });
});
