import { isatty } from 'node:tty';
import { PagesError } from '../../host/pages.ts';
import { startServer } from '../../host/web-socket.ts';
import type { LabServer, ServerOptions } from '../../host/web-socket.ts';
import { RequestError } from '../../lab/about.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  arity: [0, 0],
  options: {
    db: { type: 'string', value: 'LAB', help: 'lab file', required: true },
    new: { type: 'boolean', help: 'make an empty lab if there is none' },
    'no-capture': { type: 'boolean', help: 'pages can’t record from boards' },
    port: { type: 'string', value: 'N', help: 'port on 127.0.0.1; any free one if left out' },
  },
  details:
    'Prints the link to open. Its token works once, in one browser; pages stay connected until Ctrl-C.\n' +
    'From another machine: ssh -L PORT:127.0.0.1:PORT HOST, then open the link there.',
  async run(args, out) {
    const server = await start({
      lab: args.need('db'),
      create: args.flag('new'),
      noCapture: args.flag('no-capture'),
      port: args.integer('port', 0, 65535),
    });
    if (args.flag('json')) out.json({ url: server.url, port: server.port });
    else out.write(`${server.url}\n`);
    out.flush();
    if (isatty(2)) out.note('Open this link in a browser on this machine. Ctrl-C ends.');
    await out.stopped();
    await server.close();
  },
};

async function start(options: ServerOptions): Promise<LabServer> {
  try {
    return await startServer(options);
  } catch (error) {
    if (error instanceof PagesError) throw new RequestError(error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new RequestError(`port ${options.port} is taken; leave --port out to get a free one`);
    if (code === 'EACCES' && options.port)
      throw new RequestError(`port ${options.port} isn't for users; take one from 1024 on`);
    throw error;
  }
}
