/** Each view's code, which loads when the view is first shown. */
import type { Component } from 'vue';
import { viewIds } from '../../core/contract/desktop.ts';
import type { ViewId } from '../../core/contract/desktop.ts';

type Code = () => Promise<{ readonly default: Component }>;

export const viewCode: Readonly<Record<ViewId, Code>> = {
  home: () => import('../home/HomeView.vue'),
  captures: () => import('../captures/CapturesView.vue'),
  timeline: () => import('../timeline/TimelineView.vue'),
  policies: () => import('../policies/PoliciesView.vue'),
  blackouts: () => import('../blackouts/BlackoutsView.vue'),
  skew: () => import('../skew/SkewView.vue'),
  code: () => import('../code/CodeView.vue'),
  sql: () => import('../sql/SqlView.vue'),
  report: () => import('../report/ReportView.vue'),
  campaign: () => import('../campaign/CampaignView.vue'),
  settings: () => import('../settings/SettingsView.vue'),
};

/** Loads the code of the view in an address, without waiting for the app to ask for it. A lab opens on Home without one. */
export function loadShownView(hash: string): void {
  const id = viewIds.find((view) => hash.slice(1).split('?')[0] === view) ?? 'home';
  // The app asks for it again, and says what is wrong.
  viewCode[id]().catch(() => undefined);
}
