/** The pair to be replayed, and how its clocks align. A pick stays, whatever is selected or imported. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Capture } from '../../core/contract/contract.ts';
import type { AlignSetting } from '../../core/model/align-rules.ts';
import { useLab } from './lab.ts';
import { useSelection } from './selection.ts';

/** The picked one, else the one selected in the list, else the newest. */
export function chosenOf(
  there: readonly Capture[],
  picked: number | undefined,
  selected: number | undefined,
): Capture | undefined {
  const of = (id: number | undefined) => there.find((c) => c.id === id);
  return of(picked) ?? of(selected) ?? there.at(-1);
}

export const usePair = defineStore('pair', () => {
  const lab = useLab();
  const selection = useSelection();
  const picked = ref<{ spe?: number; kvm?: number }>({});
  const align = ref<AlignSetting>('auto');
  const offset = ref(0);

  const of = (kind: Capture['kind']) => (lab.captures ?? []).filter((c) => c.kind === kind);
  const spes = computed(() => of('spe'));
  const kvms = computed(() => of('kvm'));
  const spe = computed(() => chosenOf(spes.value, picked.value.spe, selection.current.capture));
  const kvm = computed(() => chosenOf(kvms.value, picked.value.kvm, selection.current.capture));

  function pick(kind: Capture['kind'], id: number): void {
    picked.value = { ...picked.value, [kind]: id };
  }

  return { align, offset, spes, kvms, spe, kvm, pick };
});
