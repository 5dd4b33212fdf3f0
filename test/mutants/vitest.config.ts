/** The tests run against a room's mutants: one process, no type check, the room from the environment. */
import { defineConfig } from 'vitest/config';
import { rooms } from './rooms.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/seed.ts'],
    setupFiles: ['test/seed.ts'],
    include: rooms[(process.env['UMBRA_MUTANTS'] ?? 'words') as keyof typeof rooms].tests,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
