/** Entry of Electron's utility process: serves one lab to the ports that the main process hands it. */
import { z } from 'zod';
import type { LabService } from '../contract/contract.ts';
import { openLabService } from '../lab/service/service.ts';
import { createJobs } from './job-runner.ts';
import { servePort } from './port.ts';
import { createForkedQueries, ForkReply } from './query-fork.ts';
import { createQueryPool } from './query-pool.ts';

/** What the main process sends, a port with each: one per page load. */
const Connect = z.strictObject({
  type: z.literal('connect'),
  lab: z.string(),
  /** Make the lab file if there is none. */
  create: z.boolean(),
  /** Where the build put job-worker.ts. */
  jobWorker: z.string(),
});

function serve(): void {
  let service: LabService | undefined;
  const queries = createForkedQueries((request) => process.parentPort.postMessage(request));
  process.parentPort.on('message', ({ data, ports: [port] }) => {
    const reply = ForkReply.safeParse(data);
    if (reply.success) return queries.receive(reply.data, port);
    const { lab, create, jobWorker } = Connect.parse(data);
    service ??= openLabService(lab, {
      queries: createQueryPool(lab, queries.spawn).run,
      jobs: createJobs(lab, jobWorker).run,
      create,
    });
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
