import type { Command } from '../command.ts';
import { app } from './app.ts';
import { captures } from './captures.ts';
import { importCommand } from './import.ts';
import { inspect } from './inspect.ts';
import { serve } from './serve.ts';
import { sql } from './sql.ts';

/** In the order in which `umbra --help` lists them. */
export const commands: readonly Command[] = [importCommand, captures, inspect, sql, serve, app];
