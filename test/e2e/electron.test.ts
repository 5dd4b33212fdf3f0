import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { electronBinary } from '../../core/cli/commands/app.ts';
import { writeSampleLab } from './sample-lab.ts';

const binary = electronBinary();

describe.skipIf(!binary)(binary ? 'the real app' : 'the real app (skipped: no Electron binary)', () => {
  it('opens a lab and shows its captures', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'umbra-app-'));
    const lab = join(directory, 'altra-07.umbra');
    writeSampleLab(lab);
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const app = await _electron.launch({
      executablePath: binary,
      args: [root, lab, '--no-sandbox', `--user-data-dir=${join(directory, 'profile')}`],
    });
    try {
      const window = await app.firstWindow();
      await window.getByRole('link', { name: 'kvbench' }).waitFor();
      expect(window.url()).toMatch(/^app:\/\/umbra\//);
    } finally {
      await app.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
