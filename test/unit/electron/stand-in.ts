/** As much of Electron as the app's main and preload use, recording what they do. Driven by drive.ts. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import type { PortMain } from './ports.ts';
import type { Word } from './utility.ts';

export { MessageChannelMain } from './ports.ts';

type Handler = (request: { url: string }) => Response;
type Permission = (contents: unknown, permission: string, decide: (ok: boolean) => void) => void;
type BeforeRequest = (request: { url: string }, decide: (answer: { cancel: boolean }) => void) => void;

export interface MenuItem {
  readonly label?: string;
  readonly role?: string;
  readonly accelerator?: string;
  readonly enabled?: boolean;
  readonly submenu?: MenuItem[];
  readonly click?: () => void;
}

/** Everything that the driver asks about, and what dialogs answer. */
export const seen = {
  schemes: [] as unknown[],
  windows: [] as BrowserWindow[],
  menu: [] as MenuItem[],
  forks: [] as Forked[],
  recent: [] as string[],
  trash: [] as string[],
  exposed: new Map<string, unknown>(),
  lock: undefined as unknown,
  quits: 0,
  dialogs: [] as { kind: string; options: Record<string, unknown> }[],
  /** Answers of the open dialog, the save dialog, and the question whether to leave. */
  pick: [] as string[],
  save: '',
  choice: 0,
};

class Session {
  readonly handlers = new Map<string, Handler>();
  permission: Permission | undefined;
  beforeRequest: BeforeRequest | undefined;
  readonly protocol = { handle: (scheme: string, handler: Handler) => void this.handlers.set(scheme, handler) };
  readonly webRequest = { onBeforeRequest: (handler: BeforeRequest) => void (this.beforeRequest = handler) };
  setPermissionRequestHandler = (handler: Permission) => void (this.permission = handler);
  setPermissionCheckHandler = () => undefined;
  setDevicePermissionHandler = () => undefined;
}

export const session = {
  defaultSession: new Session(),
  partitions: new Map<string, Session>(),
  fromPartition(partition: string): Session {
    const own = this.partitions.get(partition) ?? new Session();
    this.partitions.set(partition, own);
    return own;
  },
};

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown[]) => void seen.schemes.push(...schemes),
  handle: session.defaultSession.protocol.handle,
};

class App extends EventEmitter {
  readonly isPackaged = false;
  readonly name = 'Umbra';
  isReady = () => true;
  whenReady = () => Promise.resolve();
  getPath = (name: string) => join(process.env['UMBRA_TEST_PROFILE']!, name === 'userData' ? '' : name);
  requestSingleInstanceLock(data: unknown): boolean {
    seen.lock = data;
    return process.env['UMBRA_TEST_SECOND'] === undefined;
  }
  addRecentDocument = (path: string) => void seen.recent.push(path);
  clearRecentDocuments = () => void seen.recent.splice(0);
  enableSandbox = () => undefined;
  showAboutPanel = () => undefined;
  quit = () => void seen.quits++;
}
export const app = new App();

export class WebContents extends EventEmitter {
  readonly mainFrame = { url: 'app://umbra/' };
  readonly sent: { channel: string; message: { umbra: string }; ports: PortMain[] }[] = [];
  readonly travelled: string[] = [];
  readonly navigationHistory = {
    goBack: () => void this.travelled.push('back'),
    goForward: () => void this.travelled.push('forward'),
  };
  readonly session: Session;
  openHandler: (() => { action: string }) | undefined;
  url = '';
  printed: Record<string, unknown> | undefined;

  constructor(own = session.defaultSession) {
    super();
    this.session = own;
  }

  postMessage(channel: string, message: { umbra: string }, ports: PortMain[] = []): void {
    this.sent.push({ channel, message, ports });
    this.emit('sent');
  }

  setWindowOpenHandler(handler: () => { action: string }): void {
    this.openHandler = handler;
  }

  /** What the page shows, as if that were a PDF. */
  async printToPDF(options: Record<string, unknown>): Promise<Buffer> {
    this.printed = options;
    const response = this.session.handlers.get(new URL(this.url).protocol.slice(0, -1))!({ url: this.url });
    return Buffer.from(`%PDF ${response.headers.get('Content-Security-Policy')} ${await response.text()}`);
  }
}

export class BrowserWindow extends EventEmitter {
  static getFocusedWindow = () => seen.windows.filter((w) => w.shown && !w.destroyed).at(-1);
  readonly webContents: WebContents;
  readonly options: Record<string, unknown>;
  title = '';
  focused = 0;
  shown: boolean;
  destroyed = false;

  constructor(options: Record<string, unknown>) {
    super();
    const names = seen.windows.filter((w) => !w.destroyed).map((w) => w.options['name']);
    if (options['name'] !== undefined && names.includes(options['name'])) throw new Error('the name is in use');
    this.options = options;
    this.shown = options['show'] !== false;
    this.webContents = new WebContents((options['webPreferences'] as { session?: Session }).session);
    seen.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  loadURL(url: string): Promise<void> {
    this.webContents.url = url;
    return Promise.resolve();
  }

  setTitle(title: string): void {
    this.title = title;
  }

  focus(): void {
    this.focused++;
  }

  show(): void {
    this.shown = true;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('closed');
  }

  getTitle = () => this.title;
  isDestroyed = () => this.destroyed;
  isMinimized = () => false;
  setRepresentedFilename = () => undefined;
}

/** A utility process as a Node child process: it ends as suddenly as Electron's, also within SQLite. Ports go through its channel. */
class Forked extends EventEmitter {
  readonly child: ChildProcess;
  readonly #ports: MessagePort[] = [];

  constructor(module: string) {
    super();
    const program = fileURLToPath(new URL('utility.ts', import.meta.url));
    this.child = fork(program, [pathToFileURL(module).href], { execArgv: [], serialization: 'advanced' });
    this.child.on('message', ({ data, port, closed }: Word) => {
      if (port === undefined) this.emit('message', data);
      else if (closed) this.#ports[port].close();
      else this.#ports[port].postMessage(data);
    });
    this.child.on('exit', (code) => {
      for (const port of this.#ports) port.close();
      this.emit('exit', code ?? 1);
    });
  }

  postMessage(data: unknown, ports: PortMain[] = []): void {
    const numbers = ports.map(({ inner }) => {
      const port = this.#ports.push(inner) - 1;
      inner.on('message', (word: unknown) => this.#send({ port, data: word }));
      inner.on('close', () => this.#send({ port, closed: true }));
      return port;
    });
    this.#send({ data, ports: numbers });
  }

  #send(word: Word): void {
    // It may be ending: messages it no longer gets are nobody's mistake.
    if (this.child.connected) this.child.send(word, () => undefined);
  }

  kill(): boolean {
    return this.child.kill('SIGKILL');
  }
}

export const utilityProcess = {
  fork(module: string): Forked {
    const forked = new Forked(module);
    seen.forks.push(forked);
    return forked;
  },
};

export const Menu = {
  buildFromTemplate: (template: MenuItem[]) => template,
  setApplicationMenu: (menu: MenuItem[]) => void (seen.menu = menu),
};

/** Dialogs come with their window or without. */
function asked(kind: string, args: readonly unknown[]): void {
  seen.dialogs.push({ kind, options: args.at(-1) as Record<string, unknown> });
}

export const dialog = {
  showOpenDialog(...args: unknown[]) {
    asked('open', args);
    return Promise.resolve({ canceled: !seen.pick.length, filePaths: seen.pick });
  },
  showSaveDialog(...args: unknown[]) {
    asked('save', args);
    return Promise.resolve({ canceled: !seen.save, filePath: seen.save });
  },
  showMessageBoxSync(...args: unknown[]) {
    asked('message', args);
    return seen.choice;
  },
  showErrorBox: (title: string, content: string) => asked('error', [{ title, content }]),
};

export const shell = {
  trashItem: (path: string) => Promise.resolve(void seen.trash.push(path)),
};

export const ipcMain = Object.assign(new EventEmitter(), {
  handlers: new Map<string, (event: unknown, ...args: unknown[]) => Promise<unknown>>(),
  handle(channel: string, handler: (event: unknown, ...args: unknown[]) => Promise<unknown>): void {
    this.handlers.set(channel, handler);
  },
});

/** For the preload. */
export const ipcRenderer = Object.assign(new EventEmitter(), {
  sent: [] as unknown[][],
  send(...args: unknown[]) {
    this.sent.push(args);
  },
  invoke(...args: unknown[]) {
    this.sent.push(args);
    return Promise.resolve(true);
  },
});
export const webUtils = { getPathForFile: (file: { path: string }) => file.path };
export const contextBridge = {
  exposeInMainWorld: (key: string, api: unknown) => void seen.exposed.set(key, api),
};
