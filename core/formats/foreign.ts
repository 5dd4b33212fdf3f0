/** Files that people mistake for captures: what they are, by their first bytes, and what to do. */

import { latin1Text } from './event-format/text-bytes.ts';

type Magic = readonly [magic: string, what: string, at?: number];

const INSTEAD = 'give the perf.data or trace.dat that it was made of, or text of perf script';

const magics: readonly Magic[] = [
  ['PAR1', `a Parquet table: Umbra writes such exports and imports none; ${INSTEAD}`],
  ['SQLite format 3\0', 'an SQLite database: lab files are given with --db, and others are no captures'],
  ['\xc1\x1f\xfc\xc1', `a CTF trace stream (perf data convert --to-ctf, LTTng), which isn't read; ${INSTEAD}`],
  ['\xc1\xfc\x1f\xc1', `a CTF trace stream (perf data convert --to-ctf, LTTng), which isn't read; ${INSTEAD}`],
  ['\x57\x1d\xd1\x75', `the metadata of a CTF trace, which isn't read; ${INSTEAD}`],
  ['/* CTF ', `the metadata of a CTF trace, which isn't read; ${INSTEAD}`],
  ['\xd4\xc3\xb2\xa1', 'a pcap file of network packets, no capture of a processor'],
  ['\xa1\xb2\xc3\xd4', 'a pcap file of network packets, no capture of a processor'],
  ['\x4d\x3c\xb2\xa1', 'a pcap file of network packets, no capture of a processor'],
  ['\x0a\x0d\x0d\x0a', 'a pcapng file of network packets, no capture of a processor'],
  ['\x7fELF', 'an ELF file (a program, a library, vmlinux or a core dump): `umbra symbols --elf` reads symbols of it'],
  ['%PDF-', 'a PDF: the capture that it reports on is another file'],
  ['\x89PNG', 'a picture (PNG): the text in it must be given as text'],
  ['\xff\xd8\xff', 'a picture (JPEG): the text in it must be given as text'],
  ['\x04\x22\x4d\x18', 'packed with lz4: unpack it with `lz4 -d`'],
  ['7z\xbc\xaf\x27\x1c', 'packed with 7-Zip: unpack it with `7z x`'],
  ['Rar!\x1a\x07', 'packed with RAR: unpack it first'],
  ['\x1f\x9d', 'packed with compress: unpack it with `uncompress`'],
  ['\x89LZO', 'packed with lzop: unpack it with `lzop -d`'],
  ['\x5d\x00\x00', 'packed with lzma: unpack it with `xz -d --format=lzma`'],
  ['PERFFILE', 'a perf.data of perf before Linux 2.6.35: no such perf recorded SPE'],
  ['KDUMP   ', 'a kernel crash dump: no capture'],
  ['version https://git-lfs.github.com/spec/', 'a Git LFS pointer, not the file itself: `git lfs pull` fetches it'],
];

const PAGE = /^\s*(?:<!doctype html|<html|<head|<\?xml|<svg)/i;

/** Whether the head is a web page's. */
export function isPage(head: Uint8Array): boolean {
  return PAGE.test(latin1Text(head.subarray(0, 256)));
}

/** Text whose first lines say what it is; the first that matches. */
const texts: readonly (readonly [pattern: RegExp, what: string])[] = [
  [
    PAGE,
    'HTML or XML, as a page that was saved in the place of a file: download the file itself, or save the page as text',
  ],
  [/^\s*[{[][^]*"linux-perf-json-version"/, `JSON of perf data convert, which isn't read; ${INSTEAD}`],
  [/^\s*[{[][^]*"traceEvents"/, `JSON of Chrome's trace format, which isn't read; ${INSTEAD}`],
  [/^\s*\{[^]*"vms"\s*:/, 'JSON of a VM description: it is given with --vm, beside its trace'],
  [
    /^\s*\{[^]*"(?:policies|scenario|phases)"\s*:/,
    'JSON of policies or a scenario: they are given with --policy-file or --scenario',
  ],
  [
    // `[    0.000000] …` begins a kernel log.
    /^\s*(?:\{\s*["}]|\[\s*(?:[{\]"]|-?\d[\d.eE+-]*\s*(?:,|\]\s*$)))/,
    `JSON, which isn't read; ${INSTEAD}`,
  ],
  [
    /^\s*#? ?perf kvm stat report|^\s*# perf kvm stat|^Analyze events for all VMs/m,
    'a table of `perf kvm stat report`: give the perf.data.guest that it was made of',
  ],
  [
    /^# To display the perf\.data header info|^# Samples: \S+ +of event|^# Overhead /m,
    'a table of `perf report`: give its perf.data, or text of perf script',
  ],
  [/Performance counter stats for/, 'a table of `perf stat`, which holds counts and no samples'],
  [
    /^(?:0x[0-9a-f]+ )*(?:@ )?0x[0-9a-f]+ \[0x[0-9a-f]+\](?: @ \S+)?: (?:PERF_RECORD|event:)|^\. \.\.\. raw event:|^\. \.\.\. ARM SPE data/m,
    'a dump of `perf report -D`: give its perf.data',
  ],
  [/^(?:\[\s*\d+\.\d{6}\] .*\n){2}/, 'a kernel log (dmesg), which holds no trace'],
  [/^capture_id,|^(?:seq,)?t_ns,|^perf_ns,/m, `a CSV that Umbra exported, which isn't imported; ${INSTEAD}`],
  [/^(?:[^\s;]+;)+\S.* \d+\s*$/m, `collapsed stacks (a flame graph's text), which hold no times; ${INSTEAD}`],
  [/^\s*(?:#+ )?Umbra /, 'a report of Umbra: `umbra verify` checks it, and the captures are other files'],
];

/** perf script text without times: a thread, and an event that perf makes of SPE records, or a tracepoint. */
const TIMELESS =
  /^\s*\S.*?\s-?\d+(?:\/-?\d+)?\s+(?:\[-?\d+\]\s+)?(?:\d+\s+)?(?:(?:instructions|memory|branch|branch-miss|l[12]d-\w+|llc-\w+|tlb-\w+|remote-access|arm_spe\S*)(?::\S*)?|\w+:\w{4,}):\s/m;

/** Says what a file is that no reader knows, in words that follow its name; with the first line if it is text. */
export function foreignFile(head: Uint8Array): string {
  const bytes = latin1Text(head);
  const known = magics.find(([magic, , at = 0]) => bytes.startsWith(magic, at));
  if (known) return `is ${known[1]}`;
  if (isPerfetto(head)) return `is a Perfetto trace, which Umbra writes and doesn't read; ${INSTEAD}`;
  if (!isText(head)) {
    const hex = [...head.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
    return (
      `no capture format that Umbra knows (perf.data, trace.dat, ftrace text, perf script, CSV of spe-parser): it starts with ${hex}; ` +
      'SPE buffers alone need --raw-spe'
    );
  }
  const text = texts.find(([pattern]) => pattern.test(bytes));
  if (text) return `is ${text[1]} (it begins ${firstLine(head)})`;
  if (TIMELESS.test(bytes))
    return `is text of perf script without times: print it with \`perf script -F +time\` (it begins ${firstLine(head)})`;
  return (
    `is text, but no line of it is an event with thread, CPU and time, as of ftrace (\`comm-pid [cpu] … time: event: …\`) or ` +
    `perf script (\`comm tid [cpu] time: event: …\`): it begins ${firstLine(head)}`
  );
}

const MAX_QUOTED = 80;

/** The first line that isn't blank, in quotes. */
function firstLine(head: Uint8Array): string {
  const text = new TextDecoder().decode(head);
  const line = (text.split('\n').find((l) => l.trim() !== '') ?? '').trim().replace(/\s+/g, ' ');
  // Escape sequences and the like have no place in a message.
  const plain = line.replace(/[\p{Cc}\p{Cf}\ufffd]/gu, '?');
  return `'${plain.length > MAX_QUOTED ? `${plain.slice(0, MAX_QUOTED)}…` : plain}'`;
}

/** Few control characters, and no NUL. */
function isText(head: Uint8Array): boolean {
  let strange = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if ((byte < 32 && (byte < 9 || byte > 13) && byte !== 27) || byte === 127) strange++;
  }
  return strange <= head.length / 50;
}

/** Packets of one message type follow each other: field 1, with a length. */
function isPerfetto(head: Uint8Array): boolean {
  let at = 0;
  let packets = 0;
  for (; packets < 3 && at < head.length; packets++) {
    if (head[at++] !== 0x0a) return false;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 28 || at >= head.length) return false;
      const byte = head[at++];
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    if (length < 2) return false;
    at += length;
  }
  return packets > 1 && !isText(head.subarray(0, 64));
}
