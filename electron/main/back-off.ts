/** Restarting what crashed: at once, then later, then not any more. */

/** Delays before restarts, ms. What ends once more after the last one stays down until the user asks. */
const DELAYS = [250, 1000, 4000];
/** What ran for that long is taken for healthy again, ms. */
const CALM_MS = 60_000;

export interface BackOff {
  /** Told at each start. */
  started(): void;
  /** After a crash: ms until the next start, or undefined if that makes no sense any more. */
  next(): number | undefined;
  /** The user wants another try. */
  reset(): void;
}

export function createBackOff(now = () => performance.now()): BackOff {
  let crashes = 0;
  let since = 0;
  return {
    started: () => void (since = now()),
    next() {
      if (now() - since > CALM_MS) crashes = 0;
      return DELAYS[crashes++];
    },
    reset: () => void (crashes = 0),
  };
}
