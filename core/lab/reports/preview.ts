/** A report as pages show and save it: what `umbra report` would write, in memory. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import type { ReportForm, ReportPreview } from '../../contract/runs.ts';
import { printPdf } from './pdf.ts';
import { figuresFolder } from './report-files.ts';
import type { ReportForms } from './report-files.ts';

/** @param stem the file's name without its extension. Throws RequestError if a PDF can't be printed. */
export function previewOf(
  forms: ReportForms,
  form: ReportForm,
  stem: string,
): Pick<ReportPreview, 'text' | 'bytes' | 'file'> {
  const file = `${stem}.${form}`;
  switch (form) {
    case 'html':
      return { text: forms.html(), file };
    case 'txt':
      return { text: forms.text(), file };
    case 'pdf': {
      const text = forms.html();
      return { text, file, bytes: inFolder((folder) => (printPdf(text, join(folder, file)), join(folder, file))) };
    }
    case 'md': {
      const figuresIn = figuresFolder(file);
      const { markdown: text, figures } = forms.markdown(figuresIn);
      if (!figures.size) return { text, file };
      const bytes = inFolder((folder) => {
        mkdirSync(join(folder, figuresIn));
        writeFileSync(join(folder, file), text);
        for (const [name, svg] of figures) writeFileSync(join(folder, figuresIn, name), svg);
        const packed = join(folder, 'report.tar');
        create({ sync: true, file: packed, cwd: folder, portable: true }, [file, figuresIn]);
        return packed;
      });
      return { text, file: `${stem}.md.tar`, bytes };
    }
  }
}

/** Bytes of a file that `make` writes into its own folder. */
function inFolder(make: (folder: string) => string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'umbra-report-'));
  try {
    return new Uint8Array(readFileSync(make(folder)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
