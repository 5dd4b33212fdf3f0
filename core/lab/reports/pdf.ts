/** HTML to PDF with this machine's Chromium: the only tool that prints the page as shown. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RequestError } from '../about.ts';
import { behindLinks, checkTarget, writeTextFile } from '../output-file.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Printing takes seconds; after a minute it has hung. */
const PATIENCE_MS = 60_000;

/** Prints `html` to `file`. Throws RequestError if Chromium isn't found or fails. */
export function printPdf(html: string, file: string): void {
  const chromium = findChromium();
  const target = resolve(file);
  if (!existsSync(dirname(target))) throw new RequestError(`${file}: there is no folder ${dirname(target)}`);
  checkTarget(target);
  // Its own profile: a running browser would take the job and do nothing. Page and PDF go there, too: a sandboxed
  // Chromium (snap) may not see every folder.
  const folder = mkdtempSync(join(tmpdir(), 'umbra-pdf-'));
  try {
    const page = join(folder, 'report.html');
    const printed = join(folder, 'report.pdf');
    writeTextFile(page, html);
    const program = fileURLToPath(new URL('./pdf-print.ts', import.meta.url));
    const { error, stderr, status } = spawnSync(
      process.execPath,
      [program, chromium, page, join(folder, 'profile'), printed],
      { encoding: 'utf8', timeout: PATIENCE_MS },
    );
    if (error || status !== 0 || !existsSync(printed)) {
      const why = error?.message ?? (stderr.trim().split('\n').at(-1) || `exit ${status}`);
      throw new RequestError(`${file}: ${chromium} didn't print the report: ${why}`);
    }
    moveFile(printed, behindLinks(target));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function findChromium(): string {
  const own = process.env['UMBRA_CHROMIUM'];
  if (own) {
    if (!isExecutable(own)) throw new RequestError(`UMBRA_CHROMIUM names ${own}, which can't be run`);
    return own;
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const found = names.map((name) => join(folder, name)).find(isExecutable);
    if (found) return found;
  }
  throw new RequestError(
    `a PDF needs a Chromium: none of ${names.join(', ')} is in PATH; install one, or name one in UMBRA_CHROMIUM`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `rename` doesn't cross file systems. */
function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    copyFileSync(from, to);
  }
}
