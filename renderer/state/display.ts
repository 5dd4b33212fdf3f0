/**
 * How things are shown on this machine: theme, separators, time. One value for the page, since every formatted number needs
 * it; settings/SettingsView.vue changes it.
 */
import { reactive } from 'vue';

export const themes = ['system', 'light', 'dark'] as const;
export const separators = { thin: '\u202f', comma: ',', none: '' } as const;
export const timeForms = ['relative', 'absolute'] as const;

export interface Display {
  theme: (typeof themes)[number];
  /** Between thousands. */
  separator: keyof typeof separators;
  /** Of the timeline: since the first sample, or in the capture's clock. */
  time: (typeof timeForms)[number];
}

export const STORE = 'umbra.display';
const initial: Display = { theme: 'system', separator: 'thin', time: 'relative' };

/** The valid settings in a stored text; the others get their defaults. */
export function readDisplay(text: string | null): Display {
  let given: Partial<Record<keyof Display, unknown>> = {};
  try {
    given = { ...(JSON.parse(text ?? '{}') as object) };
  } catch {
    // Not our text.
  }
  return {
    theme: themes.find((t) => t === given.theme) ?? initial.theme,
    separator:
      (Object.keys(separators) as Display['separator'][]).find((s) => s === given.separator) ?? initial.separator,
    time: timeForms.find((t) => t === given.time) ?? initial.time,
  };
}

export const display: Display = reactive(
  readDisplay(typeof localStorage === 'undefined' ? null : localStorage.getItem(STORE)),
);
