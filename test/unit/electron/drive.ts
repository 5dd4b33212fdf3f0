/** Loads the built app on the stand-in, uses it, and prints what happened as JSON. `drive.ts LAB OTHER_LAB`. */
import { once } from 'node:events';
import { createClient } from '../../../core/lab/contract-client.ts';
import type { Client } from '../../../core/lab/contract-client.ts';
import type { PortMain } from './ports.ts';
import { app, ipcMain, ipcRenderer, seen, WebContents } from './stand-in.ts';

const other = process.argv[3];
const out = new URL('../../../out/', import.meta.url);
await import(new URL('main/index.js', out).href);
await new Promise((resolve) => setImmediate(resolve));

const [window] = seen.windows;
const contents = window.webContents;
const ask = (sender: unknown, senderFrame: unknown) => ipcMain.emit('umbra:connect', { sender, senderFrame });

/** What main sends to the page next. */
async function told() {
  await once(contents, 'sent');
  return contents.sent.at(-1)!;
}

function clientOf(port: PortMain): Client {
  const client = createClient({
    send: (message) => port.postMessage(message),
    onMessage: (listener) => port.on('message', ({ data }: { data: unknown }) => listener(data)),
    onClose: () => undefined,
    close: () => port.close(),
  });
  port.start();
  return client;
}

async function captureNames(port: PortMain): Promise<string[]> {
  const client = clientOf(port);
  const captures = await client.request('captures', {});
  client.close();
  return captures.map((c) => c.name);
}

/** A query in a process of its own, one that is cancelled, and one after that. */
async function queries(port: PortMain) {
  const client = clientOf(port);
  const ask = (sql: string, signal?: AbortSignal) =>
    client.request('sql', { sql, limit: 10 }, { signal }).then(
      ({ rows }) => rows[0][0],
      (error: Error) => error.message,
    );
  const first = await ask('select count(*) from capture');
  const cancel = new AbortController();
  // Rows out of JavaScript: what the stand-in's threads can be ended in.
  const endless = ask('select count(*) from spe_sample a, spe_sample b, spe_sample c', cancel.signal);
  cancel.abort();
  const answers = [first, await endless, await ask('select 6 * 7')];
  client.close();
  return answers;
}

async function page(url: string) {
  const response = seen.handlers.get('app')!({ url });
  const policy = response.headers.get('Content-Security-Policy');
  return {
    status: response.status,
    type: response.headers.get('Content-Type'),
    policy,
    text: (await response.text()).slice(0, 15),
  };
}

function prevented(event: string): boolean {
  let stopped = false;
  contents.emit(event, { preventDefault: () => (stopped = true) });
  return stopped;
}

function permitted(permission: string): boolean | undefined {
  let ok: boolean | undefined;
  seen.permission?.(contents, permission, (answer) => (ok = answer));
  return ok;
}

function cancelled(url: string): boolean | undefined {
  let cancel: boolean | undefined;
  seen.beforeRequest?.({ url }, (answer) => ({ cancel } = answer));
  return cancel;
}

const confinement = {
  navigation: ['will-navigate', 'will-redirect', 'will-attach-webview'].map(prevented),
  open: contents.openHandler?.(),
  permissions: ['media', 'geolocation', 'clipboard-read', 'clipboard-sanitized-write'].map(permitted),
  cancelled: ['https://example.com/', 'file:///etc/passwd', 'app://umbra.evil/', 'app://umbra/index.html'].map(
    cancelled,
  ),
};

// A frame within the page, and a page that isn't ours, get nothing.
ask(contents, { url: 'app://umbra/' });
ask(contents, null);
ask(new WebContents(), contents.mainFrame);
const strangers = seen.forks.length;

ask(contents, contents.mainFrame);
const port = contents.sent.at(-1)!;
const names = await captureNames(port.ports[0]);

ask(contents, contents.mainFrame);
const asked = await queries(contents.sent.at(-1)!.ports[0]);
const queryProcesses = seen.forks.length - 1;

const stopped = told();
await seen.forks[0].worker.terminate();
const crash = (await stopped).message;
ask(contents, contents.mainFrame);
const again = await captureNames(contents.sent.at(-1)!.ports[0]);

seen.pick = [other];
seen.menu
  .find((m) => m.label === '&File')
  ?.submenu?.find((item) => item.label?.startsWith('&Open'))
  ?.click?.();
await new Promise((resolve) => setImmediate(resolve));
const picked = window.title;
ask(contents, contents.mainFrame);
const inOther = await captureNames(contents.sent.at(-1)!.ports[0]);
app.emit('second-instance', {}, ['umbra', '.', other], '/');
const onceMore = seen.windows.length;
app.emit('second-instance', {}, ['umbra', '--flag', '.', 'b.umbra'], '/labs');

// The preload
const posted: unknown[] = [];
Object.assign(globalThis, {
  window: { postMessage: (...args: unknown[]) => void posted.push(args) },
  location: { origin: 'app://umbra' },
});
await import(new URL('preload/index.cjs', out).href);
const api = seen.exposed.get('umbra') as Record<string, (file: object) => unknown>;
const answers = Object.values(api).map((call) => call({ path: '/captures/a.perf.data' }));
ipcRenderer.emit('umbra:message', { ports: ['a port'] }, { umbra: 'port' });

process.stdout.write(
  JSON.stringify({
    scheme: seen.schemes[0],
    url: window.url,
    webPreferences: window.options['webPreferences'],
    pages: {
      index: await page('app://umbra/'),
      outside: await page('app://umbra/..%2f..%2fpackage.json'),
      elsewhere: await page('app://other/index.html'),
    },
    ...{
      confinement,
      strangers,
      port: port.message,
      names,
      asked,
      queryProcesses,
      crash,
      again,
      picked,
      inOther,
      onceMore,
    },
    recent: seen.recent,
    titles: seen.windows.map((w) => w.title),
    preload: { api: Object.keys(api), path: answers[2], sent: ipcRenderer.sent, posted },
  }),
);
process.exit();
