/** What the fuzzer feeds: each importer and parser of files, and what must hold for any input. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { elfSymbols } from '../../core/formats/elf/elf-symbols.ts';
import { openElf } from '../../core/formats/elf/elf.ts';
import { readKallsyms } from '../../core/formats/symbols/kallsyms.ts';
import { readPerfMap } from '../../core/formats/symbols/perf-map.ts';
import { explainError } from '../../core/lab/about.ts';
import { listLabCaptures } from '../../core/lab/captures/captures.ts';
import { importFile } from '../../core/lab/import/import.ts';
import { listLabRuns } from '../../core/lab/runs/runs.ts';
import { parsePolicyFile } from '../../core/model/policy-file.ts';
import { parseScenario } from '../../core/model/scenario.ts';
import { parseVmDescription } from '../../core/model/vm.ts';
import { connect, migrate } from '../../core/store/lab-file.ts';
import type { Db } from '../../core/store/lab-file.ts';

export const kinds = ['capture', 'vm', 'scenario', 'policy', 'elf', 'kallsyms', 'perf-map', 'lab'] as const;
export type Kind = (typeof kinds)[number];

export interface Outcome {
  /** Reached the end; otherwise it was refused in words. */
  readonly read: boolean;
  /** Of a trace: rows of the reconstructed stage 2. */
  readonly stage2: number;
}

const decoder = new TextDecoder();

/** Runs inputs in one process; a lab in memory is what captures go into. */
export class Targets {
  readonly #folder: string;
  #db: Db;

  /** @param folder for files that must be files, e.g. on a tmpfs */
  constructor(folder: string) {
    this.#folder = mkdtempSync(join(folder, 'umbra-fuzz-'));
    this.#db = freshLab();
  }

  /** Throws on bugs: an error that doesn't explain itself, or an impossible result. */
  run(kind: Kind, input: Uint8Array): Outcome {
    try {
      return { read: true, stage2: this.#feed(kind, input) };
    } catch (error) {
      if (explainError(error) === undefined) throw error;
      return { read: false, stage2: 0 };
    }
  }

  close(): void {
    this.#db.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #feed(kind: Kind, input: Uint8Array): number {
    switch (kind) {
      case 'capture':
        return this.#import(input);
      case 'vm':
        parseVmDescription(decoder.decode(input));
        return 0;
      case 'scenario':
        parseScenario(decoder.decode(input), 'fuzz');
        return 0;
      case 'policy':
        parsePolicyFile(decoder.decode(input), 'fuzz');
        return 0;
      case 'elf': {
        const warnings = new Warnings();
        elfSymbols(openElf(memorySource(input), warnings), warnings);
        return 0;
      }
      case 'kallsyms':
        readKallsyms(memorySource(input), new Warnings());
        return 0;
      case 'perf-map':
        readPerfMap(memorySource(input), new Warnings());
        return 0;
      case 'lab': {
        const lab = join(this.#folder, 'lab.umbra');
        writeFileSync(lab, input);
        listLabCaptures(lab);
        listLabRuns(lab);
        return 0;
      }
    }
  }

  #import(input: Uint8Array): number {
    const file = join(this.#folder, 'input');
    writeFileSync(file, input);
    const db = this.#db;
    db.exec('BEGIN');
    try {
      const made = importFile(db, file, { threads: 0 });
      for (const { id, t0, t1, records } of made) {
        if (t0 !== undefined && t1 !== undefined && t1 < t0) throw new Error(`capture ${id}: a negative span`);
        if (!(records >= 0)) throw new Error(`capture ${id}: ${records} records`);
      }
      return Number(db.prepare('SELECT count(*) FROM stage2_change').pluck().get());
    } finally {
      if (db.inTransaction) db.exec('ROLLBACK');
    }
  }
}

function freshLab(): Db {
  const db = connect(':memory:', false, 0);
  db.pragma('foreign_keys = ON');
  db.transaction(() => migrate(db))();
  return db;
}
