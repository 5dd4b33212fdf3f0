/** What no page may do, whatever it holds: leave, open windows, ask for permissions, use the network. */
import { app, session } from 'electron';
import type { WebFrameMain, WebContents } from 'electron';
import { ORIGIN } from './app-protocol.ts';

/** Copy buttons write text to the clipboard; that is all. */
const PERMITTED = 'clipboard-sanitized-write';

export function confinePages(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
  const own = session.defaultSession;
  own.setPermissionRequestHandler((_contents, permission, decide) => decide(permission === PERMITTED));
  own.setPermissionCheckHandler((_contents, permission) => permission === PERMITTED);
  own.setDevicePermissionHandler(() => false);
  // Nothing leaves the machine: pages load from the app itself, and developer tools from Chromium.
  own.webRequest.onBeforeRequest((request, decide) => {
    decide({ cancel: !request.url.startsWith(`${ORIGIN}/`) && !request.url.startsWith('devtools://') });
  });
}

/** Whether a message comes from a page of ours, not from a frame in it. */
export function isOwnPage(sender: WebContents, frame: WebFrameMain | null): boolean {
  return frame !== null && frame === sender.mainFrame && frame.url.startsWith(`${ORIGIN}/`);
}
