/** Runs a utility process's module in a Node child process, with the `process.parentPort` that Electron would give it. */
import { EventEmitter } from 'node:events';

/** What goes through the process's channel: messages to and from `parentPort`, and those of the ports that came with them. */
export interface Word {
  readonly data?: unknown;
  /** Numbers of the ports that come with a message. */
  readonly ports?: readonly number[];
  /** The port that `data` is for; `closed`: that is no more. */
  readonly port?: number;
  readonly closed?: boolean;
}

/** This end of a port. Like Electron's, it emits from start() on only. */
class Port extends EventEmitter {
  readonly #number: number;
  #early: unknown[] | undefined = [];

  constructor(number: number) {
    super();
    this.#number = number;
  }

  start(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const data of early) this.take(data);
  }

  take(data: unknown): void {
    if (this.#early) this.#early.push(data);
    else this.emit('message', { data, ports: [] });
  }

  postMessage(data: unknown): void {
    process.send?.({ port: this.#number, data } satisfies Word);
  }

  close(): void {
    process.send?.({ port: this.#number, closed: true } satisfies Word);
  }
}

if (process.send) {
  const ports = new Map<number, Port>();
  const parent = Object.assign(new EventEmitter(), {
    postMessage: (data: unknown) => void process.send?.({ data } satisfies Word),
  });
  Object.assign(process, { parentPort: parent });
  await import(process.argv[2]);
  process.on('message', ({ data, ports: numbers = [], port, closed }: Word) => {
    if (port === undefined) {
      const opened = numbers.map((number) => new Port(number));
      opened.forEach((own, i) => ports.set(numbers[i], own));
      parent.emit('message', { data, ports: opened });
    } else if (closed) ports.get(port)?.emit('close');
    else ports.get(port)?.take(data);
  });
}
