/**
 * Re-derives test/fixtures/trace/*.dat that are synthesised, and the expected texts of all fixtures, with trace-cmd.
 *
 *     node test/golden/derive-trace.mjs        (needs trace-cmd 3.1.6 with libtraceevent 1.7.1)
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { synthesised } from './trace-fixtures.ts';

const fixtures = new URL('../fixtures/trace/', import.meta.url);
const expected = new URL('expected/trace/', import.meta.url);

for (const [name, bytes] of Object.entries(synthesised())) writeFileSync(new URL(name, fixtures), bytes);
// trace-cmd as Debian builds it has no zlib: that fixture must read like its zstd twin.
for (const name of readdirSync(fixtures).filter((n) => n.endsWith('.dat') && !n.includes('zlib'))) {
  const text = execFileSync('trace-cmd', ['report', '-N', '-t', new URL(name, fixtures).pathname], {
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  writeFileSync(new URL(`${name}.txt.gz`, expected), gzipSync(text, { level: 9 }));
  console.log(name, text.length, createHash('sha256').update(text).digest('hex'));
}
