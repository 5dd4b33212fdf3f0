import type { DesktopApi } from '../core/contract/desktop.ts';

declare global {
  interface Window {
    /** Set by the desktop app's preload; a browser has none. */
    readonly umbra?: DesktopApi;
  }
}
