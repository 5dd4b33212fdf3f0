import type { CaptureWarning } from '../../core/contract/contract.ts';

/** Worst first; each has its own glyph, since colour alone isn't enough. */
const severities = [
  { id: 'data-loss', words: 'data loss', glyph: '■', tone: 'bad' },
  { id: 'undecoded', words: 'not decoded', glyph: '▲', tone: 'warn' },
  { id: 'info', words: 'note', glyph: '●', tone: '' },
] as const;

/** Warnings by severity, the worst first; those of one severity in their own order. */
export function worstFirst(warnings: readonly CaptureWarning[]) {
  return severities.flatMap((severity) =>
    warnings.filter((w) => w.severity === severity.id).map((warning) => ({ severity, warning })),
  );
}
