/** The desktop app: one instance, a window a lab. No domain code here: that is in the process behind each window. */
import { join, resolve } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain } from 'electron';
import { channels } from '../ipc.ts';
import { registerScheme, serveApp } from './app-protocol.ts';
import { confinePages, isOwnPage } from './confine.ts';
import { createLabWindow } from './lab-window.ts';
import type { LabWindow } from './lab-window.ts';
import { setMenu } from './menu.ts';

/**
 * The lab named on a command line: the first word after the program (and, unpackaged, the app's path). Switches are no words,
 * wherever they stand: Chromium moves its own to the front.
 */
function labArgument(argv: readonly string[], directory: string): string | undefined {
  const word = argv.filter((w) => !w.startsWith('-'))[app.isPackaged ? 1 : 2];
  return word === undefined ? undefined : resolve(directory, word);
}

function start(): void {
  const windows = new Set<LabWindow>();
  let opened: string | undefined;

  const openWindow = (lab?: string): LabWindow => {
    const made = createLabWindow(lab);
    windows.add(made);
    made.window.on('closed', () => windows.delete(made));
    return made;
  };
  /** Each lab has one window; a window without a lab takes the next one. */
  const openLab = (lab: string, into?: LabWindow) => {
    app.addRecentDocument(lab);
    const all = [...windows];
    const shown = all.find((w) => w.lab() === lab);
    const target = shown ?? into ?? all.find((w) => w.lab() === undefined);
    if (target && !shown) target.open(lab);
    const { window } = target ?? openWindow(lab);
    if (window.isMinimized()) window.restore();
    window.focus();
  };
  const pickLab = async (into?: LabWindow) => {
    const options: Electron.OpenDialogOptions = {
      title: 'Open Lab',
      properties: ['openFile'],
      filters: [{ name: 'Umbra lab', extensions: ['umbra'] }],
    };
    const { filePaths } = await (into ? dialog.showOpenDialog(into.window, options) : dialog.showOpenDialog(options));
    if (filePaths[0] !== undefined) openLab(filePaths[0], into);
  };
  const focused = () => [...windows].find((w) => w.window === BrowserWindow.getFocusedWindow());
  const senderOf = (event: Electron.IpcMainEvent) =>
    isOwnPage(event.sender, event.senderFrame)
      ? [...windows].find((w) => w.window.webContents === event.sender)
      : undefined;

  ipcMain.on(channels.connect, (event) => senderOf(event)?.connect());
  ipcMain.on(channels.openLab, (event) => {
    const from = senderOf(event);
    if (from) void pickLab(from);
  });
  app.on('second-instance', (_event, argv, directory) => {
    const lab = labArgument(argv, directory);
    if (lab !== undefined) openLab(lab);
    else [...windows][0]?.window.focus();
  });
  app.on('open-file', (event, lab) => {
    event.preventDefault();
    if (app.isReady()) openLab(lab);
    else opened = lab;
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });

  void app.whenReady().then(() => {
    confinePages();
    serveApp(join(import.meta.dirname, '../renderer'));
    setMenu(() => void pickLab(focused()));
    const lab = opened ?? labArgument(process.argv, process.cwd());
    if (lab === undefined) openWindow();
    else openLab(lab);
    app.on('activate', () => {
      if (!windows.size) openWindow();
    });
  });
}

app.enableSandbox();
registerScheme();
if (app.requestSingleInstanceLock()) start();
else app.quit();
