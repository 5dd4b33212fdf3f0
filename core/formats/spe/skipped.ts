import type { Severity, Warnings } from '../problems.ts';

/** Counts what a hot loop skips; reported once at its end. */
export class Skipped {
  count = 0;
  bytes = 0;
  /** In the file, of the first. */
  offset = 0;

  add(offset: number, bytes: number): void {
    if (this.count === 0) this.offset = offset;
    this.count++;
    this.bytes += bytes;
  }

  warn(warnings: Warnings, severity: Severity, kind: string, message: string): void {
    const { count, bytes, offset } = this;
    if (count > 0) warnings.add(severity, kind, message, { count, bytes, offset });
  }
}
