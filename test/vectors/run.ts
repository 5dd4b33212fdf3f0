/** `npm run vectors -- FILE.jsonl[.gz]…`: which vectors the replay doesn't match, and where first. Exits 1 if there are any. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { firstDifference, outcomeOf } from './vector.ts';
import type { Vector } from './vector.ts';

const files = process.argv.slice(2);
if (!files.length) {
  console.error('usage: npm run vectors -- FILE.jsonl[.gz]…');
  process.exit(2);
}
let equal = 0;
let all = 0;
for (const file of files) {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  for (const [i, line] of text.split('\n').entries()) {
    if (!line.trim()) continue;
    all++;
    let different: string | undefined;
    try {
      const vector = JSON.parse(line) as Vector;
      different = firstDifference(vector.expect, outcomeOf(vector));
    } catch (error) {
      different = (error as Error).message;
    }
    if (different === undefined) equal++;
    else console.log(`${file}:${i + 1}: ${different}`);
  }
}
console.log(`${equal}/${all} vectors equal`);
process.exitCode = equal === all ? 0 : 1;
