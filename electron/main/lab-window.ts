/** A window, the lab in it, and the process that serves that lab. */
import { basename, join } from 'node:path';
import { BrowserWindow, MessageChannelMain, utilityProcess } from 'electron';
import type { UtilityProcess } from 'electron';
import jobWorkerPath from '../../core/host/job-worker.ts?modulePath';
import hostPath from '../../core/host/utility.ts?modulePath';
import type { DesktopMessage } from '../../core/lab/contract-desktop.ts';
import { channels } from '../ipc.ts';
import { ORIGIN } from './app-protocol.ts';
import { serveQueryProcesses } from './query-processes.ts';

export interface LabWindow {
  readonly window: BrowserWindow;
  /** Absolute path; undefined until one is opened. */
  lab(): string | undefined;
  /** Shows another lab, in a process of its own. */
  open(lab: string): void;
  /** Answers a page that asks for its lab; starts the host if none runs. */
  connect(): void;
}

export function createLabWindow(lab: string | undefined): LabWindow {
  const window = new BrowserWindow({
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
  let current = lab;
  let host: UtilityProcess | undefined;

  const tell = (message: DesktopMessage, ports: Electron.MessagePortMain[] = []) => {
    if (!window.isDestroyed()) window.webContents.postMessage(channels.message, message, ports);
  };
  const stop = () => {
    const old = host;
    host = undefined;
    old?.kill();
  };
  const start = () => {
    const started = utilityProcess.fork(hostPath, [], { serviceName: 'Umbra lab' });
    serveQueryProcesses(started);
    // One that we ended ourselves is no longer `host`: only the others are worth telling.
    started.on('exit', (code) => {
      if (host !== started) return;
      host = undefined;
      tell({ umbra: 'stopped', code });
    });
    return started;
  };
  const load = () => {
    window.setTitle(current ? `${basename(current)} – Umbra` : 'Umbra');
    window.setRepresentedFilename(current ?? '');
    void window.loadURL(`${ORIGIN}/`);
  };

  window.once('ready-to-show', () => window.show());
  window.on('page-title-updated', (event) => event.preventDefault());
  window.on('closed', stop);
  load();

  return {
    window,
    lab: () => current,
    open(next) {
      stop();
      current = next;
      load();
    },
    connect() {
      if (current === undefined) return tell({ umbra: 'no-lab' });
      host ??= start();
      const { port1, port2 } = new MessageChannelMain();
      host.postMessage({ type: 'connect', lab: current, jobWorker: jobWorkerPath }, [port1]);
      tell({ umbra: 'port' }, [port2]);
    },
  };
}
