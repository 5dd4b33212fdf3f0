/** Mouse and keys on the lanes, and the brush in the overview. */
import { onMounted, onUnmounted, shallowRef } from 'vue';
import type { useStage } from './stage.ts';

export interface Actions {
  /** px of the lanes. */
  width(): number;
  /** ns of the whole timeline. */
  readonly span: number;
  /** A click, px of the canvas. */
  pick(x: number, y: number): void;
  /** Keys beyond those that move the view. Whether the key was one of them. */
  key(event: KeyboardEvent): boolean;
}

export interface Pointer {
  readonly x: number;
  readonly y: number;
  /** ns. */
  readonly t: number;
}

/** px that a click may move. */
const STILL = 3;

export function useInput(stage: ReturnType<typeof useStage>, { width, span, pick, key }: Actions) {
  /** Over the lanes, and not dragging them. */
  const pointer = shallowRef<Pointer>();
  let drag: { x: number; moved: boolean } | undefined;
  let brushFrom: number | undefined;

  const perPx = () => (stage.camera.value.end - stage.camera.value.start) / width();
  const timeAt = (x: number) => stage.camera.value.start + x * perPx();

  function onKey(event: KeyboardEvent): void {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof HTMLElement && target.closest('input, textarea, select, dialog')) return;
    const at = pointer.value?.t;
    const moves: Readonly<Record<string, () => void>> = {
      w: () => stage.zoom(0.7, at),
      s: () => stage.zoom(1 / 0.7, at),
      a: () => stage.pan(-0.2),
      d: () => stage.pan(0.2),
    };
    const move = moves[event.key];
    if (move) move();
    else if (!key(event)) return;
    event.preventDefault();
  }

  function onWheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      stage.zoom(Math.exp(event.deltaY * 0.004), timeAt(event.offsetX), false);
    } else if (event.deltaX || event.shiftKey) {
      event.preventDefault();
      stage.panBy((event.deltaX || event.deltaY) * perPx());
    }
  }

  function onPointer(event: PointerEvent): void {
    const { offsetX: x, offsetY: y, type } = event;
    if (type === 'pointerdown' && event.button === 0) {
      drag = { x, moved: false };
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    } else if (type === 'pointermove') {
      if (drag && (drag.moved || Math.abs(x - drag.x) > STILL)) {
        stage.panBy((drag.x - x) * perPx());
        drag = { x, moved: true };
      }
      pointer.value = drag?.moved ? undefined : { x, y, t: timeAt(x) };
    } else if (type === 'pointerup') {
      if (drag && !drag.moved) pick(x, y);
      drag = undefined;
    } else if (type === 'pointerleave') pointer.value = undefined;
    stage.redraw();
  }

  /** Drags the view; with Shift chooses a stretch. */
  function onBrush(event: PointerEvent): void {
    if (!(event.buttons & 1) || !(event.currentTarget instanceof HTMLElement)) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = (event.offsetX / event.currentTarget.clientWidth) * span;
    const { start, end } = stage.target();
    if (event.type === 'pointerdown') brushFrom = event.shiftKey ? at : undefined;
    if (brushFrom !== undefined && Math.abs(at - brushFrom) > 0) {
      return stage.go({ start: Math.min(at, brushFrom), end: Math.max(at, brushFrom) }, false);
    }
    stage.panBy(at - (start + end) / 2);
  }

  onMounted(() => window.addEventListener('keydown', onKey));
  onUnmounted(() => window.removeEventListener('keydown', onKey));
  return { pointer, timeAt, perPx, onWheel, onPointer, onBrush };
}
