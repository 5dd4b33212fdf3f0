/** As much of Electron as the app's main and preload use, recording what they do. Driven by drive.ts. */
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PortMain } from './ports.ts';

export { MessageChannelMain } from './ports.ts';

/** Everything that the driver asks about. */
export const seen = {
  schemes: [] as unknown[],
  handlers: new Map<string, (request: { url: string }) => Response>(),
  windows: [] as BrowserWindow[],
  menu: [] as { label?: string; submenu?: { label?: string; click?: () => void }[] }[],
  forks: [] as Forked[],
  recent: [] as string[],
  exposed: new Map<string, unknown>(),
  pick: [] as string[],
  permission: undefined as ((contents: unknown, permission: string, decide: (ok: boolean) => void) => void) | undefined,
  beforeRequest: undefined as
    ((request: { url: string }, decide: (answer: { cancel: boolean }) => void) => void) | undefined,
};

class App extends EventEmitter {
  readonly isPackaged = false;
  isReady = () => true;
  whenReady = () => Promise.resolve();
  requestSingleInstanceLock = () => true;
  addRecentDocument = (path: string) => void seen.recent.push(path);
  enableSandbox = () => undefined;
  quit = () => undefined;
}
export const app = new App();

export class WebContents extends EventEmitter {
  readonly mainFrame = { url: 'app://umbra/' };
  readonly sent: { channel: string; message: { umbra: string }; ports: PortMain[] }[] = [];
  openHandler: (() => { action: string }) | undefined;

  postMessage(channel: string, message: { umbra: string }, ports: PortMain[] = []): void {
    this.sent.push({ channel, message, ports });
    this.emit('sent');
  }

  setWindowOpenHandler(handler: () => { action: string }): void {
    this.openHandler = handler;
  }
}

export class BrowserWindow extends EventEmitter {
  static getFocusedWindow = () => seen.windows.at(-1);
  readonly webContents = new WebContents();
  readonly options: Record<string, unknown>;
  url = '';
  title = '';
  focused = 0;

  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
    seen.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  loadURL(url: string): Promise<void> {
    this.url = url;
    return Promise.resolve();
  }

  setTitle(title: string): void {
    this.title = title;
  }

  focus(): void {
    this.focused++;
  }

  isDestroyed = () => false;
  isMinimized = () => false;
  setRepresentedFilename = () => undefined;
  show = () => undefined;
}

/** The host's own module, in a thread instead of a process. */
class Forked extends EventEmitter {
  readonly worker: Worker;

  constructor(module: string) {
    super();
    this.worker = new Worker(new URL('utility-worker.ts', import.meta.url), {
      workerData: { module: pathToFileURL(module).href },
    });
    this.worker.on('exit', (code) => this.emit('exit', code));
    this.worker.on('message', (message: unknown) => this.emit('message', message));
  }

  postMessage(message: unknown, ports: PortMain[] = []): void {
    const inner = ports.map((port) => port.inner);
    this.worker.postMessage({ message, ports: inner }, inner);
  }

  kill(): boolean {
    void this.worker.terminate();
    return true;
  }
}

export const utilityProcess = {
  fork(module: string): Forked {
    const forked = new Forked(module);
    seen.forks.push(forked);
    return forked;
  },
};

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown[]) => void seen.schemes.push(...schemes),
  handle: (scheme: string, handler: (request: { url: string }) => Response) => void seen.handlers.set(scheme, handler),
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: typeof seen.permission) => (seen.permission = handler),
    setPermissionCheckHandler: () => undefined,
    setDevicePermissionHandler: () => undefined,
    webRequest: { onBeforeRequest: (handler: typeof seen.beforeRequest) => (seen.beforeRequest = handler) },
  },
};

export const Menu = {
  buildFromTemplate: (template: typeof seen.menu) => template,
  setApplicationMenu: (menu: typeof seen.menu) => void (seen.menu = menu),
};

export const dialog = {
  showOpenDialog: () => Promise.resolve({ canceled: !seen.pick.length, filePaths: seen.pick }),
};

export const ipcMain = new EventEmitter();

/** For the preload. */
export const ipcRenderer = Object.assign(new EventEmitter(), {
  sent: [] as string[],
  send(channel: string) {
    this.sent.push(channel);
  },
});
export const webUtils = { getPathForFile: (file: { path: string }) => file.path };
export const contextBridge = {
  exposeInMainWorld: (key: string, api: unknown) => void seen.exposed.set(key, api),
};
