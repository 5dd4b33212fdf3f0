import type { CaptureFacts } from '../../model/terms/capture-facts.ts';
import type { CaptureRow } from '../../store/captures.ts';
import type { ReadTrace } from '../captures/trace-levels.ts';

/** What a format's importer finds out. */
export type Imported = Pick<CaptureRow, 'records' | 't0' | 't1' | 'clock'> & {
  readonly facts: CaptureFacts;
  /** What was made of a trace while it was read. */
  readonly read?: ReadTrace;
};
