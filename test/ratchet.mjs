/**
 * What may only decrease (`npm run ratchet`, part of `npm run check`): counts in core, electron and renderer against test/ratchet.json.
 * Fails when one rises; `--write` stores lower ones.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const store = join(root, 'test/ratchet.json');
const LONG_LINES = 400;
const INDEX = 'indexes asserted to be there (`]!`)';
const CAST = 'casts (`as`, but `as const`)';
const UNKNOWN = 'casts through unknown';
const OFF = 'checks switched off (…lint-disable, @ts-…)';
const LONG = `files of more than ${LONG_LINES} lines`;

const now = { [INDEX]: 0, [CAST]: 0, [UNKNOWN]: 0, [OFF]: 0, [LONG]: 0 };

function* files(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* files(path);
    else if (/\.(ts|mjs|vue)$/.test(entry.name)) yield path;
  }
}

function look(node) {
  if (ts.isNonNullExpression(node) && ts.isElementAccessExpression(node.expression)) now[INDEX]++;
  if (ts.isAsExpression(node) && node.type.getText() !== 'const') {
    now[CAST]++;
    if (node.type.kind === ts.SyntaxKind.UnknownKeyword) now[UNKNOWN]++;
  }
  ts.forEachChild(node, look);
}

for (const file of ['core', 'electron', 'renderer'].flatMap((folder) => [...files(folder)])) {
  const text = readFileSync(join(root, file), 'utf8');
  // Of a Vue file its script; what a template casts isn't counted.
  const code = file.endsWith('.vue') ? (/<script[^>]*>([\s\S]*?)<\/script>/.exec(text)?.[1] ?? '') : text;
  look(ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS));
  now[OFF] += text.match(/(?:es|ox)lint-disable|@ts-(?:ignore|expect-error|nocheck)/g)?.length ?? 0;
  if (text.split('\n').length - 1 > LONG_LINES) now[LONG]++;
}

const most = JSON.parse(readFileSync(store, 'utf8'));
const write = process.argv.includes('--write');
for (const [name, count] of Object.entries(now)) {
  if (count > (most[name] ?? 0)) {
    process.stderr.write(`ratchet: ${name}: ${count}, at most ${most[name] ?? 0} allowed\n`);
    process.exitCode = 1;
  } else if (count < most[name] && !write) {
    process.stdout.write(
      `ratchet: ${name}: ${count}, ${most[name]} before; \`npm run ratchet -- --write\` keeps it so\n`,
    );
  }
}
if (write && process.exitCode === undefined) writeFileSync(store, `${JSON.stringify(now, undefined, 2)}\n`);
