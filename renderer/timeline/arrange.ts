/** What the user shows and selects, as held in the address: bands, lanes and their order, the area. */
import { computed, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { useSelection } from '../state/selection.ts';
import { areaBetween, lanesText, parseLaneList } from './area.ts';
import type { Area } from './area.ts';
import type { Measure } from './columns.ts';
import { tabForArea } from './drawer-tabs.ts';
import { formatLanes, parseLanes } from './lane-state.ts';
import type { LaneState } from './lane-state.ts';
import { layOut } from './layout.ts';
import { bandsText, chosenPolicies } from './policies.ts';

type Corner = { readonly t: number; readonly y: number };

export function useArrangement(facts: TimelineFacts, room: Readonly<Ref<number>>) {
  const selection = useSelection();
  const numbers = facts.lanes.map((l) => l.lane);
  const policies = computed(() => chosenPolicies(facts, selection.current.bands, selection.current.policy));
  const policy = computed(() => selection.current.policy ?? policies.value[0]);
  /** The run's own: no others were replayed. */
  const dlDiscard = computed(() => facts.dlDiscard ?? 'record');
  const measure = computed<Measure>(() => selection.current.dark ?? 'samples');
  /** During a drag it isn't in the address yet. */
  const draftStates = shallowRef<readonly LaneState[]>();
  const draftArea = shallowRef<Area>();
  const states = computed(() => draftStates.value ?? parseLanes(selection.current.order, numbers));
  const layout = computed(() => layOut(facts, policies.value.length, room.value, states.value));
  /** Once the drag has ended: what happened there isn't added up at every step of it. */
  const kept = computed<Area | undefined>(() => {
    const { from, to, lanes } = selection.current;
    return from === undefined || to === undefined ? undefined : { from, to, lanes: parseLaneList(lanes) };
  });
  const area = computed(() => draftArea.value ?? kept.value);

  function arrange(next: LaneState[], done: boolean): void {
    if (!done) return void (draftStates.value = next);
    draftStates.value = undefined;
    selection.select({ order: formatLanes(next, numbers) || undefined }, 'replace');
  }

  function keep({ from, to, lanes }: Area): void {
    const one = lanes?.length === 1 ? lanes[0] : undefined;
    const tab = tabForArea(selection.current.tab);
    selection.select({ from, to, lanes: lanesText(lanes), lane: one, window: undefined, tab });
  }

  /** From corner to corner, during a drag and at its end; or a given area. */
  function select(a: Corner | Area, b?: Corner, done = true): void {
    const next = 'from' in a ? a : areaBetween(a, b ?? a, layout.value, facts.span);
    draftArea.value = done ? undefined : next;
    if (done) keep(next);
  }

  function choosePolicies(ids: readonly string[]): void {
    selection.select({ bands: bandsText(facts, ids) }, 'replace');
  }

  // A drag overtaken by the address is cancelled.
  watch(
    () => selection.hash,
    () => (draftArea.value = undefined),
  );
  return { policies, policy, dlDiscard, measure, states, layout, area, kept, arrange, select, choosePolicies };
}
