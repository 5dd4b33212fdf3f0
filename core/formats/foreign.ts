/** Files that people mistake for captures: what they are, by their first bytes, and what to do. */

import { isUtf8, latin1Text } from './event-format/text-bytes.ts';

type Magic = readonly [magic: string, what: string, at?: number];

const REPORT = 'a report of Umbra: `umbra report --verify` checks it, and the captures are other files';
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
  ['!<arch>\n', 'an archive of ar, or a Debian package: unpack it with `ar x`'],
  ['070701', 'an archive of cpio: unpack it with `cpio -id`'],
  ['070702', 'an archive of cpio: unpack it with `cpio -id`'],
  ['070707', 'an archive of cpio: unpack it with `cpio -id`'],
  ['\xc7\x71', 'an archive of cpio: unpack it with `cpio -id`'],
  ['\xed\xab\xee\xdb', 'an RPM package: unpack it with `rpm2cpio`'],
  ['MSCF', 'a cabinet file: unpack it with `cabextract`'],
  ['LZIP', 'packed with lzip: unpack it with `lzip -d`'],
  ['\x02\x21\x4c\x18', 'packed with lz4, in its old format: unpack it with `lz4 -d`'],
  ['\x78\x01', 'packed with zlib, without a header of gzip: unpack it with `pigz -d`'],
  ['\x78\x9c', 'packed with zlib, without a header of gzip: unpack it with `pigz -d`'],
  ['\x78\xda', 'packed with zlib, without a header of gzip: unpack it with `pigz -d`'],
  ['PK\x05\x06', 'an empty zip'],
  ['PK\x07\x08', 'the first piece of a split zip: `zip -s 0 FILE.zip --out whole.zip` joins them'],
  ['GIF8', 'a picture (GIF): the text in it must be given as text'],
  ['RIFF', 'a picture or a recording (RIFF): the text in it must be given as text'],
  ['ftyp', 'a picture or a video: the text in it must be given as text', 4],
  ['\xd0\xcf\x11\xe0', 'a document of Microsoft Office: save what is in it as text'],
  ['{\\rtf', 'a document in RTF: save it as text'],
  ['SIMPLEPERF', `a profile of Android's simpleperf, which isn't read; ${INSTEAD}`],
  ['makedumpfile', 'a kernel crash dump: no capture'],
  ['\x0a\x04\x08\x01\x10\x02', `a profile for pprof: Umbra writes such exports and imports none; ${INSTEAD}`],
  ['PERFFILE', 'a perf.data of perf before Linux 2.6.35: no such perf recorded SPE'],
  ['KDUMP   ', 'a kernel crash dump: no capture'],
  ['version https://git-lfs.github.com/spec/', 'a Git LFS pointer, not the file itself: `git lfs pull` fetches it'],
];

const PAGE = /^\s*(?:<!--[^]*?-->\s*)*(?:<!doctype html|<html|<head|<\?xml|<svg)/i;
const GENERATOR = /<meta name="generator" content="Umbra /;

/** What a file is by its first bytes, in words that follow its name; undefined if they say nothing. Checked before a file is read as text. */
export function foreignBytes(head: Uint8Array): string | undefined {
  const bytes = latin1Text(head.subarray(0, 4096));
  const known = magics.find(([magic, , at = 0]) => bytes.startsWith(magic, at));
  if (known) return `is ${known[1]}`;
  if (head.includes(CR) && !head.includes(LF) && isText(head)) {
    return "has lines that end in CR alone, as on old Macs: `tr '\\r' '\\n'` makes them usual ones";
  }
  if (head.length >= ZEROS && head.every((byte) => byte === 0))
    return 'holds zeros: it was never written, or lost when it was copied';
  return undefined;
}

const CR = 13;
const LF = 10;
/** So many zeros begin no file. */
const ZEROS = 512;

/** Whether the head is a web page's. */
export function isPage(head: Uint8Array): boolean {
  return PAGE.test(latin1Text(head.subarray(0, 256)));
}

/** Text whose first lines say what it is; the first that matches. */
const texts: readonly (readonly [pattern: RegExp, what: string])[] = [
  [GENERATOR, REPORT],
  [
    PAGE,
    'HTML or XML, as a page that was saved in the place of a file: download the file itself, or save the page as text',
  ],
  [/^\s*[{[][^]*"linux-perf-json-version"/, `JSON of perf data convert, which isn't read; ${INSTEAD}`],
  [/^\s*[{[][^]*"traceEvents"/, `JSON of Chrome's trace format, which isn't read; ${INSTEAD}`],
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
    /^(?:0x[0-9a-f]+ )*(?:@ )?0x[0-9a-f]+ \[0x[0-9a-f]+\](?: @ \S+)?: (?:PERF_RECORD|event:)|^\. \.\.\. raw event:|^\. \.\.\. [\w ]+ data: size 0x/m,
    'a dump of `perf report -D`: give its perf.data',
  ],
  [
    /^\s*\d+\.\d{3} \(\s*(?:\d+\.\d{3} ms)?\s*\): /m,
    'output of `perf trace`, which gives no CPU and few fields: record with `perf record -e kvm:* -a`, or trace-cmd',
  ],
  [
    /^Attaching \d+ probes?\.\.\./m,
    'output of bpftrace, laid out as its script likes: record with `trace-cmd record -e kvm`',
  ],
  [
    /^(?:\d+ +)?(?:\d\d:\d\d:\d\d(?:\.\d+)? |\d+\.\d+ )?\w+\(.*\) += -?(?:\d|0x)/m,
    "a log of strace, which sees none of KVM's events",
  ],
  [/^kvm statistics/, 'output of kvm_stat, which counts events and tells no times'],
  [/^# event histogram/m, 'an event histogram of ftrace, which counts events and tells no times'],
  [/^name: \w+\nID: \d+\nformat:/, 'a description of an event (events/…/format): the trace is another file'],
  [/^[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps] /m, 'a map of memory (/proc/PID/maps), which holds no events'],
  [/^begin(?:-base64)? [0-7]{3,4} \S/m, 'uuencoded: unpack it with `uudecode`'],
  [/^(?:[A-Za-z0-9+/]{60,76}\r?\n){3}/, 'base64: unpack it with `base64 -d`'],
  [/^(?:\w+,)*(?:capture_id|\w+_ns),/m, `a CSV that Umbra exported, which isn't imported; ${INSTEAD}`],
  [/^(?:[^\s;]+;)+\S.* \d+\s*$/m, `collapsed stacks (a flame graph's text), which hold no times; ${INSTEAD}`],
  [/^\s*(?:#+ )?Umbra |^# What each KVM fault policy would do/, REPORT],
];

/** Text that may hold a trace further down; if it does, it isn't asked what it is. */
const logs: typeof texts = [
  [
    /^(?:[0-9a-f]{8,16} [A-Za-z] \S+(?:\t\[\w+\])?\n){2}/,
    'a list of symbols (kallsyms, System.map): `umbra symbols --kallsyms` reads it',
  ],
  [
    /^(?:[0-9a-f]{8,16} .*\n){2}/,
    'a list of addresses, as trace-cmd report -f and -P print: give the report without these',
  ],
  [
    /^(?:(?:<\d+>)?\[[ \d]+\.\d{6}\].*\r?\n){2}|^(?:\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] .*\r?\n){2}/,
    'a kernel log (dmesg), which holds no trace',
  ],
  [
    /^(?:-- .* --\r?\n)?(?:(?:\w{3} [ \d]\d|\d{4}-\d\d-\d\d)[T ]\d\d:\d\d:\d\d\S* .*\r?\n){2}/,
    'a log (syslog, journalctl), which holds no trace',
  ],
  [/^(?:From \S+ .*\r?\n)?(?:[A-Z][\w-]*: .*\r?\n(?:[ \t].*\r?\n)*){2,}\r?\n/, 'a mail without a trace in it'],
];

/** JSON by its own names. */
const objects: readonly (readonly [name: string, what: string])[] = [
  ['vms', 'JSON of a VM description: it is given with --vm, beside its trace'],
  ['onFault', 'JSON of a policy: it is given with --policy-file'],
  ['about', `JSON about a capture, which is another file`],
  ['events', 'JSON of a scenario: it is given with --scenario'],
];

/** By the names in an object, or in a list's first. */
function objectKind(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  let names: readonly string[];
  try {
    const value: unknown = JSON.parse(text);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    names = typeof first === 'object' && first !== null ? Object.keys(first) : [];
  } catch {
    // Cut off at the head's end, or no JSON: the first name must do.
    names = /^\s*\[?\s*\{\s*"(\w+)"\s*:/.exec(text)?.slice(1) ?? [];
  }
  return objects.find(([name]) => names.includes(name))?.[1];
}

/** perf script text without times: a thread, and an event that perf makes of SPE records, or a tracepoint. */
const TIMELESS =
  /^\s*\S.*?\s-?\d+(?:\/-?\d+)?\s+(?:\[-?\d+\]\s+)?(?:\d+\s+)?(?:(?:instructions|memory|branch|branch-miss|l[12]d-\w+|llc-\w+|tlb-\w+|remote-access|arm_spe\S*)(?::\S*)?|\w+:\w{4,}):\s/m;

/** perf script text whose lines name no event that a capture of SPE or KVM has. */
const UNNAMED = /^\s*\S.*?\s-?\d+(?:\/-?\d+)?\s+(?:\[-?\d+\]\s+)?\d+\.\d{6,9}: /m;
const COUNTED = /^\s*\S.*?\s\d+\s+(?:\[\d+\]\s+)?\d+\.\d{6,9}:\s+\d+ ([\w-]+)(?::\w*)?:\s/m;

/**
 * Says what a file is that no reader knows, in words that follow its name; with the first line if it is text.
 * @param head its first bytes; a text's lines further down hold no event either
 */
export function foreignFile(head: Uint8Array): string {
  const bytes = latin1Text(head);
  const known = foreignBytes(head);
  if (known !== undefined) return known;
  if (isPerfetto(head)) return `is a Perfetto trace, which Umbra writes and doesn't read; ${INSTEAD}`;
  if (!isText(head)) {
    const hex = [...head.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
    return (
      `no capture format that Umbra knows (perf.data, trace.dat, ftrace text, perf script, CSV of spe-parser): it starts with ${hex}; ` +
      'SPE buffers alone need --raw-spe'
    );
  }
  if (!/\S/.test(bytes)) return 'holds blank lines only';
  const begins = `it begins ${firstLine(head)}`;
  const what = objectKind(bytes) ?? [...texts, ...logs].find(([pattern]) => pattern.test(bytes))?.[1];
  if (what !== undefined) return `is ${what} (${begins})`;
  if (TIMELESS.test(bytes))
    return `is text of perf script without times: print it with \`perf script -F +time\`, or give its perf.data (${begins})`;
  const counted = COUNTED.exec(bytes)?.[1];
  if (counted !== undefined)
    return `is text of perf script, of samples of ${counted}, not of SPE or of KVM's events: record these with \`perf record -e arm_spe_0//\` or \`-e kvm:*\` (${begins})`;
  if (UNNAMED.test(bytes))
    return `is text of perf script whose lines name no event of SPE or KVM: print it with \`perf script -F +event\` (${begins})`;
  return (
    `is text, but no line of it is an event with thread, CPU and time, as of ftrace (\`comm-pid [cpu] … time: event: …\`) or ` +
    `perf script (\`comm tid [cpu] time: event: …\`): ${begins}`
  );
}

/** Whether events may come further down in a file that begins so: text that isn't known to be something else. */
export function mayHoldEvents(head: Uint8Array): boolean {
  const bytes = latin1Text(head);
  return isText(head) && !texts.some(([pattern]) => pattern.test(bytes));
}

const MAX_QUOTED = 80;

/** The first line that isn't blank, in quotes. */
function firstLine(head: Uint8Array): string {
  const text = new TextDecoder().decode(head);
  return quotedLine(text.split('\n').find((l) => l.trim() !== '') ?? '');
}

/** A line of a file as messages show it. */
export function quotedLine(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  // Escape sequences and the like have no place in a message.
  const plain = line.replace(/[\p{Cc}\p{Cf}\ufffd]/gu, '?');
  return `'${plain.length > MAX_QUOTED ? `${plain.slice(0, MAX_QUOTED)}…` : plain}'`;
}

/** Text in latin1 has fewer bytes beyond ASCII. */
const MANY_HIGH = 16;

/** Few control characters, and no NUL; few bytes beyond ASCII, unless they are UTF-8. */
function isText(head: Uint8Array): boolean {
  let strange = 0;
  let high = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if ((byte < 32 && (byte < 9 || byte > 13) && byte !== 27) || byte === 127) strange++;
    if (byte > 127) high++;
  }
  if (high > MANY_HIGH && high > head.length / 4 && !isUtf8(head)) return false;
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
