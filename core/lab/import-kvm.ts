/** A KVM trace into the lab file. */
import { TraceColumns } from '../formats/event-format/columns.ts';
import type { TraceFile } from '../formats/event-format/trace-file.ts';
import { InputError } from '../formats/problems.ts';
import type { Db } from '../store/lab-file.ts';
import { addDictionary, traceWriter } from '../store/trace-store.ts';
import type { Imported } from './import.ts';

/** Writes all events of `trace` as capture `id`. Throws InputError when it holds none, or none of KVM's. */
export function importTrace(
  db: Db,
  id: number,
  file: string,
  trace: TraceFile,
  onRecords: (records: number) => void,
): Imported {
  const columns = new TraceColumns();
  const writer = traceWriter(db, id);
  const counts: number[] = [];
  const cpus = new Set<number>();
  let events = 0;
  let t0: bigint | undefined;
  let t1: bigint | undefined;
  trace.read(columns, (batch) => {
    for (let i = 0; i < batch.n; i++) {
      const event = batch.event[i];
      counts[event] = (counts[event] ?? 0) + 1;
      cpus.add(batch.cpu[i]);
    }
    writer.write(batch);
    onRecords(batch.n);
    events += batch.n;
    t0 ??= batch.t[0];
    t1 = batch.t[batch.n - 1];
  });
  const { formats, comms } = trace.dictionary;
  if (!events) throw new InputError(file, 'holds no events: was tracing on while it was recorded?');
  if (!formats.some((f, i) => counts[i] && isKvmEvent(f.system, f.name))) {
    throw new InputError(file, `holds ${events} events, but none of KVM's: record with \`trace-cmd record -e kvm\``);
  }
  const stored = formats.map((f, i) => ({
    system: f.system,
    name: f.name,
    description: f.text,
    events: counts[i] ?? 0,
  }));
  addDictionary(db, id, stored, comms);
  const eventCounts = stored.filter((f) => f.events).sort((a, b) => b.events - a.events);
  return {
    records: events,
    t0,
    t1,
    clock: trace.facts.clock,
    facts: {
      ...trace.facts,
      cpuList: [...cpus].sort((a, b) => a - b),
      events: Object.fromEntries(eventCounts.map((f) => [f.system ? `${f.system}:${f.name}` : f.name, f.events])),
    },
  };
}

/** Text logs don't tell the system. */
function isKvmEvent(system: string, name: string): boolean {
  return system === 'kvm' || /^(kvm|vgic)_/.test(name);
}
