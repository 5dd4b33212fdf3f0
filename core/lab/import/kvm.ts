/** A KVM trace into the lab file. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import type { TraceDictionary } from '../../formats/event-format/columns.ts';
import { byteText } from '../../formats/event-format/text-bytes.ts';
import type { TraceFile } from '../../formats/event-format/trace-file.ts';
import { InputError } from '../../formats/problems.ts';
import type { Warnings } from '../../formats/problems.ts';
import { warnOfLeap } from '../../formats/time-leaps.ts';
import type { Db } from '../../store/lab-file.ts';
import { addDictionary, traceWriter } from '../../store/trace-store.ts';
import type { Imported } from './imported.ts';
import { KeptEvents, storedAgain } from '../captures/kept-events.ts';
import type { ReadTrace } from '../captures/trace-levels.ts';
import { releaseColumns } from './trace-batch.ts';
import type { TraceCounts } from './trace-counts.ts';
import { TraceThread } from './trace-thread.ts';

/** Machines of KVM traces, by their kvm_exit. The model's stage 2 is arm64's. */
const foreign: readonly (readonly [machine: string, field: string, text: RegExp])[] = [
  ['x86', 'guest_rip', /\brip:? +(?:0x)?[0-9a-f]{4}/],
  ['RISC-V', 'scause', /\bSCAUSE:/],
];

/** Events checked to identify a machine: the first kvm_entry may not show it. */
const SHOWING = 8;

/** Looks at a trace's events until they have shown its machine. */
class MachineCheck {
  readonly #file: string;
  readonly #formats: TraceDictionary['formats'];
  readonly #shown = new Uint8Array(1 << 16);
  #done = false;

  constructor(file: string, { formats }: TraceDictionary) {
    this.#file = file;
    this.#formats = formats;
  }

  /** Throws InputError if it isn't arm64. */
  take(batch: TraceColumns): void {
    for (let i = 0; i < batch.n && !this.#done; i++) {
      const event = batch.event[i];
      if (this.#shown[event] < SHOWING) this.#look(batch, i, ++this.#shown[event]);
    }
  }

  #look(batch: TraceColumns, i: number, times: number): void {
    const { name, fields } = this.#formats[batch.event[i]];
    if (name.startsWith('kvm_s390_')) throw foreignMachine(this.#file, 's390');
    if (!/^kvm_(?:entry|exit|page_fault)$/.test(name)) return;
    const text = fields.length ? '' : byteText(batch.payload, batch.start[i], batch.start[i + 1]);
    for (const [machine, field, pattern] of foreign) {
      const shows = fields.length ? fields.some((f) => f.name === field) : pattern.test(text);
      if (shows) throw foreignMachine(this.#file, machine);
    }
    this.#done = name === 'kvm_exit' && times === SHOWING;
  }
}

function foreignMachine(file: string, machine: string): InputError {
  const message = `a KVM trace of ${machine}: its stage 2 (EPT, NPT, G-stage) is not arm64's, the only one that Umbra knows`;
  return new InputError(file, message);
}

/**
 * Writes all events of `trace` as capture `id`, and returns those that the model reads. Throws InputError without any, or any of KVM's.
 * @param file its name, and bytes
 */
export function importTrace(
  db: Db,
  id: number,
  { name: file, size }: { readonly name: string; readonly size: number },
  trace: TraceFile,
  warnings: Warnings,
  onRecords: (records: number) => void,
): Imported & { readonly read: ReadTrace } {
  if (!trace.facts.nanoseconds) {
    const clock = trace.facts.clock
      ? `of trace clock ${trace.facts.clock}`
      : 'whole numbers, so of trace clock counter, uptime or x86-tsc';
    const message = `its times are ${clock}, which doesn't count ns: record with trace_clock local, global, mono or boot`;
    throw new InputError(file, message);
  }
  const kept = new KeptEvents(trace.dictionary, storedAgain(db, id));
  const columns = new TraceColumns();
  const machine = new MachineCheck(file, trace.dictionary);
  let events = 0;
  let t0: bigint | undefined;
  let t1: bigint | undefined;
  const { write } = traceWriter(db, id);
  const thread = new TraceThread(trace.dictionary, size / bytesOfEvent(trace), (made) => {
    write(made.chunk);
    kept.add(made.events);
  });
  let counts: TraceCounts;
  try {
    trace.read(columns, take);
    const rest = thread.rest();
    kept.keep(rest.events);
    counts = rest.counts;
  } catch (error) {
    thread.close();
    throw error;
  } finally {
    releaseColumns(columns);
  }
  function take(batch: TraceColumns): void {
    const { n, t } = batch;
    machine.take(batch);
    events += n;
    t0 ??= t[0];
    t1 = t[n - 1];
    thread.put(batch);
    onRecords(n);
  }
  // Readers of text know the place, and have told of it.
  if (counts.leaps && trace.facts.eventFormats) warnOfLeap(warnings, { count: counts.leaps, t0: counts.leapAt });
  const { formats, comms } = trace.dictionary;
  if (!events)
    throw new InputError(file, trace.emptyBecause?.() ?? 'holds no events: was tracing on while it was recorded?');
  if (!formats.some((f, i) => counts.events[i] && isKvmEvent(f.system, f.name))) {
    const isReference = formats.some((f) => f.name === 's2_map');
    const instead = isReference
      ? "these are the kernel's own page-table calls, which `umbra stage2 --reference` reads"
      : 'record with `trace-cmd record -e kvm`';
    throw new InputError(file, `holds ${events} events, but none of KVM's: ${instead}`);
  }
  const stored = formats.map((f, i) => ({
    system: f.system,
    name: f.name,
    description: f.text,
    events: counts.events[i],
  }));
  addDictionary(db, id, stored, comms);
  const eventCounts = stored.filter((f) => f.events).sort((a, b) => b.events - a.events);
  return {
    read: { events: kept, levels: () => thread.levels() },
    records: events,
    t0,
    t1,
    clock: trace.facts.clock,
    facts: {
      ...trace.facts,
      cpuList: counts.cpus,
      events: Object.fromEntries(eventCounts.map((f) => [f.system ? `${f.system}:${f.name}` : f.name, f.events])),
    },
  };
}

/** Roughly: a line of text, or a record of a few fields that may be compressed. */
function bytesOfEvent({ facts }: TraceFile): number {
  return facts.eventFormats ? 8 : 140;
}

/** Text logs don't name the system. */
function isKvmEvent(system: string, name: string): boolean {
  return system === 'kvm' || /^(kvm|vgic)_/.test(name);
}
