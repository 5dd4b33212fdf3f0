/** Runs sandboxed before the page: hands over connections to the lab, and nothing else of Electron. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { DesktopApi } from '../../core/contract/desktop.ts';
import { channels } from '../ipc.ts';

declare const window: { postMessage(message: unknown, origin: string, transfer: readonly unknown[]): void };
declare const location: { readonly origin: string };

const api: DesktopApi = {
  connect: () => ipcRenderer.send(channels.connect),
  openLab: (how) => ipcRenderer.send(channels.openLab, how),
  openFiles: (paths) => ipcRenderer.send(channels.openFiles, paths),
  pathOf: (file) => webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]),
  savePdf: (name, html) => ipcRenderer.invoke(channels.savePdf, name, html) as Promise<boolean>,
};
contextBridge.exposeInMainWorld('umbra', api);

ipcRenderer.on(channels.message, (event, message: unknown) => {
  window.postMessage(message, location.origin, event.ports);
});
