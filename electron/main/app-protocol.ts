/** Serves the built pages as app://umbra/…, so that no page is a file:// page with the whole disk as its origin. */
import { protocol } from 'electron';
import { loadPages, pageHeaders } from '../../core/host/pages.ts';

const SCHEME = 'app';
/** Reports being printed (print-pdf.ts): pages and nothing else. */
export const REPORT_SCHEME = 'report';
export const ORIGIN = `${SCHEME}://umbra`;

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true } },
    { scheme: REPORT_SCHEME, privileges: { standard: true } },
  ]);
}

/** Throws a PagesError if `directory` holds no built pages. */
export function serveApp(directory: string): void {
  const pages = loadPages(directory);
  protocol.handle(SCHEME, (request) => {
    const { host, pathname } = new URL(request.url);
    const page = host === 'umbra' ? pages.get(pathname) : undefined;
    if (!page) return new Response('no such page\n', { status: 404, headers: pageHeaders() });
    return new Response(page.body, { headers: { ...pageHeaders(), 'Content-Type': page.type } });
  });
}
