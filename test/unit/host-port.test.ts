import { describe, expect, it } from 'vitest';
import { servePort } from '../../core/host/port.ts';
import type { HostPort } from '../../core/host/port.ts';
import { createClient, ServiceError } from '../../core/contract/client.ts';
import { HostMessage } from '../../core/contract/contract.ts';
import type { Call, ClientMessage, LabInfo, LabService } from '../../core/contract/contract.ts';

const info: LabInfo = {
  ...{ path: '/x/a.umbra', name: 'a.umbra', umbra: '0', format: 1, bytes: 1, captures: 0, runs: 0 },
  removed: { captures: [], runs: [] },
};

class Explained extends Error {}

/** A lab whose answers are set by the test. */
function fakeLab(lab: (call: Call) => LabInfo | Promise<LabInfo> = () => info) {
  const listeners = new Set<() => void>();
  const handlers: Partial<LabService['handlers']> = {
    lab: (_params, call) => lab(call),
    captures: () => [],
    runs: () => [],
  };
  const service: LabService = {
    handlers: handlers as LabService['handlers'],
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    explain: (error) => (error instanceof Explained ? error.message : undefined),
    close: () => undefined,
  };
  return { service, listeners };
}

/** A host and what it sends; `post` is what a client would say, `hangUp` its going away. */
function host(service: LabService) {
  const sent: HostMessage[] = [];
  const waiting: (() => void)[] = [];
  const ears: { message?: (m: unknown) => void; close?: () => void; client?: (m: unknown) => void } = {};
  const port: HostPort = {
    send(message) {
      sent.push(HostMessage.parse(message));
      ears.client?.(message);
      waiting.splice(0).forEach((wake) => wake());
    },
    onMessage: (listener) => (ears.message = listener),
    onClose: (listener) => (ears.close = listener),
  };
  servePort(service, port);
  return {
    sent,
    post: (message: unknown) => ears.message?.(message),
    hangUp: () => ears.close?.(),
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
    client: () =>
      createClient({
        send: (message: ClientMessage) => ears.message?.(message),
        onMessage: (listener) => (ears.client = listener),
        onClose: () => undefined,
        close: () => ears.close?.(),
      }),
  };
}

describe('host-port', () => {
  it('answers requests by id', async () => {
    const { post, sent, next } = host(fakeLab().service);
    post({ type: 'request', id: 7, method: 'lab', params: {} });
    await next();
    expect(sent).toEqual([{ type: 'reply', id: 7, result: info }]);
  });

  it('answers requests that come together one by one: none waits for a later one’s work', async () => {
    const seen: string[] = [];
    const { service } = fakeLab(() => {
      seen.push('work');
      return info;
    });
    const { post, sent, next } = host(service);
    for (const id of [1, 2, 3]) post({ type: 'request', id, method: 'lab', params: {} });
    while (sent.length < 3) {
      await next();
      seen.push(`reply ${sent.length}`);
    }
    expect(seen).toEqual(['work', 'reply 1', 'work', 'reply 2', 'work', 'reply 3']);
  });

  it('a request that is cancelled in the same breath is', async () => {
    const { service } = fakeLab(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    const { post, sent, next } = host(service);
    post({ type: 'request', id: 1, method: 'captures', params: {} });
    post({ type: 'request', id: 2, method: 'lab', params: {} });
    post({ type: 'cancel', id: 2 });
    while (sent.length < 2) await next();
    expect(sent.map((m) => [m.type, 'id' in m && m.id])).toEqual([
      ['reply', 1],
      ['error', 2],
    ]);
  });

  it.each([
    ['no object', 'hello', undefined, 'bad-message'],
    ['no type', { id: 3 }, 3, 'bad-message'],
    ['an unknown type', { type: 'eval', id: 3 }, 3, 'bad-message'],
    ['an id that is no id', { type: 'request', id: -1, method: 'lab', params: {} }, undefined, 'bad-message'],
    ['a field too many', { type: 'cancel', id: 3, extra: 1 }, 3, 'bad-message'],
    ['a long method name', { type: 'request', id: 3, method: 'x'.repeat(65), params: {} }, 3, 'bad-message'],
    ['an unknown method', { type: 'request', id: 3, method: 'drop', params: {} }, 3, 'unknown-method'],
    ['an inherited method', { type: 'request', id: 3, method: 'toString', params: {} }, 3, 'unknown-method'],
    ['missing parameters', { type: 'request', id: 3, method: 'lab' }, 3, 'bad-message'],
    ['a parameter too many', { type: 'request', id: 3, method: 'lab', params: { path: '/etc' } }, 3, 'bad-params'],
  ])('refuses %s', async (_what, message, id, code) => {
    const { post, sent, next } = host(fakeLab().service);
    const told = next();
    post(message);
    await told;
    expect(sent).toMatchObject([{ type: 'error', code }]);
    expect((sent[0] as { id?: number }).id).toBe(id);
  });

  it('tells explained failures from bugs', async () => {
    const errors = [new Explained('a.umbra: no such lab file'), new TypeError('x is not a function')];
    const { client } = host(
      fakeLab(() => {
        throw errors.shift()!;
      }).service,
    );
    const c = client();
    await expect(c.request('lab', {})).rejects.toMatchObject({ code: 'failed', message: 'a.umbra: no such lab file' });
    await expect(c.request('lab', {})).rejects.toMatchObject({ code: 'internal' });
  });

  it('gives progress, and cancels what is asked to', async () => {
    const lab = fakeLab(
      (call) =>
        new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(new Error('stopped')));
          call.progress({ phase: 'reading records', done: 5, total: 10, unit: 'records' });
        }),
    );
    const stop = new AbortController();
    const seen: number[] = [];
    const request = host(lab.service)
      .client()
      .request(
        'lab',
        {},
        {
          signal: stop.signal,
          onProgress: (p) => {
            seen.push(p.done);
            stop.abort();
          },
        },
      );
    await expect(request).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen).toEqual([5]);
  });

  it('refuses more open requests than it can hold, and an id that is open', async () => {
    const { post, sent, next } = host(fakeLab(() => new Promise(() => undefined)).service);
    for (let id = 1; id <= 64; id++) post({ type: 'request', id, method: 'lab', params: {} });
    const told = next();
    post({ type: 'request', id: 65, method: 'lab', params: {} });
    await told;
    post({ type: 'request', id: 1, method: 'lab', params: {} });
    await next();
    expect(sent.map((m) => (m.type === 'error' ? m.code : m.type))).toEqual(['busy', 'bad-message']);
  });

  it('aborts everything when its client has gone, and says nothing more', async () => {
    let signal: AbortSignal | undefined;
    const { service, listeners } = fakeLab((call) => {
      signal = call.signal;
      return new Promise(() => undefined);
    });
    const { post, sent, hangUp } = host(service);
    post({ type: 'request', id: 1, method: 'lab', params: {} });
    expect(listeners.size).toBe(1);
    hangUp();
    expect(signal?.aborted).toBe(true);
    expect(listeners.size).toBe(0);
    post({ type: 'nonsense' });
    expect(sent).toEqual([]);
  });

  it('what still waited when its client went away is not begun', async () => {
    let works = 0;
    const { service } = fakeLab(() => {
      works++;
      return info;
    });
    const { post, hangUp } = host(service);
    for (const id of [1, 2]) post({ type: 'request', id, method: 'lab', params: {} });
    hangUp();
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(works).toBe(1);
  });

  it('passes changes of the lab on', () => {
    const { service, listeners } = fakeLab();
    const { sent } = host(service);
    listeners.forEach((tell) => tell());
    expect(sent).toEqual([{ type: 'changed' }]);
  });

  it('rejects open and later requests once the connection is gone', async () => {
    let close: ((reason: string) => void) | undefined;
    const client = createClient({
      send: () => undefined,
      onMessage: () => undefined,
      onClose: (listener) => (close = listener),
      close: () => undefined,
    });
    const open = client.request('lab', {});
    close?.('the server stopped');
    await expect(open).rejects.toEqual(new ServiceError('gone', 'the server stopped'));
    await expect(client.request('runs', {})).rejects.toMatchObject({ code: 'gone' });
  });
});
