import { existsSync, rmSync } from 'node:fs';
import { isatty } from 'node:tty';
import { createJobs } from '../../host/job-runner.ts';
import { RequestError } from '../../lab/about.ts';
import { rememberBoard } from '../../lab/board/boards.ts';
import { tarBeside, withRecording } from '../../lab/board/captured.ts';
import { checkBoard } from '../../lab/board/check.ts';
import { recordFromBoard } from '../../lab/board/record.ts';
import type { RecordRequest } from '../../lab/board/record.ts';
import { kitScript } from '../../lab/board/ssh.ts';
import { importTar, replayTar } from '../../lab/board/imported.ts';
import type { ImportedTar } from '../../lab/board/imported.ts';
import { checkLab } from '../../lab/service/service.ts';
import { MAX_MIB, MAX_SECONDS } from '../../contract/board.ts';
import type { BoardCheck, RecordProgress } from '../../contract/board.ts';
import type { Job } from '../../contract/jobs.ts';
import type { Args, Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { count, counted, duration, warningLine } from '../format.ts';
import type { Output } from '../output.ts';
import { textTable } from '../table.ts';

export const command: Command = {
  operands: '[USER@]HOST [-- COMMAND…]',
  arity: [0, Infinity],
  options: {
    check: { type: 'boolean', help: 'record nothing: say what the board has, what it lacks, and what to do' },
    db: { type: 'string', value: 'LAB', help: 'import into this lab file, made if missing' },
    output: { type: 'string', short: 'o', value: 'FILE.tar', help: 'keep the recording itself' },
    from: { type: 'string', value: 'TAR', help: 'record nothing: import such a file again' },
    replay: { type: 'boolean', help: 'then replay the pair under all policies' },
    guest: { type: 'string', value: '[USER@]HOST', help: 'SPE in this guest, KVM’s events on HOST, at the same time' },
    direct: { type: 'boolean', help: 'reach the guest from here instead of through HOST (ProxyJump)' },
    sudo: { type: 'boolean', help: 'run the script under sudo -n' },
    time: {
      type: 'string',
      short: 't',
      value: 'SECONDS',
      help: 'longest recording (10 s); ends earlier if COMMAND does',
    },
    size: { type: 'string', short: 's', value: 'MIB', help: 'most MiB of each recording (512)' },
    'page-tables': { type: 'boolean', short: 'p', help: 'trace KVM’s page-table calls, too: exact, but slower faults' },
    period: { type: 'string', short: 'c', value: 'N', help: 'SPE: operations between samples' },
    ring: { type: 'string', short: 'b', value: 'KIB', help: 'ring buffer of a CPU for KVM’s events (8192)' },
    aux: { type: 'string', short: 'a', value: 'MIB', help: 'AUX buffer of a CPU for SPE (perf’s own size)' },
    vmm: { type: 'string', short: 'P', value: 'PID', help: 'the VMM on the board, if there are several' },
    strace: {
      type: 'string',
      short: 'l',
      value: 'FILE',
      help: 'memslots: strace’s log of the VMM’s start, on the board',
    },
    monitor: { type: 'string', short: 'm', value: 'SOCKET|HOST:PORT', help: 'memslots: QEMU’s monitor, on the board' },
    'monitor-text': {
      type: 'string',
      short: 'M',
      value: 'FILE',
      help: 'memslots: what the monitor said, on the board',
    },
    'no-spe': { type: 'boolean', short: 'S', help: 'KVM’s events only' },
    'no-kvm': { type: 'boolean', short: 'K', help: 'SPE only' },
    folder: { type: 'string', short: 'd', value: 'DIR', help: 'where the board keeps the recording until it is sent' },
  },
  details:
    'HOST is what ssh takes: a name from ~/.ssh/config, with its user, port, jump hosts and keys. The board needs a POSIX shell\n' +
    'and perf or trace-cmd; the kit’s script goes there through stdin, and nothing stays. Ctrl-C ends the recording and keeps it;\n' +
    'a second one gives it up. Paths are the board’s, but for LAB and TAR.',
  async run(args, out) {
    if (args.flag('check')) return check(args, out);
    const lab = args.text('db');
    const from = args.text('from');
    if (from !== undefined) {
      if (args.operands.length) throw new UsageError('--from records nothing: leave HOST out');
      if (lab === undefined) throw new UsageError('--from needs --db LAB');
      return intoLab(args, out, lab, (use) => use(from, from));
    }
    const kept = args.text('output');
    if (lab === undefined && kept === undefined) throw new UsageError('--db LAB or -o FILE.tar is missing');
    if (kept !== undefined && existsSync(kept)) throw new RequestError(`${kept} is there already`);
    const request = readRequest(args);
    const tar = kept ?? tarBeside(lab!, request.host);
    const facts = await record(request, tar, out);
    rememberBoard(request.host);
    if (kept !== undefined && !args.flag('json')) out.write(`${kept}\n`);
    if (lab === undefined) return args.flag('json') ? out.json({ tar, board: facts }) : undefined;
    await intoLab(args, out, lab, (use) => withRecording(tar, kept !== undefined, use));
  },
};

function readRequest(args: Args): RecordRequest {
  const [host, ...words] = args.operands;
  if (host === undefined) throw new UsageError('[USER@]HOST is missing');
  const dashes = args.argv.indexOf('--');
  if (words.length && dashes < 0) throw new UsageError(`'${words[0]}': a command to run comes after --`);
  const whole = (name: string, most: number) => args.integer(name, 1, most);
  const given = {
    guest: args.text('guest'),
    period: whole('period', 2 ** 31),
    ringKib: whole('ring', 1 << 20),
    auxMib: whole('aux', 1024),
    vmm: whole('vmm', 2 ** 22),
    straceLog: args.text('strace'),
    monitor: args.text('monitor'),
    monitorText: args.text('monitor-text'),
    folder: args.text('folder'),
  };
  return {
    host,
    seconds: whole('time', MAX_SECONDS) ?? 10,
    mib: whole('size', MAX_MIB) ?? 512,
    command: words,
    direct: args.flag('direct'),
    sudo: args.flag('sudo'),
    pageTables: args.flag('page-tables'),
    noSpe: args.flag('no-spe'),
    noKvm: args.flag('no-kvm'),
    terminal: isatty(0) && isatty(2),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

async function record(request: RecordRequest, tar: string, out: Output) {
  out.note(
    `script ${kitScript().sha256.slice(0, 16)}… on ${request.host}${request.guest ? ` and ${request.guest}` : ''}`,
  );
  const recorder = recordFromBoard(request, tar, {
    onProgress: (p) => out.progress(progressLine(p)),
    onSaid: (host, text) => text && out.note(`${host}: ${text}`),
  });
  let asked = 0;
  const end = () => {
    if (++asked > 1) return recorder.abort();
    out.note('stopping: what was recorded is kept (once more gives it up)');
    recorder.stop();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, end);
  process.once('SIGHUP', recorder.abort);
  try {
    return await recorder.done;
  } finally {
    for (const signal of signals) process.off(signal, end);
    process.off('SIGHUP', recorder.abort);
  }
}

function progressLine(p: RecordProgress) {
  if (p.state === 'sending' || p.state === 'sent')
    return { phase: 'receiving', done: p.received, total: Math.max(p.received, p.bytes), unit: 'bytes' } as const;
  const parts = [
    p.state,
    ...(p.state === 'recording' ? [`${p.seconds} of ${p.total} s`] : []),
    ...(p.bytes ? [`${(p.bytes / 1e6).toPrecision(3)} MB`] : []),
    ...(p.events === undefined
      ? []
      : [
          `${counted(p.events, 'event')}, ${count(Math.round(p.events / Math.max(1, p.seconds)))}/s`,
          `${count(p.lost ?? 0)} lost`,
        ]),
  ];
  return { phase: parts.join(' · '), done: 0, unit: 'steps' } as const;
}

type Use = (path: string, name: string) => Promise<ImportedTar>;

/** @param recorded hands a tar to the import */
async function intoLab(
  args: Args,
  out: Output,
  lab: string,
  recorded: (use: Use) => Promise<ImportedTar>,
): Promise<void> {
  const isNew = !existsSync(lab);
  checkLab(lab, true);
  const jobs = createJobs(lab);
  const controller = new AbortController();
  const cancel = () => controller.abort();
  const run = (job: Job) =>
    jobs.run(job, {
      signal: controller.signal,
      progress: ({ phase, done, total, unit }) =>
        out.progress({ phase, done, total, unit: unit === 'bytes' ? 'bytes' : 'steps' }),
    });
  process.on('SIGINT', cancel);
  try {
    let done: ImportedTar;
    try {
      done = await recorded((path, name) => importTar({ path, name }, lab, run));
    } catch (error) {
      if (isNew) rmSync(lab, { force: true });
      throw error;
    }
    if (args.flag('json')) return out.json(args.flag('replay') ? await replayTar(done, run) : done);
    printImported(out, done);
    if (!args.flag('replay')) return;
    const { run: made } = await replayTar(done, run);
    out.write(`run ${made}: \`umbra report --db ${lab} --run ${made} -o report.html\`\n`);
  } finally {
    process.off('SIGINT', cancel);
    jobs.close();
  }
}

function printImported(out: Output, { captures, clocks }: ImportedTar): void {
  for (const c of captures) {
    const span = c.t0 === undefined || c.t1 === undefined ? 'unknown time' : duration(c.t1 - c.t0);
    const what = c.kind === 'spe' ? `${counted(c.samples, 'SPE record')}` : `${counted(c.events, 'event')}`;
    out.write(`${c.id}  ${c.kind}  ${c.name}: ${what} over ${span} on CPU ${c.cpus.join(', ') || '?'} (${c.format})\n`);
    for (const w of c.warnings) out.write(`   ${warningLine(w)}\n`);
  }
  if (clocks) out.write(`clocks: ${clocks.words}\n`);
}

async function check(args: Args, out: Output): Promise<void> {
  const { host, guest, direct, sudo, terminal } = readRequest(args);
  const checks: BoardCheck[] = [await checkBoard({ host, sudo, terminal })];
  if (guest !== undefined)
    checks.push(await checkBoard({ host: guest, sudo, terminal, ...(!direct && { jump: host }) }));
  rememberBoard(host);
  if (args.flag('json')) out.json({ checks });
  else for (const c of checks) printCheck(out, c);
  const bad = checks.filter((c) => !c.usable).map((c) => c.host);
  out.flush();
  if (bad.length) throw new RequestError(`${bad.join(' and ')}: nothing can be recorded there`);
}

const marks = { ok: 'ok', missing: 'MISSING', note: 'note' } as const;

function printCheck(out: Output, { host, script, items }: BoardCheck): void {
  out.write(`${host} (script ${script.slice(0, 16)}…)\n`);
  out.write(
    textTable(
      ['what', '', 'found'],
      items.map((i) => [i.name, marks[i.state], i.text]),
      'lll',
    ),
  );
  for (const i of items) if (i.todo) out.write(`  ${i.name}: ${i.todo}\n`);
}
