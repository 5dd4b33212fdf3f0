/** The selection as held in the address: read, changed, followed through the history. */
import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { changed, formatSelection, parseSelection } from './address.ts';
import type { Change } from './address.ts';

export type { Change, ViewId } from './address.ts';

export const useSelection = defineStore('selection', () => {
  const hash = ref(location.hash);
  window.addEventListener('hashchange', () => {
    hash.value = location.hash;
  });
  // A link is followed at once. Left to the browser, `hashchange` comes a task later, and a key in between would act on the place before.
  window.addEventListener('click', (event) => {
    const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || event.button !== 0 || modified) return;
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]:not([target])') : null;
    const next = link?.getAttribute('href');
    if (!next) return;
    event.preventDefault();
    go(next, 'push');
  });
  const current = computed(() => parseSelection(hash.value));

  /**
   * Changes the selection. Each `push` is a step in the history; `replace` is for continuous changes (pan and zoom: call
   * it when the gesture rests, browsers allow some 200 of these in half a minute).
   */
  function select(change: Change, how: 'push' | 'replace' = 'push'): void {
    go(formatSelection(changed(current.value, change)), how);
  }

  function go(next: string, how: 'push' | 'replace'): void {
    if (next === hash.value) return;
    if (how === 'push') history.pushState(null, '', next);
    else history.replaceState(null, '', next);
    hash.value = next;
  }

  /** Remembers on this machine what is in view of a lab, and returns there when the lab is opened without a place. */
  function remember(lab: string): void {
    const name = `umbra.selection ${lab}`;
    const last = localStorage.getItem(name);
    if (last && !location.hash) {
      history.replaceState(null, '', last);
      hash.value = last;
    }
    watch(hash, (now) => localStorage.setItem(name, now));
  }

  /** The address after a change, for an anchor's href. */
  function link(change: Change): string {
    return formatSelection(changed(current.value, change));
  }

  return { current, hash, select, remember, link };
});
