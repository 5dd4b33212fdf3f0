/** The built pages, read once: what isn't in this list doesn't exist, whatever a request's path looks like. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface Page {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** By path from the root, `/index.html` also as `/`. */
export type Pages = ReadonlyMap<string, Page>;

/** The pages can't be served; the message is for the user. */
export class PagesError extends Error {
  override readonly name = 'PagesError';
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Throws a PagesError if `directory` holds no built pages. Files of other types than a page needs are left out. */
export function loadPages(directory: string): Pages {
  const pages = new Map<string, Page>();
  let files: string[];
  try {
    files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch {
    files = [];
  }
  for (const file of files) {
    const type = types[extname(file)];
    if (type)
      pages.set(`/${file.replaceAll('\\', '/')}`, { type, body: new Uint8Array(readFileSync(join(directory, file))) });
  }
  const index = pages.get('/index.html');
  if (!index) throw new PagesError(`${directory}: the lab's pages are not built; \`npm run build\` builds them`);
  return pages.set('/', index);
}

/**
 * The headers of every page: nothing from elsewhere, nothing inline, nobody may frame it.
 * @param connect what scripts may connect to, beside the pages' own origin.
 */
export function pageHeaders(connect = ''): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "font-src 'self'",
      `connect-src ${`'self' ${connect}`.trim()}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=()',
    // Another lab may be served at this address a minute later.
    'Cache-Control': 'no-store',
  };
}
