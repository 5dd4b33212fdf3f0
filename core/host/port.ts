/** Serves the contract over a message port: each message is checked, each request answered once. */
import { ClientMessage, methods } from '../contract/contract.ts';
import type { Call, ErrorCode, HostMessage, LabService, Method, Params } from '../contract/contract.ts';

/** A port as the host sees it. Whatever carries it bounds the size of a message. */
export interface HostPort {
  send(message: HostMessage): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}

/** Open requests per client; more are refused as `busy`. */
const MAX_OPEN = 64;

/** Answers one client until its port closes; then everything it had open is aborted. Returns a function that ends it sooner. */
export function servePort(service: LabService, port: HostPort): () => void {
  const open = new Map<number, AbortController>();
  let closed = false;
  const send = (message: HostMessage) => {
    if (!closed) port.send(message);
  };
  const fail = (id: number | undefined, code: ErrorCode, message: string) =>
    send({ type: 'error', ...(id !== undefined && { id }), code, message });

  const request = async (id: number, method: string, params: unknown) => {
    if (open.has(id)) return fail(undefined, 'bad-message', `request ${id} is still open`);
    if (open.size >= MAX_OPEN) return fail(id, 'busy', `${MAX_OPEN} requests are open already`);
    if (!isMethod(method)) return fail(id, 'unknown-method', `no request '${method}' in this version`);
    const checked = methods[method].params.safeParse(params);
    if (!checked.success) return fail(id, 'bad-params', `${method}: ${issues(checked.error)}`);
    const controller = new AbortController();
    open.set(id, controller);
    try {
      const result = await run(service, method, checked.data, {
        signal: controller.signal,
        progress: (progress) => send({ type: 'progress', id, progress }),
      });
      send({ type: 'reply', id, result });
    } catch (error) {
      const reason = service.explain(error);
      if (controller.signal.aborted) fail(id, 'cancelled', 'cancelled');
      else if (reason !== undefined) fail(id, 'failed', reason);
      else fail(id, 'internal', `internal error, please report it: ${error instanceof Error ? error.message : error}`);
    } finally {
      open.delete(id);
    }
  };

  const unwatch = service.onChange(() => send({ type: 'changed' }));
  const close = () => {
    if (closed) return;
    closed = true;
    unwatch();
    for (const controller of open.values()) controller.abort();
  };
  port.onClose(close);
  const take = (data: unknown) => {
    if (closed) return;
    const message = ClientMessage.safeParse(data);
    if (!message.success)
      return fail(idOf(data), 'bad-message', `not a message of this contract: ${issues(message.error)}`);
    if (message.data.type === 'cancel') return open.get(message.data.id)?.abort();
    const { id, method, params } = message.data;
    void request(id, method, params);
  };
  port.onMessage(oneATurn(take));
  return close;
}

/**
 * Of messages that arrive together only the first is worked on at once, and each other one a turn of the event loop later: by then the
 * answer to the one before it has left. Else what is asked for first, and shown first, would wait for all that was asked along with it.
 */
function oneATurn(take: (message: unknown) => void): (message: unknown) => void {
  const waiting: unknown[] = [];
  let taken = false;
  const next = () => {
    taken = waiting.length > 0;
    if (!taken) return;
    setImmediate(next);
    take(waiting.shift());
  };
  return (message) => {
    waiting.push(message);
    if (!taken) next();
  };
}

function run<M extends Method>(service: LabService, method: M, params: Params<M>, call: Call) {
  return service.handlers[method](params, call);
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name);
}

/** The id of a broken message, so that its sender isn't left waiting. */
function idOf(data: unknown): number | undefined {
  const id = typeof data === 'object' && data !== null && 'id' in data ? data.id : undefined;
  return Number.isSafeInteger(id) && (id as number) > 0 ? (id as number) : undefined;
}

function issues(error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  return error.issues
    .map((i) => (i.path.length ? `${i.path.map(String).join('.')}: ${i.message}` : i.message))
    .join('; ');
}
