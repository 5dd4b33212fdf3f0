/** The view in sight and its links, in short; all of it is in selection.ts. */
import { defineStore } from 'pinia';
import { computed } from 'vue';
import { useSelection } from './selection.ts';
import type { ViewId } from './selection.ts';

export const useRoute = defineStore('route', () => {
  const selection = useSelection();
  const view = computed<ViewId>(() => selection.current.view);
  /** The capture (Captures) or run (elsewhere) that the address names. */
  const selected = computed(() => (view.value === 'captures' ? selection.current.capture : selection.current.run));
  return { view, selected };
});

export function link(view: ViewId, id?: number): string {
  return useSelection().link({ view, ...(id !== undefined && { [view === 'captures' ? 'capture' : 'run']: id }) });
}
