import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startServer } from '../../core/host/web-socket.ts';
import type { LabServer } from '../../core/host/web-socket.ts';
import { createClient } from '../../core/contract/client.ts';
import type { Client } from '../../core/contract/client.ts';
import { UNAUTHORISED } from '../../core/contract/wire.ts';
import { openLabFile } from '../../core/store/lab-file.ts';
import { inLabFile } from '../../core/store/lab-write.ts';
import { checkedClient } from '../contract/check.ts';
import { addSample, kvmSample, writeSampleLab } from '../e2e/sample-lab.ts';

let directory: string;
let lab: string;
let pages: string;
let server: LabServer;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'umbra-host-'));
  lab = join(directory, 'a.umbra');
  pages = join(directory, 'pages');
  mkdirSync(join(pages, 'assets'), { recursive: true });
  writeFileSync(join(pages, 'index.html'), '<!doctype html>');
  writeFileSync(join(pages, 'assets/a.js'), '1');
  writeFileSync(join(pages, 'notes.txt'), 'not for the web');
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(async () => {
  rmSync(lab, { force: true });
  writeSampleLab(lab);
  server = await startServer({ lab, pages });
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A plain request: the path as given, not normalised as fetch would. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const r = request({ host: '127.0.0.1', port: server.port, path, headers, method }, (response) => {
      let body = '';
      response.on('data', (part) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    r.on('error', reject);
    r.end();
  });
}

/** The status that an upgrade ends with: 101, or a refusal. */
function upgrade(headers: Record<string, string>, path = '/lab'): Promise<number> {
  return new Promise((resolve) => {
    const { origin, ...rest } = headers;
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers: rest, origin });
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', () => undefined);
  });
}

const token = () => new URL(server.url).hash.replace('#token=', '');
const open = () => new WebSocket(`ws://127.0.0.1:${server.port}/lab`, { origin: `http://127.0.0.1:${server.port}` });

/** Says hello; resolves with the session's key, or the code it was closed with. */
function hello(socket: WebSocket, message: string | Uint8Array): Promise<string | number> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('open', () => socket.send(message));
    socket.on('close', resolve);
    socket.once('message', (data) => resolve((JSON.parse(String(data)) as { session: string }).session));
  });
}

async function connect(): Promise<{ client: Client; socket: WebSocket }> {
  const socket = open();
  await hello(socket, JSON.stringify({ type: 'hello', token: token() }));
  const client = createClient({
    send: (message) => socket.send(JSON.stringify(message)),
    onMessage: (listener) => socket.on('message', (data) => listener(JSON.parse(String(data)))),
    onClose: (listener) => socket.on('close', (code) => listener(String(code))),
    close: () => socket.close(),
  });
  return { client: checkedClient(client), socket };
}

describe('host-web-socket: pages', () => {
  it('serves the pages with a strict policy, and nothing else', async () => {
    const page = await get('/');
    expect(page).toMatchObject({ status: 200, body: '<!doctype html>' });
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(await get('/assets/a.js?v=1')).toMatchObject({ status: 200, body: '1' });
    expect((await get('/', {}, 'HEAD')).body).toBe('');
  });

  it.each([
    '/notes.txt',
    '/../a.umbra',
    '/assets/../../a.umbra',
    '/%2e%2e/a.umbra',
    '/assets',
    '//etc/passwd',
    '/..\\a.umbra',
  ])('knows no %s', async (path) => expect(await get(path)).toMatchObject({ status: 404, body: 'no such page\n' }));

  it('takes no other method', async () => {
    expect((await get('/', {}, 'POST')).status).toBe(405);
  });

  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil.example:1'])(
    "isn't served under the host name '%s'",
    async (host) => expect((await get('/', { host })).status).toBe(403),
  );

  it('is served through a forwarded port', async () => {
    const page = await get('/', { host: 'localhost:9000' });
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain('ws://localhost:9000');
  });

  it('says what to do when the pages are not built', async () => {
    await expect(startServer({ lab, pages: join(directory, 'none') })).rejects.toThrow('npm run build');
  });

  it('does not start without a lab', async () => {
    await expect(startServer({ lab: join(directory, 'none.umbra'), pages })).rejects.toThrow('no such lab file');
    await expect(startServer({ lab: join(pages, 'index.html'), pages })).rejects.toThrow('not a lab file');
  });
});

describe('host-web-socket: who may connect', () => {
  it('asks for its own origin and a loopback host', async () => {
    const host = `127.0.0.1:${server.port}`;
    expect(await upgrade({ origin: `http://${host}` })).toBe(101);
    expect(await upgrade({ host: 'localhost:9000', origin: 'http://localhost:9000' })).toBe(101);
    expect(await upgrade({})).toBe(403);
    expect(await upgrade({ origin: 'http://evil.example' })).toBe(403);
    expect(await upgrade({ origin: 'null' })).toBe(403);
    expect(await upgrade({ origin: `https://${host}` })).toBe(403);
    expect(await upgrade({ origin: 'http://127.0.0.1:1' })).toBe(403);
    expect(await upgrade({ host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
    expect(await upgrade({ origin: `http://${host}` }, '/other')).toBe(404);
  });

  it('takes the token once, and the session that it gave from then on', async () => {
    const first = JSON.stringify({ type: 'hello', token: token() });
    const session = await hello(open(), first);
    expect(session).toMatch(/^[\w-]{43}$/);
    expect(session).not.toBe(token());
    expect(await hello(open(), first)).toBe(UNAUTHORISED);
    expect(await hello(open(), JSON.stringify({ type: 'hello', session }))).toBe(session);
  });

  it.each([
    ['a wrong token', JSON.stringify({ type: 'hello', token: 'x'.repeat(43) })],
    ['a guessed session', JSON.stringify({ type: 'hello', session: '' })],
    ['no credential', JSON.stringify({ type: 'hello' })],
    ['a request before hello', JSON.stringify({ type: 'request', id: 1, method: 'lab', params: {} })],
    ['no JSON', 'hello'],
    ['broken binary', new Uint8Array([1, 2, 3])],
  ])('sends %s away', async (_what, message) => {
    expect(await hello(open(), message)).toBe(UNAUTHORISED);
    // and the token is still good
    expect(await hello(open(), JSON.stringify({ type: 'hello', token: token() }))).toMatch(/^[\w-]{43}$/);
  });
});

describe('host-web-socket: connections that say nothing', () => {
  it('lock nobody out, however many they are', async () => {
    const silent = Array.from({ length: 40 }, open);
    await Promise.all(
      silent.map((socket) => {
        socket.on('error', () => undefined);
        return new Promise((resolve) => socket.once('open', resolve).once('close', resolve));
      }),
    );
    expect(await hello(open(), JSON.stringify({ type: 'hello', token: token() }))).toMatch(/^[\w-]{43}$/);
    for (const socket of silent) socket.terminate();
  });
});

describe('host-web-socket: the contract', () => {
  it('answers with what is in the lab, as the contract says', async () => {
    const { client } = await connect();
    const info = await client.request('lab', {});
    expect(info).toMatchObject({ name: 'a.umbra', path: lab, captures: 3, runs: 1 });
    const captures = await client.request('captures', {});
    expect(captures[0]).toMatchObject({ kind: 'spe', name: 'kvbench', t0: '1790790210043', cpus: [0, 1] });
    expect(captures[0].warnings).toHaveLength(2);
    const runs = await client.request('runs', {});
    expect(runs[0]).toMatchObject({ spe: 1, kvm: 2 });
    expect(runs[0].policies).toHaveLength(10);
    expect(runs[0].policies[2]).toMatchObject({
      policy: 'pin-vm',
      p99Ns: 1_010_000,
      skew: [{ verdict: 'representative' }],
    });
    client.close();
  });

  it('sees what others write, and tells', async () => {
    const { client } = await connect();
    const changed = new Promise<void>((resolve) => void client.onChange(resolve));
    inLabFile(lab, 'write', (db) => addSample(db, { ...kvmSample, name: 'g-two-vcpu' }));
    await changed;
    expect((await client.request('captures', {})).map((c) => c.name)).toContain('g-two-vcpu');
    client.close();
  });

  it('explains a lab that has gone', async () => {
    const { client } = await connect();
    rmSync(lab);
    await expect(client.request('captures', {})).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('no such lab file') as string,
    });
    client.close();
  });

  it('says soon that somebody is writing, and reads when that is done', async () => {
    const { client } = await connect();
    const db = openLabFile(lab, 'write');
    db.exec('BEGIN EXCLUSIVE');
    await expect(client.request('captures', {})).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('another command is writing to it') as string,
    });
    db.exec('COMMIT');
    db.close();
    expect(await client.request('captures', {})).toHaveLength(3);
    client.close();
  });

  it.each([
    ['too large a message', 'x'.repeat((1 << 20) + 1), 1009],
    ['a frame that is none', '{', 1008],
  ])('closes on %s', async (_what, message, code) => {
    const { socket } = await connect();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.send(message);
    expect(await closed).toBe(code);
  });

  it('lets its clients go when told to stop, and frees the port', async () => {
    const { socket } = await connect();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await server.close();
    expect(await closed).toBe(1001);
    await expect(get('/')).rejects.toThrow('ECONNREFUSED');
    server = await startServer({ lab, pages, port: server.port });
  });
});
