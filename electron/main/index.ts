/// <reference types="electron-vite/node" />
/** The desktop app: one instance, one window per lab. No domain code here: that is in the process behind each window. */
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { app, dialog, ipcMain } from 'electron';
import { labWays } from '../../core/contract/desktop.ts';
import type { LabWay } from '../../core/contract/desktop.ts';
import { channels } from '../ipc.ts';
import { registerScheme, serveApp } from './app-protocol.ts';
import { confinePages, isOwnPage } from './confine.ts';
import { filesOf } from './files.ts';
import type { LabWindow } from './lab-window.ts';
import { createLabs } from './labs.ts';
import type { Labs } from './labs.ts';
import { setMenu } from './menu.ts';
import { createPrinter, MAX_HTML } from './print-pdf.ts';
import { createRecent } from './recent.ts';

/** @param given files from the command line */
function start(given: readonly string[]): void {
  const recent = createRecent(join(app.getPath('userData'), 'recent.json'));
  const menu = () =>
    setMenu(
      {
        choose: (how) => void labs.choose(how),
        open: (lab) => labs.openLab(lab),
        command: labs.command,
        travel(where) {
          const history = labs.focused()?.window.webContents.navigationHistory;
          if (where === 'back') history?.goBack();
          else history?.goForward();
        },
        clearRecent() {
          recent.clear();
          menu();
        },
      },
      recent.list(),
    );
  const labs: Labs = createLabs(recent, menu);
  const files = [...given];

  app.on('second-instance', (_event, _argv, _directory, more) => {
    const paths = readPaths((more as { files?: unknown } | undefined)?.files);
    if (paths.length) labs.openFiles(paths);
    else labs.show();
  });
  // macOS: also before the app is ready.
  app.on('open-file', (event, file) => {
    event.preventDefault();
    if (app.isReady()) labs.openFiles([file]);
    else files.push(file);
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });

  void app.whenReady().then(() => {
    confinePages();
    serveApp(join(import.meta.dirname, '../renderer'));
    serveWindows(labs);
    menu();
    const [last] = recent.list();
    if (files.length) labs.openFiles(files);
    else if (last !== undefined) labs.openLab(last);
    labs.show();
    app.on('activate', labs.show);
  });
}

/** What pages may request; any sender that isn't one of our pages gets nothing. */
function serveWindows(labs: Labs): void {
  const print = createPrinter();
  const from = (event: Electron.IpcMainEvent | Electron.IpcMainInvokeEvent): LabWindow | undefined =>
    isOwnPage(event.sender, event.senderFrame) ? labs.of(event.sender) : undefined;

  ipcMain.on(channels.connect, (event) => from(event)?.connect());
  ipcMain.on(channels.openLab, (event, how: unknown) => {
    const own = from(event);
    if (own && labWays.includes(how as LabWay)) void labs.choose(how as LabWay, own);
  });
  ipcMain.on(channels.openFiles, (event, paths: unknown) => {
    const own = from(event);
    if (own) labs.openFiles(readPaths(paths), own);
  });
  ipcMain.handle(channels.savePdf, async (event, name: unknown, html: unknown): Promise<boolean> => {
    const own = from(event);
    if (!own || typeof name !== 'string' || typeof html !== 'string' || html.length > MAX_HTML) {
      throw new Error('not a report');
    }
    const { filePath } = await dialog.showSaveDialog(own.window, {
      title: 'Save Report',
      defaultPath: join(dirname(own.lab() ?? app.getPath('documents')), basename(name)),
      filters: [{ name: 'PDF', extensions: ['pdf'] }],
    });
    if (!filePath) return false;
    await writeFile(filePath, await print(html));
    return true;
  });
}

function readPaths(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((path) => typeof path === 'string' && path !== '').slice(0, 64) : [];
}

app.enableSandbox();
registerScheme();
const files = filesOf(process.argv, process.cwd(), app.isPackaged);
if (app.requestSingleInstanceLock({ files })) start(files);
else app.quit();
