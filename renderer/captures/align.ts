/** How two captures' spans line up under an alignment: a preview, by the rules of the model's alignment. */
import type { Capture } from '../../core/contract/contract.ts';
import { autoAlign, clocksOf, loopCopies, overlaps } from '../../core/model/align-rules.ts';
import type { AlignMode, AlignSetting } from '../../core/model/align-rules.ts';
import { clockShift } from './board-clocks.ts';

export const alignWords: Readonly<Record<AlignSetting, string>> = {
  auto: 'absolute if both say that they use one clock, or theirs were compared, and they overlap; else start',
  absolute: 'both clocks are the same, or were compared: times are taken as they are there',
  start: 'the trace’s first event at the first sample',
  loop: 'the trace repeats until the samples end',
  fit: 'the trace is stretched to the samples’ span: its times are then not those of the machine',
};

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Preview {
  /** ns after the first sample. */
  readonly spe: Span;
  /** Copies of the trace. */
  readonly kvm: readonly Span[];
  /** What `auto` resolves to, or the requested alignment. */
  readonly mode: AlignMode;
  /** The clocks of the two machines were compared during recording, and the alignment uses that. */
  readonly compared: boolean;
  readonly problem?: string;
}

const MAX_COPIES = 40;

/** Undefined without times. `auto` is shown as what the replay would resolve it to. */
export function previewAlignment(
  spe: Capture,
  kvm: Capture,
  setting: AlignSetting,
  offsetNs: number,
): Preview | undefined {
  if (spe.t0 === undefined || spe.t1 === undefined || kvm.t0 === undefined || kvm.t1 === undefined) return undefined;
  const samples = { start: 0, end: Number(BigInt(spe.t1) - BigInt(spe.t0)) };
  const length = Number(BigInt(kvm.t1) - BigInt(kvm.t0));
  const shift = clockShift(spe, kvm, BigInt(kvm.t0));
  const apart = Number(BigInt(kvm.t0) + (shift ?? 0n) - BigInt(spe.t0)) + offsetNs;
  const overlap = overlaps(apart, length, samples.end);
  const clocks = shift === undefined ? clocksOf(spe.clock, kvm.clock) : 'same';
  const auto = autoAlign(clocks, apart, length, samples.end);
  const mode = setting === 'auto' ? auto : setting;
  const at = mode === 'absolute' ? apart : offsetNs;
  const how = { mode, compared: shift !== undefined && mode === 'absolute' };
  if (mode === 'loop' && length > 0) {
    const { first, copies } = loopCopies(at, length, samples.end);
    const spans = Array.from({ length: Math.min(MAX_COPIES, copies) }, (_, i) => ({
      start: first + i * length,
      end: first + (i + 1) * length,
    }));
    return { spe: samples, kvm: spans, ...how };
  }
  const span = mode === 'fit' ? samples.end : length;
  const problem = mode === 'absolute' && !overlap ? 'On one clock the two captures don’t overlap.' : undefined;
  return { spe: samples, kvm: [{ start: at, end: at + span }], ...how, ...(problem && { problem }) };
}
