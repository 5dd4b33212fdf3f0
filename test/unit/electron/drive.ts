/** Loads the built app on the stand-in, uses it, and prints what happened as JSON. `drive.ts LAB`; OTHER in UMBRA_TEST_OTHER. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, captureNames, connect, menuItem, told } from './page.ts';
import { app, BrowserWindow, ipcMain, ipcRenderer, seen, session, WebContents } from './stand-in.ts';

const other = process.env['UMBRA_TEST_OTHER']!;
const folder = process.env['UMBRA_TEST_PROFILE']!;
const out = new URL('../../../out/', import.meta.url);
const soon = () => new Promise((resolve) => setImmediate(resolve));
const real = globalThis.setTimeout;
/** Restarts wait for seconds; they need not here. */
const SPEED = 50;
globalThis.setTimeout = ((act: () => void, ms = 0) => real(act, ms / SPEED)) as typeof setTimeout;

await import(new URL('main/index.js', out).href);
await soon();

const [window] = seen.windows;
const contents = window.webContents;
const own = session.defaultSession;
const result: Record<string, unknown> = { scheme: seen.schemes, url: contents.url, options: window.options };

async function page(url: string) {
  const response = own.handlers.get('app')!({ url });
  const policy = response.headers.get('Content-Security-Policy');
  const type = response.headers.get('Content-Type');
  return { status: response.status, type, policy, text: (await response.text()).slice(0, 15) };
}
result['pages'] = {
  index: await page('app://umbra/'),
  outside: await page('app://umbra/..%2f..%2fpackage.json'),
  elsewhere: await page('app://other/index.html'),
};

function prevented(event: string, details: object = {}): boolean {
  let stopped = false;
  contents.emit(event, { ...details, preventDefault: () => (stopped = true) });
  return stopped;
}
function permitted(permission: string): boolean | undefined {
  let ok: boolean | undefined;
  own.permission?.(contents, permission, (answer) => (ok = answer));
  return ok;
}
function cancelled(url: string): boolean | undefined {
  let cancel: boolean | undefined;
  own.beforeRequest?.({ url }, (answer) => ({ cancel } = answer));
  return cancel;
}
const urls = [
  'https://example.com/',
  'file:///etc/passwd',
  'app://umbra.evil/',
  'app://umbra/index.html',
  'blob:app://umbra/1',
];
result['confinement'] = {
  navigation: ['will-navigate', 'will-redirect', 'will-attach-webview'].map((event) => prevented(event)),
  frames: ['https://example.com/', 'about:srcdoc'].map((url) => prevented('will-frame-navigate', { url })),
  open: contents.openHandler?.(),
  permissions: ['media', 'geolocation', 'clipboard-read', 'clipboard-sanitized-write'].map(permitted),
  cancelled: urls.map(cancelled),
};

// A frame within the page, and a page that isn't ours, get nothing.
const stranger = new WebContents();
ask(contents, { url: 'app://umbra/' });
ask(contents, null);
ask(stranger);
ask(stranger, stranger.mainFrame, 'umbra:open-files', [other]);
const savePdf = (sender: unknown, frame: unknown, name: unknown, html: unknown) =>
  ipcMain.handlers.get('umbra:save-pdf')!({ sender, senderFrame: frame }, name, html).catch((e: Error) => e.message);
result['strangers'] = {
  forks: seen.forks.length,
  windows: seen.windows.length,
  pdf: await savePdf(stranger, stranger.mainFrame, 'a.pdf', '<p>'),
};

result['names'] = await captureNames(connect(window));

/** A query in a process of its own, one that is cancelled, and one after that. */
const client = connect(window);
const query = (sql: string, signal?: AbortSignal) =>
  client.request('sql', { sql, limit: 10 }, { signal }).then(
    ({ rows }) => rows[0][0],
    (error: Error) => error.message,
  );
const first = await query('select count(*) from capture');
const cancel = new AbortController();
const endless = query('select count(*) from spe_sample a, spe_sample b, spe_sample c', cancel.signal);
cancel.abort();
result['asked'] = [first, await endless, await query('select 6 * 7')];
client.close();
result['queryProcesses'] = seen.forks.length - 1;

// Crash after crash: restarted, later each time, and not forever.
const crashes = [];
for (let i = 0; i < 4; i++) {
  const stopped = told(contents);
  seen.forks.findLast((fork) => fork.listenerCount('message') > 0)!.kill();
  crashes.push((await stopped).message);
  if (i < 3) crashes.push((await told(contents)).message);
}
result['crashes'] = crashes;
await new Promise((resolve) => real(resolve, 200));
result['quiet'] = contents.sent.at(-1)?.message;
result['again'] = await captureNames(connect(window));

// A page that crashes is loaded again.
contents.url = '';
contents.emit('render-process-gone', {}, { reason: 'oom' });
await new Promise((resolve) => real(resolve, 50));
result['reloaded'] = contents.url;
connect(window).close();

// Closing with a job running asks.
const leaving = () => prevented('will-prevent-unload');
seen.choice = 0;
const stays = leaving();
seen.choice = 1;
result['leaving'] = { stays, leaves: leaving(), asked: seen.dialogs.at(-1) };

// Labs by menu, by a second start, by drop: each in its own window.
const open = menuItem(seen.menu, 'File/Open Lab')!;
seen.pick = [other];
open.click?.();
await soon();
result['inOther'] = await captureNames(connect(seen.windows[1]));
app.emit('second-instance', {}, [], '/', { files: [other] });
const onceMore = seen.windows.length;
app.emit('second-instance', {}, [], '/', { files: [join(folder, 'b.umbra')] });
app.emit('second-instance', {}, [], '/', undefined);
ask(contents, contents.mainFrame, 'umbra:open-files', [join(folder, 'x.perf.data'), 7, '']);
await soon();
result['labs'] = {
  onceMore,
  titles: seen.windows.map((w) => w.title),
  names: seen.windows.map((w) => w.options['name']),
  focused: seen.windows.map((w) => w.focused > 0),
  handed: contents.sent.at(-1)?.message,
  recent: menuItem(seen.menu, 'File/Open Recent')?.submenu?.map((item) => item.label),
};

// The menu reaches the page in front, once it has asked for its lab.
const top = seen.windows[2];
top.show();
menuItem(seen.menu, 'View/Skew')?.click?.();
const before = top.webContents.sent.length;
connect(top).close();
menuItem(seen.menu, 'help/Keyboard Map')?.click?.();
menuItem(seen.menu, 'View/Back')?.click?.();
result['menu'] = {
  accelerators: [
    'File/New Lab',
    'File/Open Lab',
    'File/Import Captures',
    'View/Captures',
    'View/Report',
    'View/Back',
  ].map((path) => menuItem(seen.menu, path)?.accelerator),
  before,
  told: top.webContents.sent.map(({ message }) => message),
  travelled: top.webContents.travelled,
};
menuItem(seen.menu, 'File/Open Recent/Clear')?.click?.();
result['cleared'] = menuItem(seen.menu, 'File/Open Recent')?.enabled;

// A new lab: the file that it replaces goes to the trash, and the host makes it.
seen.save = join(folder, 'new');
ask(contents, contents.mainFrame, 'umbra:open-lab', 'new');
await soon();
await soon();
const made = seen.windows[3];
result['made'] = {
  names: await captureNames(connect(made)),
  exists: existsSync(join(folder, 'new.umbra')),
  title: made.title,
};
seen.save = other;
ask(contents, contents.mainFrame, 'umbra:open-lab', 'new');
ask(contents, contents.mainFrame, 'umbra:open-lab', 'format-disk');
await soon();
result['trash'] = seen.trash;

// A campaign's folder goes to the page that asked for it: its lab is open.
seen.pick = ['/campaigns/boards'];
ask(contents, contents.mainFrame, 'umbra:open-lab', 'campaign');
await soon();
await soon();
result['campaign'] = {
  asked: seen.dialogs.at(-1)?.options['properties'],
  told: seen.windows.map((w) => w.webContents.sent.at(-1)?.message).filter((message) => message?.umbra === 'campaign'),
};
seen.pick = [];

// A report as PDF, printed in a window that may do nothing.
seen.save = join(folder, 'report.pdf');
const saved = await savePdf(contents, contents.mainFrame, '../../evil/report.pdf', '<h1>Report</h1>');
const printer = seen.windows.find((w) => w.webContents.printed)!;
const prints = printer.webContents.session;
const loads = ['report://r1/', 'https://example.com/'].map((url) => {
  let cancel: boolean | undefined;
  prints.beforeRequest?.({ url }, (answer) => ({ cancel } = answer));
  return cancel;
});
const offered = seen.dialogs.at(-1)?.options['defaultPath'];
seen.save = '';
result['pdf'] = {
  ...{ saved, offered, text: readFileSync(join(folder, 'report.pdf'), 'utf8'), loads },
  ...{ shown: printer.shown, destroyed: printer.destroyed, options: printer.webContents.printed },
  preferences: { ...(printer.options['webPreferences'] as object), session: undefined },
  declined: await savePdf(contents, contents.mainFrame, 'report.pdf', '<h1>Report</h1>'),
};

// The preload
const posted: unknown[] = [];
Object.assign(globalThis, {
  window: { postMessage: (...args: unknown[]) => void posted.push(args) },
  location: { origin: 'app://umbra' },
});
await import(new URL('preload/index.cjs', out).href);
const api = seen.exposed.get('umbra') as Record<string, (...args: unknown[]) => unknown>;
const path = api['pathOf']({ path: '/captures/a.perf.data' });
api['connect']();
api['openLab']('new');
api['openFiles'](['/a']);
await api['savePdf']('r.pdf', '<p>');
ipcRenderer.emit('umbra:message', { ports: ['a port'] }, { umbra: 'port' });
result['preload'] = { api: Object.keys(api), path, sent: ipcRenderer.sent, posted };

// The engine ends with its window.
const processes = seen.forks.length;
for (const shown of seen.windows.filter((w: BrowserWindow) => !w.destroyed)) shown.destroy();
app.emit('window-all-closed');
result['end'] = { quits: seen.quits, more: seen.forks.length - processes };
process.stdout.write(JSON.stringify(result));
process.exit();
