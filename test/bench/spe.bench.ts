/**
 * SPE packets to columns on one core: `node test/bench/spe.bench.ts [FILE.perf.data]`. Without a file it decodes what
 * `umbra synth` writes: 64-byte records in the layout of a Neoverse N1.
 */
import { readFileSync } from 'node:fs';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { DecodedColumns } from '../../core/formats/spe/record-memory.ts';
import { planCapture, writeCapture } from '../../core/synth/capture.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { MemorySink } from '../../core/synth/sink.ts';
import { printGoals } from './goals.mjs';

const RECORDS = 200_000;
const ROUNDS = 12;

function synthesised(): Uint8Array {
  const options = synthOptions({ samples: RECORDS });
  const sink = new MemorySink();
  writeCapture(options, planCapture(options), sink, () => undefined);
  return sink.bytes();
}

const file = process.argv[2];
const source = memorySource(file ? new Uint8Array(readFileSync(file)) : synthesised(), file ?? 'synthesised');
const perf = openPerfData(source, new Warnings());
const bytes = perf.facts.spe?.auxBytes ?? 0;
const columns = new DecodedColumns();
const rates: number[] = [];
let records = 0;
for (let round = 0; round < ROUNDS; round++) {
  records = 0;
  const start = performance.now();
  for (const queue of perf.queues) decodeSpe(perf, queue, columns, (batch) => (records += batch.n), new Warnings());
  rates.push((performance.now() - start) / 1000);
}
rates.sort((a, b) => a - b);
const show = (label: string, seconds: number): void =>
  console.log(
    `${label.padEnd(7)} ${(bytes / 1e6 / seconds).toFixed(0).padStart(5)} MB/s  ${(records / 1e6 / seconds).toFixed(2)} M records/s`,
  );
console.log(`SPE to columns: ${source.name}, ${(bytes / 1e6).toFixed(1)} MB, ${records} records, ${ROUNDS} rounds`);
show('best', rates[0]);
show('median', rates[ROUNDS >> 1]);
printGoals([{ what: 'SPE to columns, one core', figure: bytes / 1e6 / rates[0], unit: 'MB/s', atLeast: 200 }]);
