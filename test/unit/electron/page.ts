/** A page of the app as main sees it: it asks for its lab, and speaks the contract over the port it receives. */
import { once } from 'node:events';
import { createClient } from '../../../core/contract/client.ts';
import type { Client } from '../../../core/contract/client.ts';
import { checkedClient } from '../../contract/check.ts';
import type { PortMain } from './ports.ts';
import { ipcMain } from './stand-in.ts';
import type { BrowserWindow, MenuItem, WebContents } from './stand-in.ts';

export function ask(
  contents: WebContents,
  frame: unknown = contents.mainFrame,
  channel = 'umbra:connect',
  ...more: unknown[]
) {
  ipcMain.emit(channel, { sender: contents, senderFrame: frame }, ...more);
}

/** The message that main sends next, or after some time the last of one kind. */
export async function told(contents: WebContents) {
  await once(contents, 'sent');
  return contents.sent.at(-1)!;
}

/** Asks for the lab and gets a port to it. */
export function connect(window: BrowserWindow): Client {
  ask(window.webContents);
  const port = window.webContents.sent.findLast(({ message }) => message.umbra === 'port')!.ports[0];
  return clientOf(port);
}

export function clientOf(port: PortMain): Client {
  const client = createClient({
    send: (message) => port.postMessage(message),
    onMessage: (listener) => port.on('message', ({ data }: { data: unknown }) => listener(data)),
    onClose: () => undefined,
    close: () => port.close(),
  });
  port.start();
  return checkedClient(client);
}

export async function captureNames(client: Client): Promise<string[]> {
  const captures = await client.request('captures', {});
  client.close();
  return captures.map((c) => c.name);
}

/** `File/Open Lab…`: labels without mnemonics and dots. */
export function menuItem(menu: readonly MenuItem[], path: string): MenuItem | undefined {
  return path.split('/').reduce<MenuItem | undefined>((item, word) => {
    const all: readonly MenuItem[] = item ? (item.submenu ?? []) : menu;
    return all.find(({ label, role }) => (label ?? role)?.replace(/[&…]/g, '') === word);
  }, undefined);
}
