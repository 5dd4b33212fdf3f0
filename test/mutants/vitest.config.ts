/** The tests run against a room's mutants: one process, no type check, the room from the environment. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { rooms } from './rooms.ts';

/** Short files first: the first failing test ends a mutant, and most fail in one of these. */
class ShortFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const long = (file: TestSpecification): number => Number(/\/(golden|property)\//.test(file.moduleId));
    return (await super.sort(files)).reverse().sort((a, b) => long(a) - long(b));
  }
}

export default defineConfig({
  test: {
    globalSetup: ['test/seed.ts'],
    setupFiles: ['test/seed.ts'],
    include: rooms[(process.env['UMBRA_MUTANTS'] ?? 'words') as keyof typeof rooms].tests,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { sequencer: ShortFirst },
  },
});
