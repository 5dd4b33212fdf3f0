/** The camera over time: it glides to its target frame by frame, and each frame is drawn at most once. */
import { onScopeDispose, shallowRef } from 'vue';
import { fitted, panned, towards, zoomed } from './camera.ts';
import type { Camera } from './camera.ts';

/** Share of the way per 16.7 ms frame. */
const GLIDE = 0.34;

export function useStage(draw: () => void, width: () => number, onRest: () => void) {
  const camera = shallowRef<Camera>({ start: 0, end: 1 });
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)');
  let whole = 1;
  let target = camera.value;
  let frame = 0;
  let last = 0;
  let rest: ReturnType<typeof setTimeout> | undefined;

  function tick(now: number): void {
    frame = 0;
    const elapsed = Math.min(100, now - last || 16.7);
    last = now;
    if (camera.value !== target) {
      camera.value = towards(camera.value, target, 1 - (1 - GLIDE) ** (elapsed / 16.7), width());
    }
    draw();
    if (camera.value !== target) redraw();
  }

  /** Draws with the next frame. */
  function redraw(): void {
    frame ||= requestAnimationFrame(tick);
  }

  function go(next: Camera, glide: boolean): void {
    target = next;
    if (!glide || calm.matches) camera.value = next;
    if (!frame) last = performance.now();
    redraw();
    clearTimeout(rest);
    rest = setTimeout(onRest, 250);
  }

  onScopeDispose(() => {
    cancelAnimationFrame(frame);
    clearTimeout(rest);
  });

  return {
    camera,
    redraw,
    go,
    /** Sets the whole range; the camera stays where it is. */
    setWhole(span: number): void {
      whole = span;
    },
    /** Where the camera will come to rest. */
    target: () => target,
    zoom: (factor: number, at?: number, glide = true) =>
      go(zoomed(target, factor, at ?? (target.start + target.end) / 2, whole), glide),
    /** By a share of the view, or by ns. */
    pan: (share: number, glide = true) => go(panned(target, share * (target.end - target.start), whole), glide),
    panBy: (ns: number) => go(panned(target, ns, whole), false),
    fit: (glide = true) => go(fitted(whole), glide),
  };
}
