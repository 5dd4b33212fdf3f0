/** A KVM trace from the lab file, in the same form as file readers give, so consumers see no difference. */
import type { EventFormat } from '../../formats/event-format/format.ts';
import { parseEventFormat } from '../../formats/event-format/parse-format.ts';
import { Symbols } from '../../formats/event-format/symbols.ts';
import type { Trace } from '../../formats/event-format/trace-file.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readDictionary, readTraceChunks } from '../../store/trace-store.ts';
import type { TraceRange } from '../../store/trace-store.ts';

/** Fields decode as from the file; texts that name functions show addresses, since the kernel's symbols aren't kept. */
export function storedTrace(db: Db, capture: CaptureRow, range?: TraceRange): Trace {
  const { format = '', nanoseconds = true, cpus = 0, buffers = [] } = capture.facts;
  const { formats, comms } = readDictionary(db, capture.id);
  const parsed = formats.map(
    (f, id): EventFormat =>
      parseEventFormat(f.description, f.system) ?? {
        id,
        system: f.system,
        name: f.name,
        fields: [],
        printFormat: '',
        text: f.description,
      },
  );
  return {
    dictionary: { formats: parsed, comms },
    facts: { format, nanoseconds, cpus, buffers },
    printing: { symbols: new Symbols('', ''), longSize: 8 },
    read: (columns, onBatch) => {
      for (const batch of readTraceChunks(db, capture.id, columns, range)) onBatch(batch);
    },
  };
}
