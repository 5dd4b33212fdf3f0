/** Finds the host: the desktop app's MessagePort, or the web socket of whoever served this page. No other code needs to know. */
import { createClient } from '../core/contract/client.ts';
import type { Client, Transport } from '../core/contract/client.ts';
import type { Capture, LabInfo, Run } from '../core/contract/contract.ts';
import type { DesktopApi, DesktopMessage, LabWay } from '../core/contract/desktop.ts';
import { decodeFrame, encodeFrame, UNAUTHORISED } from '../core/contract/wire.ts';

export interface ConnectionEvents {
  connected(client: Client, first: FirstAnswers): void;
  /** The desktop's window has no lab yet. */
  noLab(): void;
  /** The link's token is used up or wrong. */
  refused(): void;
  /** The host has gone, or can't be reached; in words. */
  lost(reason: string): void;
  /** The desktop app hands over files, or its menu requests something. */
  desktop(message: DesktopRequest): void;
}

/** What every view needs: requested as soon as there is a connection. */
export type FirstAnswers = Promise<readonly [LabInfo, readonly Capture[], readonly Run[]]>;

export function firstAnswers(client: Client): FirstAnswers {
  return Promise.all([client.request('lab', {}), client.request('captures', {}), client.request('runs', {})]);
}

export type DesktopRequest = Extract<DesktopMessage, { umbra: 'files' | 'do' | 'campaign' }>;

export interface Connection {
  /** Connects; again after `lost`. */
  connect(): void;
  /** Lets the user pick or create another lab, where possible. */
  readonly openLab?: (how: LabWay) => void;
}

/** Passed to the first connection of the app: what happened before its code had loaded. */
let ahead: ((events: ConnectionEvents) => void) | undefined;

/** Connects before the app's code has loaded: in a browser, where connecting takes some round trips. */
export function connectAhead(): void {
  if (window.umbra) return;
  let events: ConnectionEvents | undefined;
  const missed: ((events: ConnectionEvents) => void)[] = [];
  const tell = (what: (events: ConnectionEvents) => void) => void (events ? what(events) : missed.push(what));
  ahead = (listener) => {
    events = listener;
    for (const what of missed.splice(0)) what(listener);
  };
  connectSocket({
    connected: (client, first) => {
      // Whoever takes it sees a failure; until then nobody has to.
      first.catch(() => undefined);
      tell((e) => e.connected(client, first));
    },
    noLab: () => tell((e) => e.noLab()),
    refused: () => tell((e) => e.refused()),
    lost: (reason) => tell((e) => e.lost(reason)),
    desktop: (message) => tell((e) => e.desktop(message)),
  });
}

function greet(transport: Transport, events: ConnectionEvents): void {
  const client = createClient(transport);
  events.connected(client, firstAnswers(client));
}

export function createConnection(events: ConnectionEvents): Connection {
  return window.umbra ? desktopConnection(window.umbra, events) : socketConnection(events);
}

function desktopConnection(api: DesktopApi, events: ConnectionEvents): Connection {
  let onClose: ((reason: string) => void) | undefined;
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source !== window || !isDesktopMessage(event.data)) return;
    const message = event.data;
    switch (message.umbra) {
      case 'no-lab':
        return events.noLab();
      case 'files':
      case 'campaign':
      case 'do':
        return events.desktop(message);
      case 'stopped': {
        const ended = `The lab’s process ended with code ${message.code}.`;
        const reason = message.again === undefined ? ended : `${ended} It is started again.`;
        onClose?.(reason);
        return events.lost(reason);
      }
      case 'port': {
        const [port] = event.ports;
        const transport: Transport = {
          send: (m) => port.postMessage(m),
          onMessage: (listener) => {
            port.onmessage = ({ data }) => listener(data);
          },
          onClose: (listener) => {
            onClose = listener;
          },
          close: () => port.close(),
        };
        return greet(transport, events);
      }
    }
  });
  return { connect: () => api.connect(), openLab: (how) => api.openLab(how) };
}

function isDesktopMessage(data: unknown): data is DesktopMessage {
  return typeof data === 'object' && data !== null && 'umbra' in data;
}

const SESSION = 'umbra.session';

function socketConnection(events: ConnectionEvents): Connection {
  return {
    connect() {
      const before = ahead;
      ahead = undefined;
      if (before) before(events);
      else connectSocket(events);
    },
  };
}

function connectSocket(events: ConnectionEvents): void {
  const token = takeToken();
  const session = localStorage.getItem(SESSION);
  dial([...(token ? [{ token }] : []), ...(session ? [{ session }] : [])], events);
}

/** The one-time token of the link, removed from the address bar: a link that is passed on must not contain it. */
function takeToken(): string | undefined {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, '', location.pathname);
  return token;
}

type Credential = { token: string } | { session: string };

/** Tries the credentials one after another. */
function dial([credential, ...others]: Credential[], events: ConnectionEvents): void {
  if (!credential) return events.refused();
  const socket = new WebSocket(`ws://${location.host}/lab`);
  socket.binaryType = 'arraybuffer';
  let receive: ((message: unknown) => void) | undefined;
  let closed: ((reason: string) => void) | undefined;
  let welcome = false;
  socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', ...credential }));
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    const message = decodeFrame(data);
    if (welcome) return receive?.(message);
    welcome = true;
    localStorage.setItem(SESSION, (message as { session: string }).session);
    const transport: Transport = {
      send: (m) => socket.send(encodeFrame(m)),
      onMessage: (listener) => {
        receive = listener;
      },
      onClose: (listener) => {
        closed = listener;
      },
      close: () => socket.close(),
    };
    greet(transport, events);
  };
  socket.onclose = ({ code, reason }) => {
    if (code === UNAUTHORISED) return dial(others, events);
    const words = reason
      ? `The server closed the connection: ${reason}.`
      : 'The server that this page came from is gone.';
    closed?.(words);
    events.lost(words);
  };
}
