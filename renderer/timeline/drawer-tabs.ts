/** The drawer's tabs, and which one is shown. */
import type { Selection } from '../state/address.ts';

export const drawerTabs = [
  { id: 'summary', title: 'Summary', needs: 'run' },
  { id: 'code', title: 'Code', needs: 'run' },
  { id: 'windows', title: 'Windows', needs: 'run' },
  { id: 'events', title: 'Events', needs: 'trace' },
  { id: 'exits', title: 'Exits', needs: 'trace' },
  { id: 'story', title: 'Window story', needs: 'run' },
] as const;
export type DrawerTab = (typeof drawerTabs)[number]['id'];

/** The one in the address; else the selection decides. */
export function shownTab(
  { tab, window }: Pick<Selection, 'tab' | 'window'>,
  there: readonly { readonly id: DrawerTab }[],
): DrawerTab | undefined {
  const named = there.find((t) => t.id === tab);
  if (named) return named.id;
  const usual = window === undefined ? 'summary' : 'story';
  return there.find((t) => t.id === usual)?.id ?? there[0]?.id;
}

/** Where selecting an area leads: a tab that lists what is in areas stays open. */
export function tabForArea(tab: string | undefined): DrawerTab {
  return drawerTabs.find((t) => t.id === tab && t.id !== 'story' && t.id !== 'exits')?.id ?? 'summary';
}
