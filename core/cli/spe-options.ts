/** The options that say what an SPE file doesn't say about itself, for `umbra import` and `umbra inspect`. */
import type { ImportOptions } from '../lab/import/import.ts';
import { UsageError } from './command.ts';
import type { Args, Option } from './command.ts';

export const speOptions: Readonly<Record<string, Option>> = {
  'raw-spe': { type: 'boolean', help: 'the file is an SPE buffer with no perf.data around it' },
  cpu: { type: 'string', value: 'N', help: 'its CPU (0)' },
  'time-conv': {
    type: 'string',
    value: 'SHIFT,MULT,ZERO',
    help: 'ns = zero + (ticks * mult >> shift), for raw buffers and CSV',
  },
};

/** Members are undefined if the options weren't given. */
export function speChoice(args: Args): Pick<ImportOptions, 'rawSpe' | 'timeConv'> {
  const timeConv = readTimeConv(args.text('time-conv'));
  const cpu = args.integer('cpu', 0, 0x7fff);
  if (!args.flag('raw-spe')) {
    if (cpu !== undefined) throw new UsageError('--cpu is for --raw-spe: other files name their CPUs');
    return { timeConv };
  }
  return { rawSpe: { cpu, timeConv }, timeConv };
}

function readTimeConv(text: string | undefined): ImportOptions['timeConv'] {
  if (text === undefined) return undefined;
  const words = text.split(',');
  const number = (word: string) => (/^(\d{1,20}|0x[0-9a-f]{1,16})$/i.test(word) ? BigInt(word) : -1n);
  const [shift, mult, zero] = words.map(number);
  if (words.length !== 3 || shift < 0n || shift > 63n || mult <= 0n || zero < 0n || (mult | zero) >> 64n) {
    throw new UsageError(`--time-conv takes SHIFT,MULT,ZERO, as in perf's TIME_CONV, not '${text}'`);
  }
  return { shift, mult, zero, short: undefined };
}
