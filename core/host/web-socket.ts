/**
 * The browser lab: the pages and the contract on a loopback port.
 *
 * Who may come in: only this machine (127.0.0.1), only pages served from here (Host must be a loopback name, so that a name rebound to
 * 127.0.0.1 is refused; Origin must be that very host), and only clients that know a secret. The link holds a one-time token in its
 * fragment, which no server, proxy or log gets to see; the page's first message trades it for a session key, which lives as long as the
 * server. Host's port may be any, so that a forwarded port (ssh -L) works.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import type { RawData, WebSocket } from 'ws';
import { Hello } from '../contract/contract.ts';
import type { LabService } from '../contract/contract.ts';
import { decodeFrame, encodeFrame, UNAUTHORISED } from '../contract/wire.ts';
import { checkLab, openLabService } from '../lab/service/service.ts';
import { loadPages, pageHeaders } from './pages.ts';
import type { Pages } from './pages.ts';
import { servePort } from './port.ts';
import { createJobs } from './job-runner.ts';
import { createQueryPool } from './query-pool.ts';

/** Largest message from a client; ws closes the connection with 1009 beyond it. */
const MAX_MESSAGE_BYTES = 1 << 20;
/** Time for a client to identify itself, ms. */
const HELLO_MS = 5000;
const MAX_CLIENTS = 32;
/** Clients that haven't identified themselves yet. Beyond that, the one silent for longest goes: nobody is locked out. */
const MAX_STRANGERS = 16;
/** Time for a client to answer the closing of its connection, ms. */
const CLOSE_MS = 300;
/** ws close codes (RFC 6455, 7.4.1). */
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;

export interface ServerOptions {
  /** Path of the lab file. */
  readonly lab: string;
  /** Make the lab file if there is none. */
  readonly create?: boolean;
  /** Nothing may be recorded from boards. */
  readonly noCapture?: boolean;
  /** 0 or left out: any free one. */
  readonly port?: number;
  /** Directory of the built pages; those of this installation if left out. */
  readonly pages?: string;
}

export interface LabServer {
  /** The link to open, one-time token included. */
  readonly url: string;
  readonly port: number;
  /** Ends all connections; resolves when the port is free. */
  close(): Promise<void>;
}

/** Rejects with a LabFileError or PagesError if there is nothing to serve, and with Node's own error if the port is taken. */
export async function startServer(options: ServerOptions): Promise<LabServer> {
  const pages = loadPages(options.pages ?? fileURLToPath(new URL('../../out/renderer', import.meta.url)));
  checkLab(options.lab, options.create);
  const queries = createQueryPool(options.lab);
  const jobs = createJobs(options.lab);
  const service = openLabService(options.lab, {
    queries: queries.run,
    jobs: jobs.run,
    ...(options.noCapture && { captureOff: 'umbra serve was started with --no-capture' }),
  });
  const keys = createKeys();
  const strangers = new Set<WebSocket>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const http = createServer((request, response) => servePage(pages, request, response));
  http.on('upgrade', (request, socket, head) => {
    const refused = refusal(request, sockets.clients.size - strangers.size);
    if (refused) return refuse(socket, refused);
    sockets.handleUpgrade(request, socket, head, (client) => {
      const [oldest] = strangers;
      if (strangers.size >= MAX_STRANGERS && oldest) {
        strangers.delete(oldest);
        oldest.terminate();
      }
      strangers.add(client);
      client.once('close', () => strangers.delete(client));
      greet(client, keys, service, () => strangers.delete(client));
    });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
  } catch (error) {
    service.close();
    queries.close();
    jobs.close();
    throw error;
  }
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/#token=${keys.token}`,
    port,
    async close() {
      for (const client of sockets.clients) {
        client.close(GOING_AWAY, 'the server is stopping');
        setTimeout(() => client.terminate(), CLOSE_MS).unref();
      }
      service.close();
      queries.close();
      jobs.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function servePage(pages: Pages, request: IncomingMessage, response: ServerResponse): void {
  const { host } = request.headers;
  const answer = (status: number, type: string, body: string | Uint8Array) => {
    const headers = pageHeaders(isLoopback(host) ? `ws://${host}` : '');
    response.writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  const text = 'text/plain; charset=utf-8';
  if (!isLoopback(host)) return answer(403, text, 'not served under this host name\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, text, 'GET only\n');
  const page = pages.get((request.url ?? '/').split('?')[0]);
  if (!page) return answer(404, text, 'no such page\n');
  answer(200, page.type, page.body);
}

/** Why a web socket isn't opened, as the end of an HTTP status line; undefined if it may be. */
function refusal(request: IncomingMessage, clients: number): string | undefined {
  const { host, origin } = request.headers;
  if (!isLoopback(host) || origin !== `http://${host}`) return '403 Forbidden';
  if (request.url !== '/lab') return '404 Not Found';
  if (clients >= MAX_CLIENTS) return '503 Service Unavailable';
  return undefined;
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function isLoopback(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(host ?? '');
}

/** The first message identifies the client, and `known` is called; from then on the contract is spoken. */
function greet(client: WebSocket, keys: Keys, service: LabService, known: () => void): void {
  // Errors (too large a message, broken frames) end the connection on their own; 'close' follows.
  client.on('error', () => undefined);
  const timer = setTimeout(() => client.close(UNAUTHORISED, 'no hello'), HELLO_MS);
  client.once('close', () => clearTimeout(timer));
  client.once('message', (data, binary) => {
    clearTimeout(timer);
    const hello = Hello.safeParse(decode(data, binary));
    const session = hello.success ? keys.session(hello.data) : undefined;
    if (session === undefined) return client.close(UNAUTHORISED, 'the token was used or is wrong');
    known();
    client.send(encodeFrame({ type: 'welcome', session }));
    servePort(service, {
      send: (message) => client.send(encodeFrame(message)),
      onMessage: (listener) =>
        client.on('message', (more, isBinary) => {
          const message = decode(more, isBinary);
          if (message === undefined) client.close(POLICY_VIOLATION, 'not a frame of this contract');
          else listener(message);
        }),
      onClose: (listener) => client.once('close', listener),
    });
  });
}

function decode(data: RawData, binary: boolean): unknown {
  try {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map((part) => new Uint8Array(part)));
    // A copy: a frame's arrays need their own, aligned memory.
    return decodeFrame(binary ? new Uint8Array(bytes).buffer : bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

interface Keys {
  readonly token: string;
  /** The session for the token (once) or a session's key; undefined for anything else. */
  session(hello: Hello): string | undefined;
}

function createKeys(): Keys {
  const token = randomBytes(32).toString('base64url');
  const session = randomBytes(32).toString('base64url');
  let used = false;
  return {
    token,
    session(hello) {
      if (hello.session !== undefined && used && equal(hello.session, session)) return session;
      if (hello.token === undefined || used || !equal(hello.token, token)) return undefined;
      used = true;
      return session;
    },
  };
}

/** In constant time, whatever the lengths. */
function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
