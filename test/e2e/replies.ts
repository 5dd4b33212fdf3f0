/** Checks what a page gets from its host against the contract, frame by frame. */
import type { Page } from 'playwright-core';
import { decodeFrame } from '../../core/contract/wire.ts';
import { progressProblem, replyProblem } from '../contract/check.ts';

/** @param complain is told violations of the contract */
export function watchReplies(page: Page, complain: (what: string) => void): void {
  page.on('websocket', (socket) => {
    const methods = new Map<number, string>();
    socket.on('framesent', ({ payload }) => {
      const message = decoded(payload) as { type: string; id: number; method: string };
      if (message.type === 'request') methods.set(message.id, message.method);
    });
    socket.on('framereceived', ({ payload }) => {
      const message = decoded(payload) as { type: string; id: number; result: unknown; progress: unknown };
      const method = methods.get(message.id);
      if (method === undefined) return;
      const problem =
        message.type === 'reply'
          ? replyProblem(method, message.result)
          : message.type === 'progress'
            ? progressProblem(method, message.progress)
            : undefined;
      if (problem !== undefined) complain(`not what the contract says: ${problem}`);
    });
  });
}

function decoded(payload: string | Buffer): unknown {
  return decodeFrame(typeof payload === 'string' ? payload : new Uint8Array(payload).buffer);
}
