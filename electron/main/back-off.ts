/** Restarting after crashes: at once, then later, then no more. */

/** Delays before restarts, ms. After a crash past the last one it stays down until the user asks. */
const DELAYS = [250, 1000, 4000];
/** After running this long it counts as healthy again, ms. */
const CALM_MS = 60_000;

export interface BackOff {
  /** Called at each start. */
  started(): void;
  /** After a crash: ms until the next start, or undefined if there should be none. */
  next(): number | undefined;
  /** The user wants to try again. */
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
