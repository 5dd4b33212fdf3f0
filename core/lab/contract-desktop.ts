/** What the desktop app's preload gives a page as `window.umbra`; a browser has none. */
export interface DesktopApi {
  /** Asks for a connection to the window's lab. The answer is a DesktopMessage. */
  connect(): void;
  /** Lets the user pick a lab file, and opens it in this window. */
  openLab(): void;
  /** Path of a file that was dropped or picked; empty for one that is on no disk. */
  pathOf(file: object): string;
}

/**
 * Comes to the page by `window.postMessage`, since a MessagePort can't pass the context bridge. `port`: the event's first port
 * speaks the contract. `no-lab`: the window has none yet. `stopped`: the host process ended; `connect` starts another.
 */
export type DesktopMessage =
  { readonly umbra: 'port' } | { readonly umbra: 'no-lab' } | { readonly umbra: 'stopped'; readonly code: number };
