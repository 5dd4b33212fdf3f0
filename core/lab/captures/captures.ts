/** What an import reports of a capture and `umbra captures` lists. */
import type { Binding } from '../../formats/perf-data/binding.ts';
import type { Warning } from '../../formats/problems.ts';
import type { CaptureKind, CaptureRow } from '../../store/captures.ts';
import { listCaptures } from '../../store/captures.ts';
import { openLabFile } from '../../store/lab-file.ts';

export interface CaptureSummary {
  readonly id: number;
  readonly kind: CaptureKind;
  readonly name: string;
  readonly file: string;
  readonly format: string;
  readonly bytes: number;
  readonly sha256: string;
  /** SPE records; 0 for a trace. */
  readonly samples: number;
  /** Trace events; 0 for an SPE capture. */
  readonly events: number;
  /** First and last record, ns in the capture's clock. */
  readonly t0?: bigint;
  readonly t1?: bigint;
  readonly clock?: string;
  readonly cpus: readonly number[];
  /** Whether an SPE capture's events follow tasks, and what in the file says so; absent where the format doesn't say. */
  readonly binding?: Binding;
  readonly warnings: readonly Warning[];
}

export function captureSummary(c: CaptureRow): CaptureSummary {
  return {
    id: c.id,
    kind: c.kind,
    name: c.name,
    file: c.file,
    format: c.format,
    bytes: c.bytes,
    sha256: c.sha256,
    samples: c.kind === 'spe' ? c.records : 0,
    events: c.kind === 'kvm' ? c.records : 0,
    t0: c.t0,
    t1: c.t1,
    clock: c.clock,
    cpus: c.facts.cpuList ?? [],
    binding: c.facts.spe?.binding,
    warnings: c.warnings,
  };
}

export function listLabCaptures(path: string): CaptureSummary[] {
  const db = openLabFile(path, 'read');
  try {
    return listCaptures(db).map(captureSummary);
  } finally {
    db.close();
  }
}
