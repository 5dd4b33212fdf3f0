#!/usr/bin/env node
// Plain JavaScript for any Node from 18 on: one that can't run TypeScript hands over to the Node that Umbra brings.
import { answer, quickAnswer } from './quick.mjs';

const argv = process.argv.slice(2);
const text = quickAnswer(argv);
if (text !== undefined) {
  answer(text);
} else if (process.features.typescript) {
  (await import('./compile-cache.mjs')).useCompileCache();
  // Traces name the sources; reading the maps takes time, and only this shows traces.
  if (argv.includes('--verbose')) process.setSourceMapsEnabled(true);
  const { main } = await import((await import('./program.mjs')).program());
  await main(argv);
} else {
  const { handOver } = await import('./hand-over.mjs');
  await handOver(argv);
}
