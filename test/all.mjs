/** `npm test`: the checks run beside the tests, since both leave a core idle at times. Fails if either fails. */
import { spawn } from 'node:child_process';

/** Runs an npm script or program; its output comes at once, or all at the end. */
function run(command, args, output) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', output, output], shell: process.platform === 'win32' });
    const held = [];
    child.stdout?.on('data', (chunk) => held.push(chunk));
    child.stderr?.on('data', (chunk) => held.push(chunk));
    child.on('close', (code) => resolve({ code: code ?? 1, said: Buffer.concat(held) }));
  });
}

const [check, tests] = await Promise.all([
  run('npm', ['run', '--silent', 'check'], 'pipe'),
  run('npx', ['vitest', 'run', ...process.argv.slice(2)], 'inherit'),
]);
process.stdout.write(check.said);
process.stdout.write(check.code === 0 ? 'check: passed\n' : 'check: FAILED, see above\n');
process.exitCode = check.code || tests.code;
