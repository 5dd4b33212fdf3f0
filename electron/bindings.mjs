/**
 * npm installs native packages for this machine's architecture only; installers are built for others, too. Fetches DuckDB's bindings of
 * the architectures named, as the lock file has them: `node electron/bindings.mjs x64 arm64`.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The folder of DuckDB's binding, below the project's or an app's. */
export const bindingOf = (platform, arch) => `node_modules/@duckdb/node-bindings-${platform}-${arch}`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const arch of process.argv.slice(2)) {
    const name = bindingOf(process.platform, arch);
    if (existsSync(join(root, name))) continue;
    const folder = mkdtempSync(join(tmpdir(), 'umbra-bindings-'));
    try {
      for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(root, file), join(folder, file));
      const words = ['ci', '--ignore-scripts', '--omit=dev', `--cpu=${arch}`, '--no-audit', '--no-fund'];
      execFileSync('npm', words, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
      cpSync(join(folder, name), join(root, name), { recursive: true });
      console.log(name);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
