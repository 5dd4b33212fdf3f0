/** What is in view, as the address says it: `#captures/3`. Back, forward and links come for free. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

export interface View {
  readonly id: ViewId;
  readonly title: string;
  readonly glyph: string;
}

export type ViewId = 'captures' | 'policies';

/** Left to right as on the keys 1, 2, … Views that this version hasn't got aren't shown. */
export const views: readonly View[] = [
  { id: 'captures', title: 'Captures', glyph: '◫' },
  { id: 'policies', title: 'Policies', glyph: '⊞' },
];

export const useRoute = defineStore('route', () => {
  const hash = ref(location.hash);
  window.addEventListener('hashchange', () => {
    hash.value = location.hash;
  });
  const parts = computed(() => hash.value.replace(/^#/, '').split('/'));
  const view = computed<ViewId>(() => views.find((v) => v.id === parts.value[0])?.id ?? 'captures');
  /** The capture or run that the address names. */
  const selected = computed(() => (/^\d{1,9}$/.test(parts.value[1] ?? '') ? Number(parts.value[1]) : undefined));
  return { view, selected };
});

export function link(view: ViewId, id?: number): string {
  return id === undefined ? `#${view}` : `#${view}/${id}`;
}
