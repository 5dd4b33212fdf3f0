/** The process that serves a window's lab: started on demand, and again after a crash. */
import { MessageChannelMain, utilityProcess } from 'electron';
import type { MessagePortMain, UtilityProcess } from 'electron';
import jobWorkerPath from '../../core/host/job-worker.ts?modulePath';
import hostPath from '../../core/host/utility.ts?modulePath';
import { createBackOff } from './back-off.ts';
import { serveQueryProcesses } from './query-processes.ts';

export interface Engine {
  /** A new port to the lab; starts the process if none runs. */
  connect(): MessagePortMain;
  /** Ends it; nothing is reported after that. */
  stop(): void;
}

/**
 * @param create makes the lab file if there is none
 * @param onStop it ended on its own; `again`: ms until `onAgain`, if it is worth another try
 */
export function createEngine(
  lab: string,
  create: boolean,
  onStop: (code: number, again: number | undefined) => void,
  onAgain: () => void,
): Engine {
  const backOff = createBackOff();
  let running: UtilityProcess | undefined;
  let timer: NodeJS.Timeout | undefined;

  const start = () => {
    const started = utilityProcess.fork(hostPath, [], { serviceName: 'Umbra lab' });
    serveQueryProcesses(started);
    backOff.started();
    // One that we ended ourselves is no longer `running`: only the others are reported.
    started.on('exit', (code) => {
      if (running !== started) return;
      running = undefined;
      const again = backOff.next();
      if (again !== undefined) timer = setTimeout(onAgain, again);
      onStop(code, again);
    });
    return started;
  };

  return {
    connect() {
      // Requested while it is down for good: by the user.
      if (!running && !timer) backOff.reset();
      clearTimeout(timer);
      timer = undefined;
      running ??= start();
      const { port1, port2 } = new MessageChannelMain();
      running.postMessage({ type: 'connect', lab, create, jobWorker: jobWorkerPath }, [port1]);
      return port2;
    },
    stop() {
      clearTimeout(timer);
      const old = running;
      running = undefined;
      old?.kill();
    },
  };
}
