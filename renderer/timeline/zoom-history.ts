/** Where the view was before: Backspace goes back. Positions in, positions out. */
import type { Camera } from './camera.ts';

const MOST = 100;

export interface ZoomHistory {
  /** The view came to rest there. */
  rest(view: Camera): void;
  /** Where it was before; undefined if it was never anywhere else. */
  back(): Camera | undefined;
}

export function createZoomHistory(): ZoomHistory {
  const past: Camera[] = [];
  return {
    rest(view) {
      const last = past.at(-1);
      if (last && alike(last, view)) return;
      past.push(view);
      if (past.length > MOST) past.shift();
    },
    back() {
      if (past.length < 2) return undefined;
      past.pop();
      return past.at(-1);
    },
  };
}

/** Within a thousandth of the view: the same. */
function alike(a: Camera, b: Camera): boolean {
  const close = Math.max(a.end - a.start, b.end - b.start) / 1000;
  return Math.abs(a.start - b.start) < close && Math.abs(a.end - b.end) < close;
}
