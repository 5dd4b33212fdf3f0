import type { KvmTrace } from '../../model/kvm-events.ts';
import type { CaptureFacts } from '../../model/terms/capture-facts.ts';
import type { CaptureRow } from '../../store/captures.ts';

/** What a format's importer finds out. */
export type Imported = Pick<CaptureRow, 'records' | 't0' | 't1' | 'clock'> & {
  readonly facts: CaptureFacts;
  /** Those of a trace's events that the model reads. */
  readonly kvmEvents?: KvmTrace;
};
