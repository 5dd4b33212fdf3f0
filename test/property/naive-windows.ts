/** Windows of the naive simulator: rules 25 and 26 of docs/design/replay-rules.md. */
import type { Answer, CauseClass, WindowKind } from '../../core/model/terms.ts';
import type { Hit } from './naive-coverage.ts';

export interface NaiveWindow {
  readonly is: 'window';
  readonly kind: WindowKind;
  readonly start: number;
  end: number;
  readonly cause: CauseClass | null;
  readonly page: number | null;
  readonly action: Answer | null;
  lost: number;
}

export interface NaiveSample {
  readonly is: 'sample';
  readonly t: number;
  readonly size: number;
  /** Index in the lane. */
  readonly index: number;
  fate: WindowKind | 'kept' | 'outside';
  session: NaiveSession | undefined;
  window: NaiveWindow | undefined;
  /** Bytes that the lane had written before it. */
  from: number;
  /** Where in the buffer it begins. */
  ptr: number;
  landed: boolean;
  readAt: number;
}

/** What happened in a session, in order: a window stands before the samples that it holds. */
export class NaiveSession {
  readonly start: number;
  readonly end: number;
  readonly track: (NaiveSample | NaiveWindow)[] = [];

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /** What is left of a window within the session. */
  open(window: Omit<NaiveWindow, 'is' | 'lost'>): NaiveWindow {
    const { start, end } = window;
    const cut = { start: Math.max(start, this.start), end: Math.min(end, this.end) };
    const opened: NaiveWindow = { ...window, ...cut, is: 'window', lost: 0 };
    this.track.push(opened);
    return opened;
  }
}

export const isEmpty = ({ start, end, lost }: NaiveWindow): boolean => end <= start && lost === 0;

export function lose(sample: NaiveSample, window: NaiveWindow): void {
  sample.fate = window.kind;
  sample.window = window;
  window.lost++;
}

type Loss = Pick<NaiveWindow, 'kind' | 'cause' | 'page' | 'action'>;

/** Rule 25: takes kept samples of one session; their window reaches to `end` and goes around what is there. */
export function take(session: NaiveSession, taken: readonly NaiveSample[], end: number, loss: Loss, hit: Hit): void {
  const { track } = session;
  const from = track.indexOf(taken[0]);
  const to = loss.kind === 'discarded' ? track.length : track.indexOf(taken.at(-1)!) + 1;
  const before = track.slice(0, from);
  const after = track.slice(to);
  let start = taken[0].t;
  let piece: (NaiveSample | NaiveWindow)[] = [];
  const done: (NaiveSample | NaiveWindow)[] = [];
  const close = (at: number): void => {
    const window: NaiveWindow = { ...loss, is: 'window', start, end: at, lost: 0 };
    for (const entry of piece) if (entry.is === 'sample' && taken.includes(entry)) lose(entry, window);
    done.push(...(isEmpty(window) ? [] : [window]), ...piece);
    piece = [];
  };
  for (const entry of track.slice(from, to)) {
    if (entry.is === 'sample' || isEmpty(entry)) {
      piece.push(entry);
      continue;
    }
    hit(25, 'cut into pieces');
    close(entry.start);
    done.push(entry);
    start = entry.end;
  }
  close(end);
  track.splice(0, track.length, ...before, ...done, ...after);
}

/** Rule 25: samples to take, in runs of one session without a sample between that stays kept. */
export function runsOf(
  sessions: readonly NaiveSession[],
  taken: readonly NaiveSample[],
): [NaiveSession, NaiveSample[]][] {
  const runs: [NaiveSession, NaiveSample[]][] = [];
  for (const session of sessions) {
    let run: NaiveSample[] = [];
    for (const entry of session.track) {
      if (entry.is === 'window') continue;
      if (taken.includes(entry)) run.push(entry);
      else if (entry.fate === 'kept' && run.length) {
        runs.push([session, run]);
        run = [];
      }
    }
    if (run.length) runs.push([session, run]);
  }
  return runs;
}
