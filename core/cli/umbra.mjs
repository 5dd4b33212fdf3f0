#!/usr/bin/env node
// Plain JavaScript on purpose: it must still parse on a Node too old to run the rest, to say so.
if (!process.features.typescript) {
  process.stderr.write(
    `umbra: Node ${process.versions.node} is too old (22.18 or newer is needed). ` +
      'Run it as `npx umbra …` or `npm run umbra -- …` after `npm ci`: these use the Node that Umbra brings along.\n',
  );
  process.exit(1);
}
(await import('./compile-cache.mjs')).useCompileCache();
const { main } = await import('./main.ts');
await main(process.argv.slice(2));
