/** Compiles each NAME.wat in this folder into NAME.wasm.ts beside it: `npm run wasm`. What is committed is compared with it by a test. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';
import { KNOWN_BYTES, linePlaces, MAX_FRONT, places } from './formats/memory-map.ts';
import { transposes } from './store/planes/transposes.mjs';

const core = fileURLToPath(new URL('.', import.meta.url));

/** A module's text with the names in braces filled in. Throws for a name that nobody knows. */
function filled(text, file) {
  const known = { ...places, ...linePlaces, KNOWN_BYTES, MAX_FRONT, TRANSPOSES: transposes };
  return text.replaceAll(/\{(\w+)(?:\+(\d+))?\}/g, (_, name, more) => {
    if (!Object.hasOwn(known, name)) throw new Error(`${file}: no {${name}}`);
    return more ? known[name] + Number(more) : known[name];
  });
}

/** Files and their texts, as they should be. */
export async function compileAll() {
  const { parseWat } = await wabt();
  return globSync('**/*.wat', { cwd: core }).map((file) => {
    const name = basename(file, '.wat').replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
    const module = parseWat(file, filled(readFileSync(core + file, 'utf8'), file), { simd: true, bulk_memory: true });
    const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
    const lines = base64.match(/.{1,120}/g).map((line) => `  '${line}',`);
    const text = `/** ${basename(file)}, compiled: \`npm run wasm\` regenerates it. */\nexport const ${name}Wasm = [\n${lines.join('\n')}\n].join('');\n`;
    return { path: `${core}${file.slice(0, -'.wat'.length)}.wasm.ts`, text };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of await compileAll()) writeFileSync(path, text);
}
