/** Reports as PDF: the self-contained HTML in a hidden, sandboxed window that runs no script and loads nothing, printed as shown. */
import { BrowserWindow, session } from 'electron';
import { REPORT_SCHEME } from './app-protocol.ts';
import { confineSession } from './confine.ts';

/** A report is a few MB of text at most. */
export const MAX_HTML = 64 << 20;

/** Call once the app is ready. Prints pages one after the other, or several at once. */
export function createPrinter(): (html: string) => Promise<Uint8Array> {
  const own = session.fromPartition('report', { cache: false });
  const pages = new Map<string, string>();
  let last = 0;
  confineSession(own, [`${REPORT_SCHEME}://`]);
  own.protocol.handle(REPORT_SCHEME, (request) => {
    const html = pages.get(new URL(request.url).host);
    return new Response(html ?? 'no such report', {
      status: html === undefined ? 404 : 200,
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:",
      },
    });
  });
  return async (html) => {
    const id = `r${++last}`;
    pages.set(id, html);
    const window = new BrowserWindow({
      show: false,
      webPreferences: {
        session: own,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        javascript: false,
      },
    });
    try {
      await window.loadURL(`${REPORT_SCHEME}://${id}/`);
      return await window.webContents.printToPDF({
        pageSize: 'A4',
        preferCSSPageSize: true,
        printBackground: true,
        generateTaggedPDF: true,
        generateDocumentOutline: true,
      });
    } finally {
      pages.delete(id);
      window.destroy();
    }
  };
}
