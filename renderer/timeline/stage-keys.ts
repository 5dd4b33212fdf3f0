/** Keys of the timeline beyond those that move the view. */
import type { Ref, ShallowRef } from 'vue';
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';
import { grown, nextLanes } from './area.ts';
import type { Area } from './area.ts';
import { around } from './camera.ts';
import type { Which } from './focus.ts';
import type { Layout } from './layout.ts';
import type { useStage } from './stage.ts';
import { stepEvent } from './step-event.ts';

/** Share of the view by which a selection grows. */
const GROW = 0.02;
const SCROLL_PX = 60;

export interface KeyContext {
  readonly facts: TimelineFacts;
  readonly stage: ReturnType<typeof useStage>;
  readonly view: { back(): void };
  readonly area: Readonly<Ref<Area | undefined>>;
  readonly layout: Readonly<Ref<Layout>>;
  readonly pinned: ShallowRef<{ readonly at: number; readonly reach: number } | undefined>;
  readonly scroller: Readonly<ShallowRef<HTMLElement | null>>;
  select(area: Area): void;
  seek(which: Which): Promise<void>;
  /** ns under the pointer. */
  at(): number | undefined;
  fit(): void;
  search(): void;
  hit(by: 1 | -1): void;
  flag(t: number): void;
  details(): void;
}

/** Whether a key was one of them. */
export function stageKeys(context: KeyContext): (event: KeyboardEvent) => boolean {
  const { facts, stage, area, layout, pinned, select, seek } = context;
  const lab = useLab();
  const selection = useSelection();
  const middle = () => {
    const { start, end } = stage.camera.value;
    return context.at() ?? (start + end) / 2;
  };
  const mark = (name: 'a' | 'b') => selection.select({ [name]: Math.round(middle()) });

  /** The selection's ends as markers; without a selection A, then B, at the pointer. */
  function markSelection(): void {
    if (area.value) return selection.select({ a: area.value.from, b: area.value.to });
    const { a, b } = selection.current;
    mark(a === undefined || b !== undefined ? 'a' : 'b');
  }

  async function step(by: 1 | -1): Promise<void> {
    const from = pinned.value?.at ?? middle();
    const t = await stepEvent(facts, (method, params) => lab.request(method, params), from, by).catch(() => undefined);
    if (t === undefined) return;
    const { start, end } = stage.target();
    pinned.value = { at: t, reach: Math.min(50_000, (end - start) / 50) };
    selection.select({ window: undefined, tab: 'events' }, 'replace');
    if (t < start || t > end) stage.go(around(t, t, end - start, facts.span), true);
  }

  function lanes(by: 1 | -1): void {
    const { start, end } = stage.camera.value;
    const now = area.value ?? {
      ...{ from: Math.max(0, Math.floor(start)), to: Math.min(facts.span, Math.ceil(end)), lanes: undefined },
    };
    const order = layout.value.lanes.map((l) => l.lane.lane);
    select({ ...now, lanes: nextLanes(now.lanes, order, by) });
  }

  const actions: Readonly<Record<string, () => void>> = {
    f: context.fit,
    m: markSelection,
    A: () => mark('a'),
    B: () => mark('b'),
    '[': () => void seek('previous'),
    ']': () => void seek('next'),
    L: () => void seek('longest'),
    l: () => context.flag(middle()),
    ',': () => void step(-1),
    '.': () => void step(1),
    n: () => context.hit(1),
    N: () => context.hit(-1),
    '/': context.search,
    Backspace: () => context.view.back(),
    ArrowUp: () => context.scroller.value?.scrollBy(0, -SCROLL_PX),
    ArrowDown: () => context.scroller.value?.scrollBy(0, SCROLL_PX),
    Escape: () => {
      pinned.value = undefined;
      const nothing = { window: undefined, from: undefined, to: undefined, lanes: undefined };
      selection.select({ ...nothing, a: undefined, b: undefined });
    },
  };
  const withShift: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => select(grown(area.value, -GROW, stage.camera.value, facts.span)),
    ArrowRight: () => select(grown(area.value, GROW, stage.camera.value, facts.span)),
    ArrowUp: () => lanes(-1),
    ArrowDown: () => lanes(1),
  };

  return (event) => {
    const { key, target } = event;
    const onControl = target instanceof HTMLElement && target.closest('button, a, summary, [role=button]');
    if (key === 'Enter') {
      if (!onControl) context.details();
      return !onControl;
    }
    const action = (event.shiftKey ? withShift[key] : undefined) ?? actions[key];
    action?.();
    return action !== undefined;
  };
}
