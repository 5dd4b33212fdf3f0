import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RequestError } from '../../lab/about.ts';
import type { Command } from '../command.ts';

export const command: Command = {
  operands: '[LAB]',
  arity: [0, 1],
  options: {},
  async run(args) {
    const [lab] = args.operands;
    const binary = electronBinary();
    if (!binary) {
      throw new RequestError(
        `Electron's binary isn't on this machine: \`npx install-electron\` fetches it; ` +
          `\`umbra serve --db ${lab ?? 'LAB'}\` shows the same lab in a browser without it`,
      );
    }
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    if (!existsSync(join(root, 'out/main/index.js'))) {
      throw new RequestError('the app is not built; `npm run build` builds it');
    }
    const code = await run(binary, [root, ...(lab === undefined ? [] : [resolve(lab)])]);
    if (code !== 0) throw new RequestError(`the app ended with ${code}`);
  },
};

/**
 * Where the `electron` package put its binary, if it did. Found as its index.js finds it, but without importing it: that would start the
 * download.
 */
export function electronBinary(): string | undefined {
  try {
    const home = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
    const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(home, 'dist');
    const pathFile = join(home, 'path.txt');
    const binary = join(dist, existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function run(binary: string, args: readonly string[]): Promise<number | string> {
  return new Promise((done, reject) => {
    const child = spawn(binary, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => done(code ?? signal ?? 0));
  });
}
