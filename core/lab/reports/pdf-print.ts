/**
 * A program, run by pdf.ts, that prints one page with Chromium over its DevTools pipe. Chromium's own --print-to-pdf hangs in builds
 * without its headless resources (chrome-headless-shell of some packages), numbers no pages and writes no outline.
 *
 *     node pdf-print.ts CHROMIUM PAGE.html PROFILE FILE.pdf
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const [chromium, page, profile, file] = process.argv.slice(2) as [string, string, string, string];

const child = spawn(
  chromium,
  [
    ...['--headless', '--remote-debugging-pipe', '--disable-gpu', '--disable-dev-shm-usage'],
    ...['--no-first-run', '--disable-extensions', `--user-data-dir=${profile}`],
    // Chromium's sandbox refuses to run as root; the page is our own and has no script.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    'about:blank',
  ],
  { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] },
);
let stderr = '';
child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4096)));
child.on('error', fail);
child.on('exit', (code) => fail(new Error(stderr.trim().split('\n').at(-1) || `exit ${code}`)));
// If we are killed, the browser goes with us.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => fail(new Error(signal)));

function fail(error: Error): never {
  child.kill('SIGKILL');
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

const [toBrowser, fromBrowser] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
const waiting = new Map<number | string, (message: Message) => void>();
let last = 0;
let text = '';
toBrowser.on('error', () => undefined);
fromBrowser.setEncoding('utf8').on('data', (chunk: string) => {
  const parts = (text + chunk).split('\0');
  text = parts.pop()!;
  for (const part of parts) {
    const message = JSON.parse(part) as Message;
    waiting.get(message.id ?? message.method ?? '')?.(message);
  }
});

/** One DevTools command. https://chromedevtools.github.io/devtools-protocol/ */
function ask(method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
  const id = ++last;
  toBrowser.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  return new Promise((resolve) => {
    waiting.set(id, ({ result, error }) => (error ? fail(new Error(error.message)) : resolve(result ?? {})));
  });
}

const FOOTER =
  '<div style="width:100%;font:8px system-ui,sans-serif;color:#5d6670;text-align:right;padding:0 14mm"><span class="pageNumber"></span> / <span class="totalPages"></span></div>';

const { targetId } = await ask('Target.createTarget', { url: 'about:blank' });
const { sessionId } = (await ask('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
// A report has no scripts: anything that a capture's names smuggle in isn't run, and nothing is fetched.
await ask('Emulation.setScriptExecutionDisabled', { value: true }, sessionId);
await ask('Network.enable', {}, sessionId);
await ask('Network.setBlockedURLs', { urls: ['http://*', 'https://*', 'ws://*', 'wss://*', 'ftp://*'] }, sessionId);
await ask('Page.enable', {}, sessionId);
const loaded = new Promise((resolve) => waiting.set('Page.loadEventFired', resolve));
await ask('Page.navigate', { url: pathToFileURL(page).href }, sessionId);
await loaded;
const { data } = await ask(
  'Page.printToPDF',
  {
    ...{ printBackground: true, preferCSSPageSize: true, generateTaggedPDF: true, generateDocumentOutline: true },
    ...{ displayHeaderFooter: true, headerTemplate: '<span></span>', footerTemplate: FOOTER },
  },
  sessionId,
);
writeFileSync(file, Buffer.from(data as string, 'base64'));
child.removeAllListeners('exit');
child.kill();
process.exit(0);
