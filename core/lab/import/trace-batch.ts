/** Batches of a trace on their way to the thread that encodes them, and back. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { release } from '../../formats/memory.ts';
import type { TraceBatch } from '../../store/trace-store.ts';

/** A copy of a batch, in the memory of another one if there is one: fresh memory for each costs more than the copying. */
export function copyInto(used: TraceBatch | undefined, batch: TraceColumns): TraceBatch {
  const { n, capacity } = batch;
  const bytes = batch.start[n];
  const to = used ?? new TraceColumns(capacity);
  const payload = to.payload.length >= bytes ? to.payload : new Uint8Array(batch.payload.length);
  if (payload !== to.payload) release(to.payload);
  for (const name of fixed) to[name].set(batch[name].subarray(0, n) as never);
  to.start.set(batch.start.subarray(0, n + 1));
  payload.set(batch.payload.subarray(0, bytes));
  const { t, cpu, tid, comm, event, buffer, lostBefore, start } = to;
  return { n, t, cpu, tid, comm, event, buffer, lostBefore, start, payload };
}

const fixed = ['t', 'cpu', 'tid', 'comm', 'event', 'buffer', 'lostBefore'] as const;

/** What to transfer with a batch. */
export function memoryOf(batch: TraceBatch): ArrayBuffer[] {
  return Object.values(batch).flatMap((column) => (typeof column === 'number' ? [] : [column.buffer as ArrayBuffer]));
}
