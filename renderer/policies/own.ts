/** The user's own policies: kept by this browser or app, and saved as a policy file for the command line. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Policy } from '../../core/contract/runs.ts';

const STORE = 'umbra.policies';

function stored(): Policy[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(STORE) ?? '[]');
    // The host checks them before they are used; here they need a name to be listed.
    return Array.isArray(list)
      ? list.filter((p: Partial<Policy> | null) => typeof p?.id === 'string' && p.onFault)
      : [];
  } catch {
    return [];
  }
}

export const useOwnPolicies = defineStore('own-policies', () => {
  const all = ref<readonly Policy[]>(stored());

  function set(next: readonly Policy[]): void {
    all.value = next;
    localStorage.setItem(STORE, JSON.stringify(next));
  }

  return {
    all,
    text: computed(() => (all.value.length ? JSON.stringify(all.value, null, 2) : undefined)),
    /** Replaces the one named `before`, or adds a new one. */
    save(policy: Policy, before?: string): void {
      const others = all.value.filter((p) => p.id !== policy.id && p.id !== before);
      set([...others, policy]);
    },
    remove(id: string): void {
      set(all.value.filter((p) => p.id !== id));
    },
  };
});
