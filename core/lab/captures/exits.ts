/**
 * Why vCPUs left the guest, and how long they were in the host each time: from kvm_exit to the same thread's next kvm_entry, like
 * `perf kvm stat report` (tools/perf/arch/arm64/util/kvm-stat.c: a TRAP counts under its exception class).
 *
 * Reasons are named by the trace's own description of kvm_exit: the numbers of `ret` have changed their meaning between kernels.
 */
import { quantile } from '../../analysis/numbers.ts';
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { fieldNames } from '../../formats/event-format/field-names.ts';
import { fieldReader } from '../../formats/event-format/field-reader.ts';
import type { EventFormat } from '../../formats/event-format/format.ts';
import { byteText } from '../../formats/event-format/text-bytes.ts';
import { plainName } from '../../formats/event-format/vendor-names.ts';
import type { Trace } from '../../formats/event-format/trace-file.ts';
import { getCapture } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readLab } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import type { ExitRow, Exits } from '../../contract/timeline.ts';
import { storedTrace } from './stored-trace.ts';

/** @throws LabFileError (no such trace), RequestError (it holds no kvm_exit) */
export function exitsInLab(lab: string, kvm: number): Exits {
  return readLab(lab, (db) => exits(db, kvm));
}

/** @param part the exits that begin in it, ns after the trace's first event; all if left out */
export function exits(db: Db, kvm: number, part?: { readonly start: number; readonly end: number }): Exits {
  const capture = getCapture(db, kvm, 'kvm');
  const { t0 = 0n } = capture;
  const within = part && { start: t0 + BigInt(part.start), end: t0 + BigInt(part.end) };
  const counted = countExits(storedTrace(db, capture), within);
  if (!counted.exits && !part)
    throw new RequestError(`${capture.name}: no kvm_exit in it; record with \`-e kvm:kvm_exit -e kvm:kvm_entry\``);
  return counted;
}

/** An exit not followed by an entry yet. */
interface Open {
  readonly reason: string;
  readonly t: bigint;
  readonly cpu: number;
  toUser: boolean;
}

interface Tally {
  count: number;
  toUser: number;
  /** ns in the host. */
  readonly times: number[];
}

/** Counts the exits of a trace. @param part those that begin in it, ns of the trace's clock */
export function countExits(trace: Trace, part?: { readonly start: bigint; readonly end: bigint }): Exits {
  const tallies = new Map<string, Tally>();
  const open = new Map<number, Open>();
  const formats = trace.dictionary.formats;
  const reasons = new Map<number, (batch: TraceColumns, i: number) => string>();
  trace.read(new TraceColumns(), (batch) => {
    for (let i = 0; i < batch.n; i++) {
      // The entry may be among the lost events: such an exit's duration is unknown.
      if (batch.lostBefore[i]) for (const [tid, { cpu }] of open) if (cpu === batch.cpu[i]) open.delete(tid);
      const tid = batch.tid[i];
      const event = batch.event[i];
      switch (plainName(formats[event].name)) {
        case 'kvm_exit': {
          if (part && (batch.t[i] < part.start || batch.t[i] >= part.end)) {
            open.delete(tid);
            break;
          }
          let reasonOf = reasons.get(event);
          if (!reasonOf) reasons.set(event, (reasonOf = reasonReader(formats[event])));
          const reason = reasonOf(batch, i);
          let tally = tallies.get(reason);
          if (!tally) tallies.set(reason, (tally = { count: 0, toUser: 0, times: [] }));
          tally.count++;
          open.set(tid, { reason, t: batch.t[i], cpu: batch.cpu[i], toUser: false });
          break;
        }
        case 'kvm_userspace_exit': {
          const exit = open.get(tid);
          if (exit) exit.toUser = true;
          break;
        }
        case 'kvm_entry': {
          const exit = open.get(tid);
          if (!exit) break;
          open.delete(tid);
          const tally = tallies.get(exit.reason)!;
          tally.times.push(Number(batch.t[i] - exit.t));
          if (exit.toUser) tally.toUser++;
        }
      }
    }
  });
  const rows = [...tallies].map(([reason, tally]) => rowOf(reason, tally)).sort((a, b) => b.totalNs - a.totalNs);
  return {
    rows,
    exits: rows.reduce((sum, r) => sum + r.count, 0),
    totalNs: rows.reduce((sum, r) => sum + r.totalNs, 0),
  };
}

function rowOf(reason: string, { count, toUser, times }: Tally): ExitRow {
  const sorted = Float64Array.from(times).sort();
  const timed = sorted.length;
  return {
    ...{ reason, count, timed, toUser, totalNs: sorted.reduce((sum, t) => sum + t, 0) },
    ...(timed && { p50Ns: quantile(sorted, 0.5), p99Ns: quantile(sorted, 0.99), maxNs: sorted[timed - 1] }),
  };
}

/** Names the reason of one event. */
function reasonReader(format: EventFormat): (batch: TraceColumns, i: number) => string {
  const [ret, ec] = [fieldReader(format, 'ret'), fieldReader(format, 'esr_ec')];
  if (!format.fields.length) return textReason;
  const [codes, classes] = [fieldNames(format, 'ret'), fieldNames(format, 'esr_ec')];
  return (batch, i) => {
    const code = ret?.u32(batch, i) ?? 0;
    const name = ret ? (codes.get(code) ?? hex(code)) : TRAP;
    if (name !== TRAP || !ec) return name;
    const exceptionClass = ec.u32(batch, i);
    return classes.get(exceptionClass) ?? hex(exceptionClass);
  };
}

const TRAP = 'TRAP';

/** `TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: …`; kernels from 5.14 on say ESR_EC. */
function textReason(batch: TraceColumns, i: number): string {
  const text = byteText(batch.payload, batch.start[i], batch.start[i + 1]);
  const [, name, exceptionClass] = /^\s*(\w+): (?:vcpu: \d+,? )?[HE]SR_EC: 0x\w+ \((\w*)\)/.exec(text) ?? [];
  if (name === undefined) return rawReason(text);
  return name === TRAP ? exceptionClass : name;
}

/** `ret=2 esr_ec=0x0024 …`, which names neither; exits other than traps have no class. */
function rawReason(text: string): string {
  const [, ret, exceptionClass] = /\bret=(\w+).* esr_ec=(\w+)/.exec(text) ?? [];
  if (ret === undefined) return 'unknown';
  const ec = Number(exceptionClass);
  return ec ? `class ${hex(ec)}` : `ret ${ret}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
