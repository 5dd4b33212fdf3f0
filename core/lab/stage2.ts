/** The stage 2 timelines of a trace in the lab file. */
import type { KvmEvents } from '../model/kvm-events.ts';
import { reconstruct } from '../model/stage2/reconstruct.ts';
import type { Reconstruction } from '../model/stage2/reconstruct.ts';
import { parseVmDescription } from '../model/vm.ts';
import type { VmDescription } from '../model/vm.ts';
import type { CaptureRow } from '../store/captures.ts';
import type { Db } from '../store/lab-file.ts';
import { readKvmEvents } from './kvm-events.ts';
import { storedTrace } from './stored-trace.ts';

export interface Stage2 extends Reconstruction {
  readonly events: KvmEvents;
  /** Undefined if none came with the trace. */
  readonly description: VmDescription | undefined;
}

export function loadStage2(db: Db, capture: CaptureRow): Stage2 {
  const events = readKvmEvents(storedTrace(db, capture));
  const description = capture.vm === undefined ? undefined : parseVmDescription(JSON.stringify(capture.vm));
  return { ...reconstruct(events, description), events, description };
}
