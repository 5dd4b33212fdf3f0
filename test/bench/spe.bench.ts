/**
 * SPE packets to columns on one core: `node test/bench/spe.bench.ts [FILE.perf.data]`. Without a file it decodes
 * 64-byte records that it makes up: the layout of a Neoverse N1 (PC, context, operation, events, latencies, address,
 * source, timestamp).
 */
import { readFileSync } from 'node:fs';
import { openPerfData } from '../../core/formats/perf-data/perf-data.ts';
import { Warnings } from '../../core/formats/problems.ts';
import { memorySource } from '../../core/formats/source.ts';
import { SpeColumns } from '../../core/formats/spe/columns.ts';
import { decodeSpe } from '../../core/formats/spe/decode.ts';
import { speFile, words } from '../unit/perf-data.builder.ts';

const RECORDS = 200_000;
const ROUNDS = 12;

function record(i: number): Uint8Array {
  const random = Math.imul(i, 2654435761) >>> 0;
  const load = random % 3 !== 0;
  const pc = 0x8000_aaaa_0000_0000n | BigInt(random & 0xffffff);
  const address = 0xffff_0000_0000n | BigInt(random);
  const head = [
    Uint8Array.of(0xb0),
    pc,
    Uint8Array.of(0x65),
    4711,
    Uint8Array.of(load ? 0x49 : 0x4a, 0x00, 0x52, 0x16, 0x00),
  ];
  const latencies = Uint8Array.of(0x99, random & 255, 0, 0x98, random >> 8, 0);
  const data = load ? [Uint8Array.of(0xb2), address, Uint8Array.of(0x9a, 1, 0, 0x43, 0)] : [Uint8Array.of(0xb1), pc];
  const body = words(...head, latencies, ...data);
  const time = words(Uint8Array.of(0x71), 44_000_000_000n + BigInt(i) * 6n);
  return words(body, new Uint8Array(64 - body.length - time.length), time);
}

function madeUp(): Uint8Array {
  const payload = new Uint8Array(RECORDS * 64);
  for (let i = 0; i < RECORDS; i++) payload.set(record(i), i * 64);
  return speFile(payload);
}

const file = process.argv[2];
const source = memorySource(file ? new Uint8Array(readFileSync(file)) : madeUp(), file ?? 'made up');
const perf = openPerfData(source, new Warnings());
const bytes = perf.facts.spe?.auxBytes ?? 0;
const columns = new SpeColumns();
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
