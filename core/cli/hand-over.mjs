/**
 * Runs `umbra` on another Node than the one it was started with: the npm package `node`, which `npm ci` installs. Plain JavaScript for Node
 * 18.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FAILED = 1;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Path of the Node that Umbra brings; undefined if it isn't installed. */
export function ownNode() {
  try {
    const home = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const program = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Runs umbra.mjs on it with the same input, output and signals, and ends as it does. Says what to do if there is no such Node.
 * @param argv what follows `umbra`
 */
export async function handOver(argv, node = ownNode()) {
  if (!node) {
    process.stderr.write(
      `umbra: Node ${process.versions.node} is too old (22.18 or newer is needed), and the Node that Umbra brings isn't installed: ` +
        'run `npm ci` in its folder.\n',
    );
    process.exitCode = FAILED;
    return;
  }
  const umbra = fileURLToPath(new URL('./umbra.mjs', import.meta.url));
  const child = spawn(node, [umbra, ...argv], { stdio: 'inherit' });
  // The other process decides what a signal does. A terminal sends Ctrl-C and its own end to both, so forwarding would deliver them twice.
  const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of signals) {
    process.on(signal, () => {
      if (signal === 'SIGTERM' || !inTerminal) child.kill(signal);
    });
  }
  const { code, signal } = await new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`umbra: ${node}: ${error.message}\n`);
      resolve({ code: FAILED, signal: null });
    });
    child.once('exit', (status, by) => resolve({ code: status, signal: by }));
  });
  if (signal === null) {
    process.exitCode = code;
    return;
  }
  // Ends by the same signal, so that the shell sees what happened.
  for (const name of signals) process.removeAllListeners(name);
  process.kill(process.pid, signal);
}
