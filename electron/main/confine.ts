/** What no page may do, whatever its content: navigate away, open windows, ask for permissions, use the network. */
import { app, session } from 'electron';
import type { Session, WebFrameMain, WebContents } from 'electron';
import { ORIGIN } from './app-protocol.ts';

/** Copy buttons write text to the clipboard; that is all. */
const PERMITTED = 'clipboard-sanitized-write';

/** Pages load from the app itself, downloads from the page, developer tools from Chromium. Nothing leaves the machine. */
const SOURCES = [`${ORIGIN}/`, `blob:${ORIGIN}/`, 'devtools://'];

export function confinePages(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    // The frame that shows a report gets its text from the page (about:srcdoc); it may not navigate anywhere else.
    contents.on('will-frame-navigate', (event) => {
      if (!event.url.startsWith('about:')) event.preventDefault();
    });
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
  confineSession(session.defaultSession, SOURCES, PERMITTED);
}

/** @param sources prefixes of the addresses that may be loaded */
export function confineSession(own: Session, sources: readonly string[], permitted?: string): void {
  own.setPermissionRequestHandler((_contents, permission, decide) => decide(permission === permitted));
  own.setPermissionCheckHandler((_contents, permission) => permission === permitted);
  own.setDevicePermissionHandler(() => false);
  own.webRequest.onBeforeRequest((request, decide) => {
    decide({ cancel: !sources.some((source) => request.url.startsWith(source)) });
  });
}

/** Whether a message comes from one of our pages, not from a frame in it. */
export function isOwnPage(sender: WebContents, frame: WebFrameMain | null): boolean {
  return frame !== null && frame === sender.mainFrame && frame.url.startsWith(`${ORIGIN}/`);
}
