/** The board kit: a script that records captures on machines without Umbra. */
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RequestError } from '../about.ts';
import { writeTogether, writeWhole } from '../output-file.ts';
import { kitFolder } from './kit-folder.ts';

const files = ['umbra-capture.sh', 'README.md'] as const;

/** Writes script and README into a folder, which is made if missing. Returns their paths. Never overwrites. */
export function writeKit(folder: string): string[] {
  const source = kitFolder();
  const taken = files.map((name) => join(folder, name)).find(existsSync);
  if (taken !== undefined) throw new RequestError(`${taken} is there already: give another folder`);
  return writeTogether(folder, (written) => {
    for (const name of files) {
      const path = join(folder, name);
      writeWhole(path, (file) => file.bytes(readFileSync(join(source, name))));
      written.push(path);
      if (name.endsWith('.sh')) chmodSync(path, 0o755);
    }
    return written;
  });
}
