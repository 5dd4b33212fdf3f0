/**
 * The lab file's tables. What people would query is plain (units in the column names); bulk columns are blobs in chunks
 * (column-codec.ts), which `umbra sql` shows as the rows of `spe_sample` and `trace_event`.
 *
 * Changelog of the format (user_version):
 *   1  first
 *   2  what an SPE capture shows of its own blackouts: when CPUs ran the profiled context, LOST records
 *   3  levels of detail, stage 2 changes of traces and of runs' buffers; indexes by time
 *   4  functions that samples lie in (symbol)
 *   5  columns of few different values as places among those (column-codec.ts, format 2); what older labs hold stays as it is
 *   6  stage 2 changes say who announced an unmap and what became of the contents; view stage2; sessions of captures that follow
 *      tasks; assumption checks; how the clocks of two captures related while they were recorded
 *   7  named queries; the machine code of functions that samples lie in, and the source lines that it came from
 *   8  columns of samples: alternate issue latency, CONTEXTIDR_EL1 beside CONTEXTIDR_EL2, security states of addresses
 *
 * Times are ns in the capture's own clock. Addresses are stored as signed 64-bit, the way SQLite holds any integer; the views
 * and `umbra sql` give them as hex text.
 */

/** application_id: "UMBR". */
export const APPLICATION_ID = 0x554d4252;

/** One entry per version: the migration from the version before. Append only. */
export const migrations: readonly string[] = [
  `
CREATE TABLE capture (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('spe', 'kvm')),
  name TEXT NOT NULL,
  file TEXT NOT NULL,
  format TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  records INTEGER NOT NULL,       -- SPE records, or trace events
  t0_ns INTEGER,                  -- first and last record
  t1_ns INTEGER,
  clock TEXT,
  vm TEXT,                        -- kvm: the VM description, JSON
  facts TEXT NOT NULL             -- what the file says of itself, JSON
);
CREATE TABLE capture_warning (
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  severity TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL, count INTEGER NOT NULL,
  offset_bytes INTEGER, skipped_bytes INTEGER, t0_ns INTEGER, t1_ns INTEGER
);

-- SPE: a lane is one AUX buffer queue, of a CPU or (per-thread capture, cpu -1) of a thread
CREATE TABLE spe_lane (
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  lane INTEGER NOT NULL, cpu INTEGER NOT NULL, tid INTEGER NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('per-cpu', 'per-thread')),  -- per-thread: each session is a switch-in
  samples INTEGER NOT NULL, t0_ns INTEGER, t1_ns INTEGER,
  PRIMARY KEY (capture_id, lane)
);
CREATE TABLE spe_session (         -- intervals in which profiling was enabled on a lane, both ends included
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  lane INTEGER NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL
);
CREATE TABLE aux_flag (            -- PERF_RECORD_AUX with flags: TRUNCATED 1, OVERWRITE 2, PARTIAL 4, COLLISION 8
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  t_ns INTEGER NOT NULL, cpu INTEGER NOT NULL, tid INTEGER NOT NULL, flags INTEGER NOT NULL, size_bytes INTEGER NOT NULL
);
CREATE TABLE mapping (             -- MMAP2 records; a sample's map is an id of these
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  map INTEGER NOT NULL, t_ns INTEGER NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL, length_bytes INTEGER NOT NULL,
  pgoff INTEGER NOT NULL, file TEXT NOT NULL, build_id TEXT, kernel INTEGER NOT NULL,
  PRIMARY KEY (capture_id, map)
);
CREATE TABLE thread (
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  tid INTEGER NOT NULL, comm TEXT NOT NULL, PRIMARY KEY (capture_id, tid)
);
CREATE TABLE spe_chunk (
  id INTEGER PRIMARY KEY,
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  lane INTEGER NOT NULL, seq INTEGER NOT NULL, samples INTEGER NOT NULL, t0_ns INTEGER NOT NULL, t1_ns INTEGER NOT NULL
);
CREATE UNIQUE INDEX spe_chunk_order ON spe_chunk (capture_id, lane, seq);
CREATE TABLE spe_column (
  chunk_id INTEGER NOT NULL REFERENCES spe_chunk ON DELETE CASCADE, name TEXT NOT NULL, data BLOB NOT NULL
);
CREATE UNIQUE INDEX spe_column_name ON spe_column (chunk_id, name);

-- KVM traces
CREATE TABLE trace_format (        -- how each event's payload is laid out: the kernel's own description
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  event INTEGER NOT NULL, system TEXT NOT NULL, name TEXT NOT NULL, events INTEGER NOT NULL, description TEXT NOT NULL,
  PRIMARY KEY (capture_id, event)
);
CREATE TABLE trace_comm (
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  comm INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (capture_id, comm)
);
CREATE TABLE trace_chunk (
  id INTEGER PRIMARY KEY,
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  seq INTEGER NOT NULL, events INTEGER NOT NULL, t0_ns INTEGER NOT NULL, t1_ns INTEGER NOT NULL, payload_bytes INTEGER NOT NULL,
  t BLOB NOT NULL, cpu BLOB NOT NULL, tid BLOB NOT NULL, comm BLOB NOT NULL, event BLOB NOT NULL, buffer BLOB NOT NULL,
  lost BLOB NOT NULL, start BLOB NOT NULL, payload BLOB NOT NULL
);
CREATE UNIQUE INDEX trace_chunk_order ON trace_chunk (capture_id, seq);

-- replays
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  spe_id INTEGER NOT NULL REFERENCES capture, kvm_id INTEGER NOT NULL REFERENCES capture,
  umbra TEXT NOT NULL,             -- version
  command TEXT NOT NULL,           -- what reproduces it
  params TEXT NOT NULL,            -- JSON: everything chosen, measured or assumed
  facts TEXT NOT NULL              -- JSON: alignment, buffers, how sure the stage 2 timeline is, calibration
);
CREATE TABLE replay_result (       -- one row a policy, per variant of dlDiscard
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  policy TEXT NOT NULL, dl_discard TEXT NOT NULL CHECK (dl_discard IN ('record', 'buffer')),
  kept INTEGER NOT NULL, lost INTEGER NOT NULL, coverage REAL NOT NULL, windows INTEGER NOT NULL,
  blackout_ns INTEGER NOT NULL, stall_ns INTEGER NOT NULL, pinned_peak_bytes INTEGER NOT NULL,
  definition TEXT NOT NULL,        -- the policy itself, JSON
  summary TEXT NOT NULL,           -- JSON: durations, faults by cause, intervals over trials
  PRIMARY KEY (run_id, policy, dl_discard)
);
CREATE TABLE blackout_window (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  policy TEXT NOT NULL, dl_discard TEXT NOT NULL, lane INTEGER NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
  kind TEXT NOT NULL, cause TEXT, ipa INTEGER, action TEXT, lost INTEGER NOT NULL
);
CREATE INDEX blackout_window_run ON blackout_window (run_id, policy, dl_discard, lane, start_ns);
CREATE TABLE stall (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  policy TEXT NOT NULL, lane INTEGER NOT NULL, t_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL, kind TEXT NOT NULL
);
CREATE INDEX stall_run ON stall (run_id, policy);
CREATE TABLE skew_result (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  policy TEXT NOT NULL, dl_discard TEXT NOT NULL, key TEXT NOT NULL,  -- what was counted: pc, page, …
  tvd REAL, null_mean REAL, null_p95 REAL, p_value REAL, excess REAL,  -- null when nothing survived
  verdict TEXT NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY (run_id, policy, dl_discard, key)
);
`,
  `
CREATE TABLE spe_running (         -- per-CPU lanes with context switches: when the CPU ran what is profiled, not its idle task
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  lane INTEGER NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL
);
CREATE INDEX spe_running_lane ON spe_running (capture_id, lane, start_ns);
CREATE TABLE lost_record (         -- PERF_RECORD_LOST and LOST_SAMPLES: what found no room in perf's buffer
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  t_ns INTEGER NOT NULL, cpu INTEGER NOT NULL, count INTEGER NOT NULL, samples INTEGER NOT NULL  -- 1: LOST_SAMPLES
);
`,
  `
CREATE TABLE lod (                 -- level of detail: what falls into each of 1024 neighbouring bins of 2^shift ns
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  track TEXT NOT NULL,             -- samples (SPE); guest (ns in the guest), fault, unmap:userspace, …, lost (KVM)
  lane INTEGER NOT NULL,           -- SPE lane; KVM: thread, or -1 for what concerns the whole VM
  shift INTEGER NOT NULL,
  block INTEGER NOT NULL,          -- of the clock's own zero: the block's first bin starts at block * 1024 << shift ns
  total INTEGER NOT NULL,          -- sum over the block; blocks of nothing are left out
  bins BLOB NOT NULL
);
CREATE UNIQUE INDEX lod_place ON lod (capture_id, track, lane, shift, block);

CREATE TABLE stage2_change (       -- the reconstructed stage 2 timeline of a trace
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  vm INTEGER NOT NULL,             -- place in the VM description
  t_ns INTEGER NOT NULL, kind TEXT NOT NULL, ipa INTEGER NOT NULL, pages INTEGER NOT NULL,
  cause TEXT, evidence TEXT NOT NULL
);
CREATE INDEX stage2_change_time ON stage2_change (capture_id, vm, t_ns);
CREATE TABLE buffer_change (       -- the part of it that concerns the SPE buffers of a run, in the clock of its SPE capture
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  lane INTEGER NOT NULL, t_ns INTEGER NOT NULL, kind TEXT NOT NULL, cause TEXT
);
CREATE INDEX buffer_change_time ON buffer_change (run_id, lane, t_ns);

CREATE INDEX spe_session_time ON spe_session (capture_id, lane, start_ns);
CREATE INDEX aux_flag_time ON aux_flag (capture_id, t_ns);
DROP INDEX stall_run;
CREATE INDEX stall_time ON stall (run_id, policy, lane, t_ns);
`,
  `
CREATE TABLE symbol (              -- functions that samples lie in; their key is binary and start
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  binary TEXT NOT NULL,            -- a mapping's file; [kernel]; of generated code /tmp/perf-PID.map
  build_id TEXT,
  start INTEGER NOT NULL,          -- byte offset in the file; an address for the kernel and generated code
  size_bytes INTEGER NOT NULL,
  name TEXT NOT NULL,              -- demangled
  linkage_name TEXT                -- as in the binary, where that differs
);
CREATE INDEX symbol_place ON symbol (capture_id, binary, start);
`,
  '-- no table changes: blobs say themselves which format they have',
  `
ALTER TABLE stage2_change ADD COLUMN writable INTEGER;       -- map: 1 if writes need no fault
ALTER TABLE stage2_change ADD COLUMN notify TEXT;            -- unmap, read-only map: unmap, clear, protect, memslot, unknown
ALTER TABLE stage2_change ADD COLUMN contents TEXT;          -- likewise: kept, dropped, gone
ALTER TABLE stage2_change ADD COLUMN contents_origin TEXT;   -- likewise: measured, assumed
UPDATE stage2_change SET writable = cause IS NULL WHERE kind = 'map';
UPDATE stage2_change SET notify = 'unknown', contents = 'kept', contents_origin = 'assumed'
  WHERE kind = 'unmap' OR (kind = 'map' AND writable = 0);
ALTER TABLE buffer_change ADD COLUMN notify TEXT;
ALTER TABLE buffer_change ADD COLUMN contents TEXT;
ALTER TABLE buffer_change ADD COLUMN contents_origin TEXT;
UPDATE buffer_change SET notify = 'unknown', contents = 'kept', contents_origin = 'assumed'
  WHERE kind = 'unmap' OR (kind = 'map' AND cause IS NOT NULL);
CREATE VIEW stage2 AS
  SELECT capture_id, vm, t_ns, kind, printf('0x%x', ipa) AS ipa, pages, cause, writable, notify, contents, contents_origin, evidence
  FROM stage2_change;

-- task-bound: each session is a switch-in of a profiled task. Altered in place: a table rebuilt would leave free pages, which a rollback
-- doesn't restore to the byte.
ALTER TABLE spe_lane ADD COLUMN bound TEXT NOT NULL DEFAULT 'cpu-bound' CHECK (bound IN ('cpu-bound', 'task-bound'));
UPDATE spe_lane SET bound = 'task-bound' WHERE mode = 'per-thread';
ALTER TABLE spe_lane DROP COLUMN mode;
ALTER TABLE spe_lane RENAME COLUMN bound TO mode;

-- Keeping a lab tidy (tidy.ts). What was removed lies hidden until its space is freed.
ALTER TABLE capture ADD COLUMN removed_ms INTEGER;           -- ms since 1970; null: it is there
ALTER TABLE run ADD COLUMN name TEXT;
ALTER TABLE run ADD COLUMN removed_ms INTEGER;
CREATE TABLE last_id (                                       -- ids are never given twice: reports name them
  kind TEXT PRIMARY KEY CHECK (kind IN ('capture', 'run')), id INTEGER NOT NULL
);

CREATE TABLE clock_pair (          -- two machines' clocks, compared while these captures were recorded (core/model/clocks.ts)
  spe_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  kvm_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  at_ns INTEGER NOT NULL,          -- in the trace's clock: where offset_ns holds
  offset_ns INTEGER NOT NULL,      -- the SPE capture's clock less the trace's
  drift_ppb REAL NOT NULL,         -- how that grows, ns a second
  uncertainty_ns REAL NOT NULL,    -- bounds, plus or minus
  drift_uncertainty_ppb REAL NOT NULL,
  span_ns INTEGER NOT NULL,        -- from the first to the last reading
  kvm_readings INTEGER NOT NULL, spe_readings INTEGER NOT NULL,
  strain_ns REAL NOT NULL,         -- 0 if both clocks ran evenly
  PRIMARY KEY (spe_id, kvm_id)
);
CREATE TABLE flag (                -- moments that somebody named, in a capture's own clock: all its runs have them
  id INTEGER PRIMARY KEY,
  capture_id INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
  t_ns INTEGER NOT NULL, name TEXT NOT NULL, color TEXT NOT NULL, note TEXT NOT NULL
);
CREATE INDEX flag_time ON flag (capture_id, t_ns);
`,
  `
CREATE TABLE saved_query (         -- named queries of the SQL console
  name TEXT PRIMARY KEY, sql TEXT NOT NULL
);
ALTER TABLE symbol ADD COLUMN code BLOB;                     -- the function's bytes as in its file; null: not known
ALTER TABLE symbol ADD COLUMN lines TEXT;                    -- JSON {files, rows: [[offset in the function, file, line], …]}; null: no line table
`,
  // spe_column may hold 'extra', 'altLat', 'contextEl1' and 'states' (spe-chunk.ts): older versions would fail on those. Older labs stay as
  // they are, without them.
  // The figure's name in --json.
  `
ALTER TABLE replay_result RENAME COLUMN pinned_peak_bytes TO pinned_bytes_peak;
`,
];

export const SCHEMA_VERSION = migrations.length;

/** Labs of this format and later have all columns that are read: only written ones are new. */
export const READABLE_FROM = 8;
