import { expect, test } from 'vitest';
import { score, summary } from '../mutants/summary.ts';

test('a sample’s score and its 95 % interval, as R’s prop.test(correct = FALSE) gives it', () => {
  expect(score(270, 275)).toBe('score 98.2 % (95 %: 95.8 … 99.2 %)');
  expect(score(13, 13)).toBe('score 100.0 % (95 %: 77.2 … 100.0 %)');
  expect(score(0, 0)).toBe('no score: nothing ran');
});

test('what no test caught is listed by place; a mutant that broke the run is, too, but does not count', () => {
  const mutant = (status: string, line: number) => ({
    ...{ fileName: 'core/words/shell.ts', mutatorName: 'StringLiteral', replacement: '""', status },
    location: { start: { line, column: 1 }, end: { line, column: 4 } },
  });
  const text = summary([
    ...[mutant('Survived', 3), mutant('Killed', 1), mutant('NoCoverage', 1)],
    ...[mutant('Timeout', 2), mutant('RuntimeError', 2)],
  ]);
  expect(text.split('\n').filter((line) => line.includes('shell.ts'))).toEqual([
    'NoCoverage core/words/shell.ts:1:1 StringLiteral',
    'RuntimeError core/words/shell.ts:2:1 StringLiteral',
    'Survived core/words/shell.ts:3:1 StringLiteral',
  ]);
  expect(text).toContain('\n  - /**\n  + ""\n');
  expect(text).toContain(
    '\nkilled 1, timed out 1 (1 by the clock), survived 1, no coverage 1, errors 1\nscore 50.0 % (95 %: ',
  );
});
