/** Where this installation keeps the kit: beside core/ in a clone, beside out/ in the app, which is bundled. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @throws Error if the installation is incomplete */
export function kitFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'kit', 'umbra-capture.sh'))) return join(folder, 'kit');
    if (dirname(folder) === folder) throw new Error('kit/umbra-capture.sh is missing from this installation');
  }
}
