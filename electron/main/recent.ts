/** The labs opened last: for the menu, and to return to at the next start. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { app } from 'electron';

const MOST = 10;

export interface Recent {
  /** Absolute paths of labs that still exist, newest first. */
  list(): string[];
  add(lab: string): void;
  clear(): void;
}

/** @param file where the list is kept, as JSON: Electron keeps none on Linux */
export function createRecent(file: string): Recent {
  const read = (): string[] => {
    try {
      const list: unknown = JSON.parse(readFileSync(file, 'utf8'));
      return Array.isArray(list) ? list.filter((lab) => typeof lab === 'string') : [];
    } catch {
      return [];
    }
  };
  const write = (labs: readonly string[]) => {
    try {
      writeFileSync(file, JSON.stringify(labs));
    } catch {
      // A full disk, say: nothing depends on the list.
    }
  };
  return {
    list: () => read().filter((lab) => existsSync(lab)),
    add(lab) {
      // The Dock's menu, the taskbar's jump list.
      app.addRecentDocument(lab);
      write([lab, ...read().filter((other) => other !== lab)].slice(0, MOST));
    },
    clear() {
      app.clearRecentDocuments();
      write([]);
    },
  };
}
