/**
 * How things are shown on this machine: theme, separators, time. One value for the page, since every number that is formatted asks for
 * it; settings/SettingsView.vue changes it.
 */
import { reactive, watch } from 'vue';

export const themes = ['system', 'light', 'dark'] as const;
export const separators = { thin: '\u202f', comma: ',', none: '' } as const;
export const timeForms = ['relative', 'absolute', 'utc'] as const;

export interface Display {
  theme: (typeof themes)[number];
  /** Between thousands. */
  separator: keyof typeof separators;
  /** Of the timeline: since the first sample, in the capture's clock, or wall time where the capture says it. */
  time: (typeof timeForms)[number];
}

const STORE = 'umbra.display';
const initial: Display = { theme: 'system', separator: 'thin', time: 'relative' };

/** What of a stored text is a setting; the rest is as it is at first. */
export function readDisplay(text: string | null): Display {
  let given: Partial<Record<keyof Display, unknown>> = {};
  try {
    given = { ...(JSON.parse(text ?? '{}') as object) };
  } catch {
    // Somebody else's text.
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

const dark = () => window.matchMedia('(prefers-color-scheme: dark)');
const CHANGED = 'umbra-theme';

/** Puts the settings to work; to be called once, before anything is shown. */
export function applyDisplay(): void {
  const apply = () => {
    const theme = display.theme === 'system' ? (dark().matches ? 'dark' : 'light') : display.theme;
    if (document.documentElement.dataset['theme'] === theme) return;
    document.documentElement.dataset['theme'] = theme;
    window.dispatchEvent(new Event(CHANGED));
  };
  apply();
  dark().addEventListener('change', apply);
  watch(
    () => ({ ...display }),
    (now) => {
      localStorage.setItem(STORE, JSON.stringify(now));
      apply();
    },
  );
}

/** Calls back whenever colours change: by a setting, the system's theme, forced colours. Returns what ends it. */
export function onTheme(listener: () => void): () => void {
  const forced = window.matchMedia('(forced-colors: active)');
  window.addEventListener(CHANGED, listener);
  forced.addEventListener('change', listener);
  return () => {
    window.removeEventListener(CHANGED, listener);
    forced.removeEventListener('change', listener);
  };
}
