/** Batches of a trace on their way to the thread that works on them, and back. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { release } from '../../formats/memory.ts';

/** A copy of a batch, in the memory of another one if there is one: fresh memory for each costs more than the copying. */
export function copyInto(used: TraceColumns | undefined, batch: TraceColumns): TraceColumns {
  const { n, capacity } = batch;
  const bytes = batch.start[n];
  const to = used ?? new TraceColumns(capacity);
  const payload = to.payload.length >= bytes ? to.payload : new Uint8Array(batch.payload.length);
  if (payload !== to.payload) release(to.payload);
  for (const name of fixed) to[name].set(batch[name].subarray(0, n) as never);
  to.start.set(batch.start.subarray(0, n + 1));
  payload.set(batch.payload.subarray(0, bytes));
  const { t, cpu, tid, comm, event, buffer, lostBefore, start } = to;
  return { n, capacity, t, cpu, tid, comm, event, buffer, lostBefore, start, payload };
}

const fixed = ['t', 'cpu', 'tid', 'comm', 'event', 'buffer', 'lostBefore'] as const;

/** What to transfer with columns; shared memory stays where it is. */
export function memoryOf(columns: object): ArrayBuffer[] {
  return Object.values(columns).flatMap((column) =>
    ArrayBuffer.isView(column) && column.buffer instanceof ArrayBuffer ? [column.buffer] : [],
  );
}

/** Frees a batch's columns at once: they can't be used any more. */
export function releaseColumns(columns: TraceColumns): void {
  for (const column of Object.values(columns)) if (ArrayBuffer.isView(column)) release(column);
}
