/** Runs a utility process's module in a thread, with the `process.parentPort` that Electron would give it. */
import { EventEmitter } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { PortMain } from './ports.ts';

const parent = Object.assign(new EventEmitter(), {
  postMessage: (message: unknown) => parentPort?.postMessage(message),
});
Object.assign(process, { parentPort: parent });
await import((workerData as { module: string }).module);
parentPort?.on('message', ({ message, ports }: { message: unknown; ports: MessagePort[] }) => {
  parent.emit('message', { data: message, ports: ports.map((port) => new PortMain(port)) });
});
