/** A window, the lab in it, and the engine that serves that lab. */
import { basename, join } from 'node:path';
import { BrowserWindow, dialog } from 'electron';
import type { DesktopMessage } from '../../core/contract/desktop.ts';
import { channels } from '../ipc.ts';
import { ORIGIN } from './app-protocol.ts';
import { createBackOff } from './back-off.ts';
import { createEngine } from './engine.ts';
import type { Engine } from './engine.ts';

export interface LabWindow {
  readonly name: string;
  readonly window: BrowserWindow;
  /** Absolute path; undefined until one is opened. */
  lab(): string | undefined;
  /** Shows a lab in a window that has none. `create`: make the file if it doesn't exist. */
  open(lab: string, create?: boolean): void;
  /** Answers a page that asks for its lab; starts the engine if it isn't running. */
  connect(): void;
  /** Has the page do something as soon as it is connected to its lab. */
  send(message: Extract<DesktopMessage, { umbra: 'files' | 'do' | 'campaign' }>): void;
  front(): void;
}

/** @param name unique among open windows; the window's position and size are saved under it */
export function createLabWindow(name: string): LabWindow {
  const window = new BrowserWindow({
    name,
    // Electron saves bounds and mode, and fits them to the displays present.
    windowStatePersistence: true,
    width: 1360,
    height: 860,
    minWidth: 1024,
    minHeight: 700,
    show: false,
    title: 'Umbra',
    webPreferences: {
      preload: join(import.meta.dirname, '../preload/index.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  const contents = window.webContents;
  const reloads = createBackOff();
  const waiting: DesktopMessage[] = [];
  let lab: string | undefined;
  let create = false;
  let engine: Engine | undefined;
  /** The page has loaded and has asked for its lab. */
  let asked = false;

  const tell = (message: DesktopMessage, ports: Electron.MessagePortMain[] = []) => {
    if (!window.isDestroyed()) contents.postMessage(channels.message, message, ports);
  };
  const connect = () => {
    asked = true;
    if (lab === undefined) return tell({ umbra: 'no-lab' });
    const onStop = (code: number, again?: number) =>
      tell({ umbra: 'stopped', code, ...(again !== undefined && { again }) });
    engine ??= createEngine(lab, create, onStop, connect);
    tell({ umbra: 'port' }, [engine.connect()]);
    for (const message of waiting.splice(0)) tell(message);
  };
  const load = () => {
    asked = false;
    reloads.started();
    void window.loadURL(`${ORIGIN}/`);
  };

  window.once('ready-to-show', () => window.show());
  window.on('page-title-updated', (event) => event.preventDefault());
  window.on('closed', () => engine?.stop());
  contents.on('will-prevent-unload', (event) => {
    if (mayLeave(window)) event.preventDefault();
  });
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    const again = reloads.next();
    if (again === undefined) dialog.showErrorBox('Umbra', `The page of ${window.getTitle()} keeps ending: ${reason}.`);
    else setTimeout(() => !window.isDestroyed() && load(), again);
  });
  load();

  return {
    name,
    window,
    lab: () => lab,
    open(next, make = false) {
      [lab, create] = [next, make];
      window.setTitle(`${basename(next)} – Umbra`);
      window.setRepresentedFilename(next);
      if (asked) connect();
    },
    connect,
    send(message) {
      if (asked && lab !== undefined) tell(message);
      else waiting.push(message);
    },
    front() {
      if (window.isMinimized()) window.restore();
      window.focus();
    },
  };
}

/** A page with a job running refuses to close: Electron would keep the window open without saying why. */
function mayLeave(window: BrowserWindow): boolean {
  const choice = dialog.showMessageBoxSync(window, {
    type: 'warning',
    message: 'A job is still running',
    detail: 'Ended now, it leaves the lab as it was before.',
    buttons: ['Keep It Running', 'End the Job'],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  });
  return choice === 1;
}
