import { fileURLToPath } from 'node:url';

/** How this Umbra is called again: the Node that runs it, and the same program. */
export const umbraCommand = (): readonly string[] => [
  process.execPath,
  fileURLToPath(new URL('../umbra.mjs', import.meta.url)),
];
