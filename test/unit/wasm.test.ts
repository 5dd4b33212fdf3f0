import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('each .wasm.ts is what its .wat compiles to', async () => {
  const { compileAll } = (await import('../../core/wasm.mjs' as string)) as {
    compileAll(): Promise<{ path: string; text: string }[]>;
  };
  const files = await compileAll();
  expect(files.length).toBeGreaterThan(1);
  for (const { path, text } of files) expect(readFileSync(path, 'utf8'), path).toBe(text);
});
