/** Mouse and keys on the lanes, and the brush in the overview. */
import { computed, onMounted, onUnmounted, shallowRef } from 'vue';
import { isMoveKey, motion, TAP_MS } from './motion.ts';
import type { MoveKey } from './motion.ts';
import type { useStage } from './stage.ts';

export interface Actions {
  /** px of the lanes. */
  width(): number;
  /** ns of the whole timeline. */
  readonly span: number;
  /** A click, px of the canvas. */
  pick(x: number, y: number): void;
  /** A drag over an area, px of the canvas; `done`: the button was released. */
  drag(from: Point, to: Point, done: boolean): void;
  /** Keys beyond those that move the view. Returns whether the key was one of them. */
  key(event: KeyboardEvent): boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Pointer extends Point {
  /** ns. */
  readonly t: number;
}

/** px that a click may move. */
const STILL = 3;
/** What arrow keys move without a modifier. */
const OWN_ARROWS = '[role=separator], [role=tab], [role=grid], [role=tabpanel], table, summary, [role=listbox]';

export function useInput(stage: ReturnType<typeof useStage>, { width, span, pick, drag, key }: Actions) {
  /** Over the lanes. Its time follows from its position, whatever the view. */
  const place = shallowRef<Point>();
  let pressed: { readonly at: Point; last: number; readonly pans: boolean; moved: boolean } | undefined;
  let brushFrom: number | undefined;
  const held = new Set<MoveKey>();
  let frame = 0;
  let before = 0;

  const perPx = () => (stage.camera.value.end - stage.camera.value.start) / width();
  const timeAt = (x: number) => stage.camera.value.start + x * perPx();
  const pointer = computed<Pointer | undefined>(() => place.value && { ...place.value, t: timeAt(place.value.x) });

  function move(ms: number): void {
    const { factor, pan } = motion(held, ms);
    if (factor !== 1) stage.zoom(factor, pointer.value?.t, false);
    if (pan) stage.pan(pan, false);
  }

  function tick(now: number): void {
    frame = 0;
    if (!held.size) return;
    move(Math.min(50, now - before));
    before = now;
    frame = requestAnimationFrame(tick);
  }

  function onKey(event: KeyboardEvent): void {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(target instanceof HTMLElement)) return;
    if (target.closest('input, textarea, select, dialog')) return;
    const name = event.key.toLowerCase();
    const own = name.startsWith('arrow') && target.closest(OWN_ARROWS);
    if (!event.shiftKey && !own && isMoveKey(name)) {
      if (!held.has(name)) {
        held.add(name);
        move(TAP_MS);
        before = performance.now() + TAP_MS;
        frame ||= requestAnimationFrame(tick);
      }
    } else if (own || !key(event)) return;
    event.preventDefault();
  }

  function onKeyUp(event: KeyboardEvent): void {
    const name = event.key.toLowerCase();
    if (isMoveKey(name)) held.delete(name);
  }
  const letGo = () => held.clear();

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
    if (type === 'pointerdown' && event.button <= 1) {
      pressed = { at: { x, y }, last: x, pans: event.shiftKey || event.button === 1, moved: false };
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      // No middle-button autoscroll.
      if (event.button === 1) event.preventDefault();
    } else if (type === 'pointermove') {
      if (pressed && (pressed.moved || Math.abs(x - pressed.at.x) > STILL)) {
        pressed.moved = true;
        if (pressed.pans) stage.panBy((pressed.last - x) * perPx());
        else drag(pressed.at, { x, y }, false);
        pressed.last = x;
      }
      place.value = { x, y };
    } else if (type === 'pointerup' && pressed) {
      const { moved, pans, at } = pressed;
      pressed = undefined;
      if (!moved && !pans) pick(x, y);
      else if (moved && !pans) drag(at, { x, y }, true);
    } else if (type === 'pointercancel') pressed = undefined;
    else if (type === 'pointerleave') place.value = undefined;
    stage.redraw();
  }

  /** Drags the view; with Shift selects a stretch to show. */
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

  onMounted(() => {
    window.addEventListener('keydown', onKey);
    window.addEventListener('keyup', onKeyUp);
    window.addEventListener('blur', letGo);
  });
  onUnmounted(() => {
    cancelAnimationFrame(frame);
    window.removeEventListener('keydown', onKey);
    window.removeEventListener('keyup', onKeyUp);
    window.removeEventListener('blur', letGo);
  });
  return { pointer, timeAt, perPx, onWheel, onPointer, onBrush };
}
