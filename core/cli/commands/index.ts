import type { Command } from '../command.ts';
import { app } from './app.ts';
import { captures } from './captures.ts';
import { importCommand } from './import.ts';
import { inspect } from './inspect.ts';
import { replay } from './replay.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { serve } from './serve.ts';
import { skew } from './skew.ts';
import { sql } from './sql.ts';
import { stage2 } from './stage2.ts';
import { windows } from './windows.ts';

/** In the order in which `umbra --help` lists them. */
export const commands: readonly Command[] = [
  ...[run, importCommand, captures, inspect, stage2, replay, windows, skew, report],
  ...[sql, serve, app],
];
