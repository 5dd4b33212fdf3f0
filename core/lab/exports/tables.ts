/** The lab's tables as columns in batches, for files that other tools read: hex addresses, units in the names, nothing whole in memory. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { EventPrinter } from '../../formats/event-format/event-printer.ts';
import { Extra, Has, SpeColumns } from '../../formats/spe/columns.ts';
import { eventText, opText } from '../../formats/spe/sample-json.ts';
import { sourceName } from '../../formats/spe/sources.ts';
import { contextOf, stateAddresses, stateOf } from '../../formats/spe/states.ts';
import type { StateAddress } from '../../formats/spe/states.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { readMappings } from '../../store/mappings.ts';
import { readBatches } from '../../store/spe-store.ts';
import { readTraceChunks } from '../../store/trace-store.ts';
import { RequestError } from '../about.ts';
import { storedTrace } from '../captures/stored-trace.ts';

export type Cell = bigint | number | string | null;

/** `int64` cells are bigints. */
export type CellKind = 'int32' | 'int64' | 'real' | 'text';

export interface Batch {
  readonly rows: number;
  /** Of a column, in the table's order, and a row of the batch. Valid until the next batch is requested. */
  cell(column: number, row: number): Cell;
}

export interface ExportTable {
  readonly name: string;
  /** Total rows, if known beforehand. */
  readonly rows?: number;
  readonly columns: readonly { readonly name: string; readonly kind: CellKind }[];
  batches(): Iterable<Batch>;
}

/** Times are ns in the capture's clock (`perf_ticks` where it has none), latencies cycles. */
export function captureTable(db: Db, capture: CaptureRow): ExportTable {
  return capture.kind === 'spe' ? sampleTable(db, capture) : eventTable(db, capture);
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

interface SampleColumn {
  readonly name: string;
  readonly kind: CellKind;
  readonly has: number;
  readonly cell: (b: SpeColumns, i: number) => Cell;
}

function sampleColumns(midr: bigint | undefined): readonly SampleColumn[] {
  const wide = (name: string, has: number, of: (b: SpeColumns) => BigUint64Array): SampleColumn => ({
    ...{ name, has, kind: 'text' },
    cell: (b, i) => hex(of(b)[i]),
  });
  const number = (name: string, has: number, of: (b: SpeColumns) => ArrayLike<number>): SampleColumn => ({
    ...{ name, has, kind: 'int32' },
    cell: (b, i) => of(b)[i],
  });
  const words = (name: string, has: number, cell: SampleColumn['cell']): SampleColumn => ({
    ...{ name, has, kind: 'text', cell },
  });
  const time = (name: string, has: number, of: (b: SpeColumns) => BigUint64Array): SampleColumn => ({
    ...{ name, has, kind: 'int64' },
    cell: (b, i) => BigInt.asIntN(64, of(b)[i]),
  });
  const state = (name: string, address: StateAddress): SampleColumn =>
    words(name, stateAddresses[address].has, (b, i) => stateOf(b, i, address) ?? null);
  // Unsigned 32 bits.
  const context = (name: string, of: (b: SpeColumns, i: number) => number | undefined): SampleColumn => ({
    ...{ name, has: Has.CONTEXT, kind: 'int64' },
    cell: (b, i) => {
      const value = of(b, i);
      return value === undefined ? null : BigInt(value);
    },
  });
  const always = 0;
  return [
    time('t_ns', Has.TIME, (b) => b.t),
    time('counter_ticks', Has.COUNTER, (b) => b.counter),
    number('cpu', always, (b) => b.cpu),
    number('pid', Has.PID, (b) => b.pid),
    number('tid', Has.TID, (b) => b.tid),
    wide('pc', Has.PC, (b) => b.pc),
    number('el', Has.PC, (b) => b.el),
    wide('va', Has.VA, (b) => b.va),
    wide('pa', Has.PA, (b) => b.pa),
    wide('target', Has.TO, (b) => b.to),
    wide('prev_target', Has.PBT, (b) => b.pbt),
    words('op', Has.OP, (b, i) => opText(b.op[i])),
    words('events', Has.EVENTS, (b, i) => eventText(b.events[i], midr)),
    number('total_lat_cycles', Has.TOTAL, (b) => b.totalLat),
    number('issue_lat_cycles', Has.ISSUE, (b) => b.issueLat),
    number('xlat_lat_cycles', Has.XLAT, (b) => b.xlatLat),
    words('source', Has.SOURCE, (b, i) => sourceName(b.source[i], midr)),
    context('context', (b, i) => b.context[i]),
    number('size_bytes', always, (b) => b.size),
    {
      ...{ name: 'alt_issue_lat_cycles', has: always, kind: 'int32' },
      cell: (b, i) => (b.extra[i] & Extra.ALT_ISSUE ? b.altLat[i] : null),
    },
    context('context_el1', (b, i) => contextOf(b, i, 1)),
    context('context_el2', (b, i) => contextOf(b, i, 2)),
    state('pc_state', 'pc'),
    state('target_state', 'to'),
    state('prev_target_state', 'pbt'),
    state('pa_state', 'pa'),
  ];
}

function sampleTable(db: Db, capture: CaptureRow): ExportTable {
  const { spe } = capture.facts;
  const columns = sampleColumns(spe?.cores?.length === 1 ? BigInt(spe.cores[0].midr) : undefined);
  const files = readMappings(db, capture.id).map((m) => m.file);
  const last = columns.length + 1;
  return {
    name: 'samples',
    rows: capture.records,
    columns: [{ name: 'lane', kind: 'int32' }, ...columns, { name: 'binary', kind: 'text' }],
    *batches() {
      const b = new SpeColumns();
      for (const { lane, map } of readBatches(db, capture.id, b)) {
        yield {
          rows: b.n,
          cell(c, i) {
            if (c === 0) return lane;
            if (c === last) return b.present[i] & Has.PC && map[i] >= 0 ? (files[map[i]] ?? null) : null;
            const { has, cell } = columns[c - 1];
            return (b.present[i] & has) === has ? cell(b, i) : null;
          },
        };
      }
    },
  };
}

function eventTable(db: Db, capture: CaptureRow): ExportTable {
  const trace = storedTrace(db, capture);
  const { formats, comms } = trace.dictionary;
  const printer = new EventPrinter(trace);
  type EventCell = (b: TraceColumns, i: number) => Cell;
  const columns: readonly { name: string; kind: CellKind; cell: EventCell }[] = [
    { name: 't_ns', kind: 'int64', cell: (b, i) => BigInt.asIntN(64, b.t[i]) },
    { name: 'cpu', kind: 'int32', cell: (b, i) => b.cpu[i] },
    { name: 'tid', kind: 'int32', cell: (b, i) => b.tid[i] },
    { name: 'comm', kind: 'text', cell: (b, i) => comms[b.comm[i]] ?? null },
    { name: 'system', kind: 'text', cell: (b, i) => formats[b.event[i]]?.system || null },
    { name: 'event', kind: 'text', cell: (b, i) => formats[b.event[i]]?.name ?? null },
    { name: 'lost_before', kind: 'int64', cell: (b, i) => BigInt(b.lostBefore[i]) },
    { name: 'fields', kind: 'text', cell: (b, i) => printer.fieldsJson(b, i) },
  ];
  return {
    name: 'events',
    rows: capture.records,
    columns,
    *batches() {
      for (const b of readTraceChunks(db, capture.id, new TraceColumns()))
        yield { rows: b.n, cell: (c, i) => columns[c].cell(b, i) };
    },
  };
}

/** A run's tables by name. Times are ns in the clock of its SPE capture. */
const runTables = {
  results: `SELECT r.policy, r.dl_discard, kept, lost, coverage, windows, blackout_ns, stall_ns, pinned_bytes_peak, s.key AS skew_key,
      tvd, null_mean AS null_mean_tvd, null_p95 AS null_p95_tvd, p_value, excess AS excess_tvd, verdict
    FROM replay_result r LEFT JOIN skew_result s USING (run_id, policy, dl_discard) WHERE run_id = ? ORDER BY r.rowid, s.rowid`,
  windows: `SELECT policy, dl_discard, lane, start_ns, end_ns, kind, cause, ipa, action, lost AS lost_samples
    FROM blackout_window WHERE run_id = ? ORDER BY policy, dl_discard, lane, start_ns`,
  stalls: 'SELECT policy, lane, t_ns, duration_ns, kind FROM stall WHERE run_id = ? ORDER BY policy, lane, t_ns',
  stage2:
    'SELECT lane, t_ns, kind, cause, notify, contents, contents_origin FROM buffer_change WHERE run_id = ? ORDER BY t_ns, lane',
} as const;
export type RunTableName = keyof typeof runTables;
export const runTableNames = Object.keys(runTables) as RunTableName[];

/** By the types that the schema gives; addresses are hex text. */
function kindOf(column: string, type: string | null): CellKind {
  if (column === 'lane') return 'int32';
  if (type === 'REAL') return 'real';
  return type === 'INTEGER' && column !== 'ipa' ? 'int64' : 'text';
}

/** Rows of a batch. */
const ROWS = 1 << 16;

/** Throws RequestError naming the tables that there are. */
export function runTable(db: Db, run: number, name: string): ExportTable {
  if (!Object.hasOwn(runTables, name))
    throw new RequestError(`a run has no table '${name}'; it has ${runTableNames.join(', ')}`);
  const query = db.prepare(runTables[name as RunTableName]).raw();
  const columns = query.columns().map(({ name: column, type }) => ({ name: column, kind: kindOf(column, type) }));
  const cell = (value: bigint | number | string | null, c: number): Cell => {
    if (value === null) return null;
    if (columns[c].name === 'ipa') return hex(BigInt.asUintN(64, value as bigint));
    return columns[c].kind === 'int64' || columns[c].kind === 'text' ? value : Number(value);
  };
  const batch = (held: readonly Cell[][]): Batch => ({ rows: held[0].length, cell: (c, i) => held[c][i] });
  return {
    name,
    columns,
    *batches() {
      let held: Cell[][] = columns.map(() => []);
      for (const row of query.iterate(run) as Iterable<(bigint | number | string | null)[]>) {
        for (let c = 0; c < columns.length; c++) held[c].push(cell(row[c], c));
        if (held[0].length === ROWS) {
          yield batch(held);
          held = columns.map(() => []);
        }
      }
      if (held[0].length) yield batch(held);
    },
  };
}
