/** The open windows and what is open in them: one window per lab; a window without a lab takes the next one. */
import { basename, extname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { app, BrowserWindow, dialog, shell } from 'electron';
import type { LabWay, PageCommand } from '../../core/contract/desktop.ts';
import { createLabWindow } from './lab-window.ts';
import type { LabWindow } from './lab-window.ts';
import type { Recent } from './recent.ts';

export interface Labs {
  /** By its page; undefined if the page isn't ours. */
  of(contents: Electron.WebContents): LabWindow | undefined;
  /** The window in front, if any. */
  focused(): LabWindow | undefined;
  /** Opens a window without a lab, unless there is a window already. */
  show(): void;
  openLab(lab: string, from?: LabWindow, create?: boolean): LabWindow;
  /** Opens labs in windows; other files are captures, for the lab of `from`. */
  openFiles(paths: readonly string[], from?: LabWindow): void;
  /** Asks for what is needed, then opens it. */
  choose(how: LabWay, from?: LabWindow): Promise<void>;
  /** Has the page in front do something. */
  command(command: PageCommand): void;
}

const LAB = { name: 'Umbra lab', extensions: ['umbra'] };

/** @param onOpen called after a lab is opened: the list of recent labs has changed */
export function createLabs(recent: Recent, onOpen: () => void): Labs {
  const windows = new Set<LabWindow>();
  const focused = () => [...windows].find((w) => w.window === BrowserWindow.getFocusedWindow()) ?? [...windows].at(-1);

  const openWindow = (): LabWindow => {
    const taken = new Set([...windows].map((w) => w.name));
    let n = 1;
    while (taken.has(`lab ${n}`)) n++;
    const made = createLabWindow(`lab ${n}`);
    windows.add(made);
    made.window.on('closed', () => windows.delete(made));
    return made;
  };
  const openLab = (lab: string, from?: LabWindow, create = false): LabWindow => {
    const all = [...windows];
    const empty = from?.lab() === undefined ? from : undefined;
    const shown = all.find((w) => w.lab() === lab);
    const target = shown ?? empty ?? all.find((w) => w.lab() === undefined) ?? openWindow();
    if (!shown) target.open(lab, create);
    target.front();
    recent.add(lab);
    onOpen();
    return target;
  };
  const pick = async (title: string, filters: Electron.FileFilter[], several: boolean, from?: LabWindow) => {
    const options: Electron.OpenDialogOptions = {
      ...{ title, filters, properties: several ? ['openFile', 'multiSelections'] : ['openFile'] },
    };
    const { filePaths } = await (from ? dialog.showOpenDialog(from.window, options) : dialog.showOpenDialog(options));
    return filePaths;
  };
  /** Asks where a new lab goes. A file it replaces goes to the trash. */
  const newLab = async (suggested: string, from?: LabWindow): Promise<string | undefined> => {
    const options: Electron.SaveDialogOptions = {
      ...{ title: 'New Lab', defaultPath: suggested, filters: [LAB], properties: ['showOverwriteConfirmation'] },
    };
    const { filePath } = await (from ? dialog.showSaveDialog(from.window, options) : dialog.showSaveDialog(options));
    if (!filePath) return undefined;
    const lab = extname(filePath) ? filePath : `${filePath}.umbra`;
    if (existsSync(lab)) await shell.trashItem(lab);
    return lab;
  };
  const importInto = async (captures: readonly string[], from?: LabWindow) => {
    let target = from;
    if (target?.lab() === undefined) {
      const lab = await newLab(`${basename(captures[0]).replace(/\.(perf\.data|trace\.dat|\w+)$/, '')}.umbra`, from);
      if (lab === undefined) return;
      target = openLab(lab, from, true);
    }
    target.front();
    target.send({ umbra: 'files', paths: captures });
  };

  const labs: Labs = {
    of: (contents) => [...windows].find((w) => w.window.webContents === contents),
    focused,
    show() {
      const shown = focused() ?? openWindow();
      shown.front();
    },
    openLab,
    openFiles(paths, from = focused()) {
      const isLab = (path: string) => extname(path).toLowerCase() === '.umbra';
      const target = paths.filter(isLab).reduce<LabWindow | undefined>((into, lab) => openLab(lab, into), from);
      const captures = paths.filter((path) => !isLab(path));
      if (captures.length) void importInto(captures, target);
    },
    async choose(how, from = focused()) {
      switch (how) {
        case 'open': {
          const [lab] = await pick('Open Lab', [LAB], false, from);
          if (lab !== undefined) openLab(lab, from);
          return;
        }
        case 'new': {
          const lab = await newLab('lab.umbra', from);
          if (lab !== undefined) openLab(lab, from, true);
          return;
        }
        case 'import': {
          const captures = await pick('Import Captures', [{ name: 'All files', extensions: ['*'] }], true, from);
          if (captures.length) labs.openFiles(captures, from);
          return;
        }
        case 'campaign': {
          const options: Electron.OpenDialogOptions = { title: 'Open Campaign', properties: ['openDirectory'] };
          const { filePaths } = await (from
            ? dialog.showOpenDialog(from.window, options)
            : dialog.showOpenDialog(options));
          if (!filePaths[0]) return;
          // Its pages belong to a lab's process: without a lab, to that of one of the app's own.
          const shown =
            from?.lab() === undefined ? openLab(join(app.getPath('userData'), 'campaigns.umbra'), from, true) : from;
          shown.front();
          return shown.send({ umbra: 'campaign', folder: filePaths[0] });
        }
        case 'example': {
          // Created by the page's own job, in one of the app's own labs: nothing to ask.
          const shown = openLab(join(app.getPath('userData'), 'example.umbra'), from, true);
          return shown.send({ umbra: 'do', command: 'example' });
        }
      }
    },
    command: (command) => focused()?.send({ umbra: 'do', command }),
  };
  return labs;
}
