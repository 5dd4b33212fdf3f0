#!/usr/bin/env node
// Plain JavaScript that any Node from 18 on reads: one that can't run TypeScript hands over to the Node that Umbra brings.
if (process.features.typescript) {
  (await import('./compile-cache.mjs')).useCompileCache();
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
} else {
  const { handOver } = await import('./hand-over.mjs');
  await handOver(process.argv.slice(2));
}
