/** Entry of Electron's utility process: serves one lab to the ports that the main process hands it. */
import { z } from 'zod';
import type { LabService } from '../lab/contract.ts';
import { openLabService } from '../lab/service.ts';
import { servePort } from './port.ts';

/** What the main process sends, a port with each: one a page load. */
const Connect = z.strictObject({ type: z.literal('connect'), lab: z.string() });

function serve(): void {
  let service: LabService | undefined;
  process.parentPort.on('message', ({ data, ports: [port] }) => {
    service ??= openLabService(Connect.parse(data).lab);
    servePort(service, {
      // Plain copies: ArrayBuffers that are transferred to a renderer arrive empty.
      send: (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', (event) => listener(event.data)),
      onClose: (listener) => port.once('close', listener),
    });
    port.start();
  });
}

serve();
