/** Starts the built app on the stand-in with what its command line says, and prints what it opened as JSON. */
import { ask } from './page.ts';
import { seen } from './stand-in.ts';

seen.save = process.env['UMBRA_TEST_SAVE'] ?? '';
await import(new URL('../../../out/main/index.js', import.meta.url).href);
await new Promise((resolve) => setTimeout(resolve, 20));
for (const window of seen.windows) ask(window.webContents);
process.stdout.write(
  JSON.stringify({
    lock: seen.lock,
    quits: seen.quits,
    dialogs: seen.dialogs.map(({ kind, options }) => [kind, options['defaultPath']]),
    windows: seen.windows.map((w) => [w.title, ...w.webContents.sent.map(({ message }) => message)]),
  }),
);
process.exit();
