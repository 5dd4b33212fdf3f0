/** The views, in the order of the rail. Each loads when first shown; views not listed here don't exist. */
import { defineAsyncComponent } from 'vue';
import type { Component } from 'vue';
import { viewKeys } from '../../core/contract/desktop.ts';
import type { ViewId } from '../state/selection.ts';
import { viewCode } from './view-code.ts';

export interface View {
  readonly id: ViewId;
  readonly title: string;
  readonly glyph: string;
  readonly component: Component;
}

export const views: readonly View[] = [
  {
    ...{ id: 'home', title: 'Home', glyph: '⌂' },
    component: defineAsyncComponent(viewCode.home),
  },
  {
    ...{ id: 'captures', title: 'Captures', glyph: '◫' },
    component: defineAsyncComponent(viewCode.captures),
  },
  {
    ...{ id: 'timeline', title: 'Timeline', glyph: '≋' },
    component: defineAsyncComponent(viewCode.timeline),
  },
  {
    ...{ id: 'policies', title: 'Policies', glyph: '⊞' },
    component: defineAsyncComponent(viewCode.policies),
  },
  {
    ...{ id: 'blackouts', title: 'Blackouts', glyph: '▬' },
    component: defineAsyncComponent(viewCode.blackouts),
  },
  {
    ...{ id: 'skew', title: 'Skew', glyph: '⇆' },
    component: defineAsyncComponent(viewCode.skew),
  },
  {
    ...{ id: 'code', title: 'Code', glyph: '⌸' },
    component: defineAsyncComponent(viewCode.code),
  },
  {
    ...{ id: 'sql', title: 'SQL', glyph: '›_' },
    component: defineAsyncComponent(viewCode.sql),
  },
  {
    ...{ id: 'report', title: 'Report', glyph: '▤' },
    component: defineAsyncComponent(viewCode.report),
  },
  {
    ...{ id: 'campaign', title: 'Campaign', glyph: '▦' },
    component: defineAsyncComponent(viewCode.campaign),
  },
  {
    ...{ id: 'settings', title: 'Settings', glyph: '⚙' },
    component: defineAsyncComponent(viewCode.settings),
  },
];

/** A view's key is the same whatever other views there are. */
export function keyOf(view: ViewId): string {
  return viewKeys[view];
}
