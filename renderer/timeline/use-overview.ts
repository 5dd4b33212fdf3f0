/** Data of the overview: all lanes under the chosen policy. */
import { shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import { useLab } from '../state/lab.ts';
import type { OverviewData } from './overview.ts';
import type { DlVariant } from '../../core/model/terms/results.ts';

/** About two per px. */
const BINS = 2400;

export function useOverview(
  { spe, kvm, run, origin, span }: TimelineFacts,
  policy: Readonly<Ref<string | undefined>>,
  dlDiscard: Readonly<Ref<DlVariant>>,
  onChange: () => void,
) {
  const lab = useLab();
  const overview = shallowRef<OverviewData>();
  const stretch = { start: 0, end: Math.max(1, span), bins: BINS };

  async function load([chosen, dl]: readonly [string | undefined, DlVariant]): Promise<void> {
    const [density, fates] = await Promise.all([
      spe === undefined || run !== undefined ? [] : lab.request('density', { spe, origin, ...stretch }),
      run === undefined
        ? undefined
        : lab.request('fates', { run, dlDiscard: dl, policies: chosen ? [chosen] : [], ...stretch }),
    ]);
    if (chosen !== policy.value || dl !== dlDiscard.value) return;
    overview.value = {
      density: spe === undefined && kvm !== undefined ? await guestTime(kvm) : density,
      ...(fates && { fates }),
    };
    onChange();
  }
  /** A trace alone has no samples: how long vCPUs were in the guest. */
  async function guestTime(trace: number) {
    const tracks = await lab.request('traceTracks', { kvm: trace, ...stretch });
    return tracks.filter(({ track }) => track === 'guest');
  }
  watch([policy, dlDiscard] as const, (now) => void load(now).catch(() => undefined), { immediate: true });
  return overview;
}
