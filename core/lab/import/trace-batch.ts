/** Batches of a trace on their way to the thread that works on them, and back. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { release } from '../../formats/memory.ts';

/** Takes a batch's memory out of it, and leaves in its place that of another one, if there is one: fresh memory takes long to get. */
export function takeOut(batch: TraceColumns, used = new TraceColumns(batch.capacity)): TraceColumns {
  const taken = { ...batch };
  Object.assign(batch, used);
  return taken;
}

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
