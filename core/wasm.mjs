/** Compiles each NAME.wat in this folder into NAME.wasm.ts beside it: `npm run wasm`. What is committed is compared with it by a test. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const core = fileURLToPath(new URL('.', import.meta.url));

/** Files and their texts, as they should be. */
export async function compileAll() {
  const { parseWat } = await wabt();
  return globSync('**/*.wat', { cwd: core }).map((file) => {
    const name = basename(file, '.wat');
    const module = parseWat(file, readFileSync(core + file, 'latin1'), { simd: true, bulk_memory: true });
    const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
    const lines = base64.match(/.{1,120}/g).map((line) => `  '${line}',`);
    const text = `/** ${name}.wat, compiled: \`npm run wasm\` makes it anew. */\nexport const ${name}Wasm = [\n${lines.join('\n')}\n].join('');\n`;
    return { path: `${core}${file.slice(0, -'.wat'.length)}.wasm.ts`, text };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of await compileAll()) writeFileSync(path, text);
}
