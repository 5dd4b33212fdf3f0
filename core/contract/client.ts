/** The client's end of the contract: requests with ids over any transport. */
import type { ClientMessage, ErrorCode, HostMessage, Method, Params, Progress, Result } from './contract.ts';

/** Carries messages in order, both ways, until it closes. */
export interface Transport {
  send(message: ClientMessage): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, with the reason in words if known. */
  onClose(listener: (reason: string) => void): void;
  close(): void;
}

/** A request that the host refused or failed, or (`gone`) that was open when the connection closed. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode | 'gone';

  constructor(code: ErrorCode | 'gone', message: string) {
    super(message);
    this.code = code;
  }
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Client {
  /** Rejects with a ServiceError. An aborted request rejects as `cancelled` once the host has dropped it. */
  request<M extends Method>(method: M, params: Params<M>, options?: RequestOptions): Promise<Result<M>>;
  /** Called when the lab file changes; returns the unsubscriber. */
  onChange(listener: () => void): () => void;
  close(): void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ServiceError) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export function createClient(transport: Transport): Client {
  const pending = new Map<number, Pending>();
  const listeners = new Set<() => void>();
  let nextId = 1;
  let gone: string | undefined;

  transport.onMessage((message) => {
    // The host is of the same build: messages aren't checked field by field, only distinguished.
    const m = message as HostMessage;
    if (m.type === 'changed') return listeners.forEach((listener) => listener());
    if (m.id === undefined) return;
    const request = pending.get(m.id);
    if (!request) return;
    if (m.type === 'progress') return request.onProgress?.(m.progress);
    pending.delete(m.id);
    if (m.type === 'reply') request.resolve(m.result);
    else request.reject(new ServiceError(m.code, m.message));
  });
  transport.onClose((reason) => {
    gone = reason;
    for (const request of pending.values()) request.reject(new ServiceError('gone', reason));
    pending.clear();
  });

  return {
    request<M extends Method>(method: M, params: Params<M>, { signal, onProgress }: RequestOptions = {}) {
      return new Promise<Result<M>>((resolve, reject) => {
        if (gone !== undefined) return reject(new ServiceError('gone', gone));
        if (signal?.aborted) return reject(new ServiceError('cancelled', 'cancelled'));
        const id = nextId++;
        const cancel = () => transport.send({ type: 'cancel', id });
        const done = () => signal?.removeEventListener('abort', cancel);
        pending.set(id, {
          resolve: (result) => (done(), resolve(result as Result<M>)),
          reject: (error) => (done(), reject(error)),
          onProgress,
        });
        signal?.addEventListener('abort', cancel, { once: true });
        transport.send({ type: 'request', id, method, params });
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => transport.close(),
  };
}
