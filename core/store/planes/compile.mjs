/** Compiles planes.wat into planes.wasm.ts: `npm run wasm`. What is committed is compared with it by a test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The text of planes.wasm.ts. */
export async function compilePlanes() {
  const { parseWat } = await wabt();
  const module = parseWat('planes.wat', readFileSync(here('./planes.wat'), 'latin1'), {
    simd: true,
    bulk_memory: true,
  });
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const lines = base64.match(/.{1,120}/g).map((line) => `  '${line}',`);
  return `/** planes.wat, compiled: \`npm run wasm\` makes it anew. */\nexport const planesWasm = [\n${lines.join('\n')}\n].join('');\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(here('./planes.wasm.ts'), await compilePlanes());
}
