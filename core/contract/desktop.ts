/** What the desktop app and its pages say to each other. A page in a browser does without. */

/** The views by their ids in addresses, in the order of the rail and the menu. */
export const viewTitles = {
  home: 'Home',
  captures: 'Captures',
  timeline: 'Timeline',
  policies: 'Policies',
  blackouts: 'Blackouts',
  skew: 'Skew',
  code: 'Code',
  sql: 'SQL',
  report: 'Report',
  campaign: 'Campaign',
  settings: 'Settings',
} as const;
export type ViewId = keyof typeof viewTitles;
export const viewIds = Object.keys(viewTitles) as ViewId[];

/** The key of each view; with Ctrl in the menu if it is a digit other than 0, which resets the zoom there. */
export const viewKeys: Readonly<Record<ViewId, string>> = {
  ...{ home: '0', captures: '1', timeline: '2', policies: '3', blackouts: '4', skew: '5', code: '6', sql: '7' },
  ...{ report: '8', settings: '9', campaign: 'c' },
};

/**
 * How a window without a lab gets one: an existing lab, a new one, a new one of picked captures, or the example. A campaign is viewed in
 * whatever lab is open, or in one of the app's own.
 */
export const labWays = ['open', 'new', 'import', 'example', 'campaign'] as const;
export type LabWay = (typeof labWays)[number];

/** What the preload gives a page as `window.umbra`. */
export interface DesktopApi {
  /** Asks for a connection to the window's lab. The answer is a DesktopMessage. */
  connect(): void;
  /** Lets the user choose a lab, and opens it in this window. */
  openLab(how: LabWay): void;
  /** Opens labs, and imports captures into this window's lab. */
  openFiles(paths: readonly string[]): void;
  /** Path of a dropped or picked file; empty for one that isn't on disk. */
  pathOf(file: object): string;
  /** Asks where to, and prints a self-contained page there. False if the user cancelled. */
  savePdf(name: string, html: string): Promise<boolean>;
}

/** Menu commands to the page. */
export type PageCommand = 'commands' | 'keys' | 'example' | ViewId;

/**
 * Reaches the page by `window.postMessage`, since a MessagePort can't pass the context bridge. `port`: the event's first port
 * speaks the contract. `no-lab`: the window has none yet. `stopped`: the lab's process ended; a new port follows automatically after
 * `again` ms; without that, `connect` starts another. `files`: captures to import. `campaign`: a folder to view.
 */
export type DesktopMessage =
  | { readonly umbra: 'port' }
  | { readonly umbra: 'no-lab' }
  | { readonly umbra: 'stopped'; readonly code: number; readonly again?: number }
  | { readonly umbra: 'files'; readonly paths: readonly string[] }
  | { readonly umbra: 'campaign'; readonly folder: string }
  | { readonly umbra: 'do'; readonly command: PageCommand };
