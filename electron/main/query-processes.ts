/**
 * Query processes for a lab's host. Only the main process may fork utility processes, so it does so for the host and hands
 * it a port to each; it kills them on request: SQLite can't be interrupted.
 */
import { MessageChannelMain, utilityProcess } from 'electron';
import type { UtilityProcess } from 'electron';
import queryPath from '../../core/host/query-worker.ts?modulePath';
import type { ForkRequest, ForkReply } from '../../core/host/query-fork.ts';

/** Serves the host's requests for as long as it lives; ends its query processes with it. */
export function serveQueryProcesses(host: UtilityProcess): void {
  const running = new Map<number, UtilityProcess>();
  const tell = (reply: ForkReply, ports: Electron.MessagePortMain[] = []) => host.postMessage(reply, ports);
  host.on('message', (request: ForkRequest) => {
    if (request.type === 'query-kill') return void running.get(request.id)?.kill();
    const { id } = request;
    const child = utilityProcess.fork(queryPath, [], { serviceName: 'Umbra query' });
    const { port1, port2 } = new MessageChannelMain();
    running.set(id, child);
    child.on('exit', () => {
      if (running.delete(id)) tell({ type: 'query-exit', id });
    });
    child.postMessage(null, [port1]);
    tell({ type: 'query-port', id }, [port2]);
  });
  host.on('exit', () => {
    const left = [...running.values()];
    running.clear();
    for (const child of left) child.kill();
  });
}
