/** Applies the display settings, and notifies canvas drawing when colours change. */
import { watch } from 'vue';
import { display, STORE } from './display.ts';

const dark = () => window.matchMedia('(prefers-color-scheme: dark)');
const CHANGED = 'umbra-theme';

/** Applies the settings; call once, before anything is shown. */
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

/** Calls back whenever colours change: by a setting, the system's theme, forced colours. Returns a function that stops it. */
export function onTheme(listener: () => void): () => void {
  const forced = window.matchMedia('(forced-colors: active)');
  window.addEventListener(CHANGED, listener);
  forced.addEventListener('change', listener);
  return () => {
    window.removeEventListener(CHANGED, listener);
    forced.removeEventListener('change', listener);
  };
}
