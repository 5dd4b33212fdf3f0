/** The native menu. */
import { basename } from 'node:path';
import { app, Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';
import { viewIds, viewKeys, viewTitles } from '../../core/contract/desktop.ts';
import type { LabWay, PageCommand } from '../../core/contract/desktop.ts';

export interface MenuActions {
  choose(how: LabWay): void;
  open(lab: string): void;
  /** Asks the page in front. */
  command(command: PageCommand): void;
  /** Steps through the history of the window in front. */
  travel(where: 'back' | 'forward'): void;
  clearRecent(): void;
}

/** @param recent labs, newest first */
export function setMenu(actions: MenuActions, recent: readonly string[]): void {
  const mac = process.platform === 'darwin';
  const { choose, command, travel } = actions;
  const openRecent: MenuItemConstructorOptions = {
    label: 'Open &Recent',
    enabled: recent.length > 0,
    submenu: [
      ...recent.map((lab) => ({ label: basename(lab), sublabel: lab, click: () => actions.open(lab) })),
      { type: 'separator' },
      { label: '&Clear', click: actions.clearRecent },
    ],
  };
  const views = viewIds.map((id) => ({
    // Home has no menu accelerator: Ctrl+0 resets the zoom.
    ...(/[1-9]/.test(viewKeys[id]) && { accelerator: `CmdOrCtrl+${viewKeys[id]}` }),
    ...{ label: viewTitles[id], click: () => command(id) },
  }));
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        { label: '&New Lab…', accelerator: 'CmdOrCtrl+N', click: () => choose('new') },
        { label: '&Open Lab…', accelerator: 'CmdOrCtrl+O', click: () => choose('open') },
        openRecent,
        { type: 'separator' },
        { label: '&Import Captures…', accelerator: 'CmdOrCtrl+I', click: () => choose('import') },
        { label: 'Open &Campaign…', click: () => choose('campaign') },
        { label: 'Open the &Example', click: () => choose('example') },
        { type: 'separator' },
        { role: 'close' },
        ...(mac ? [] : [{ role: 'quit' } as const]),
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        ...views,
        { type: 'separator' },
        { label: '&Back', accelerator: mac ? 'Cmd+[' : 'Alt+Left', click: () => travel('back') },
        { label: '&Forward', accelerator: mac ? 'Cmd+]' : 'Alt+Right', click: () => travel('forward') },
        { label: '&Go To…', accelerator: 'CmdOrCtrl+K', click: () => command('commands') },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        { type: 'separator' },
        { role: 'reload' },
        { role: 'toggleDevTools' },
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        { label: '&Keyboard Map', click: () => command('keys') },
        ...(mac ? [] : [{ label: `&About ${app.name}`, click: () => app.showAboutPanel() }]),
      ],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
