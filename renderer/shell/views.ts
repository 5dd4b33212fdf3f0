/** The views, in the order of the rail. Each loads when first shown; views not listed here don't exist. */
import { defineAsyncComponent } from 'vue';
import type { Component } from 'vue';
import { viewKeys } from '../../core/contract/desktop.ts';
import type { ViewId } from '../state/selection.ts';

export interface View {
  readonly id: ViewId;
  readonly title: string;
  readonly glyph: string;
  readonly component: Component;
}

export const views: readonly View[] = [
  {
    ...{ id: 'home', title: 'Home', glyph: '⌂' },
    component: defineAsyncComponent(() => import('../home/HomeView.vue')),
  },
  {
    ...{ id: 'captures', title: 'Captures', glyph: '◫' },
    component: defineAsyncComponent(() => import('../captures/CapturesView.vue')),
  },
  {
    ...{ id: 'timeline', title: 'Timeline', glyph: '≋' },
    component: defineAsyncComponent(() => import('../timeline/TimelineView.vue')),
  },
  {
    ...{ id: 'policies', title: 'Policies', glyph: '⊞' },
    component: defineAsyncComponent(() => import('../policies/PoliciesView.vue')),
  },
  {
    ...{ id: 'blackouts', title: 'Blackouts', glyph: '▬' },
    component: defineAsyncComponent(() => import('../blackouts/BlackoutsView.vue')),
  },
  {
    ...{ id: 'skew', title: 'Skew', glyph: '⇆' },
    component: defineAsyncComponent(() => import('../skew/SkewView.vue')),
  },
  {
    ...{ id: 'code', title: 'Code', glyph: '⌸' },
    component: defineAsyncComponent(() => import('../code/CodeView.vue')),
  },
  {
    ...{ id: 'sql', title: 'SQL', glyph: '›_' },
    component: defineAsyncComponent(() => import('../sql/SqlView.vue')),
  },
  {
    ...{ id: 'report', title: 'Report', glyph: '▤' },
    component: defineAsyncComponent(() => import('../report/ReportView.vue')),
  },
  {
    ...{ id: 'campaign', title: 'Campaign', glyph: '▦' },
    component: defineAsyncComponent(() => import('../campaign/CampaignView.vue')),
  },
  {
    ...{ id: 'settings', title: 'Settings', glyph: '⚙' },
    component: defineAsyncComponent(() => import('../settings/SettingsView.vue')),
  },
];

/** A view's key is the same whatever other views there are. */
export function keyOf(view: ViewId): string {
  return viewKeys[view];
}
