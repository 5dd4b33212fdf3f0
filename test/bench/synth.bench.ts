/** Records and events a second that `umbra synth` makes, on one core, into nowhere: `node test/bench/synth.bench.ts [RECORDS]` */
import { planCapture, writeCapture } from '../../core/synth/capture.ts';
import { writeKvmTrace } from '../../core/synth/kvm-trace.ts';
import { synthOptions } from '../../core/synth/options.ts';
import { synthesise } from '../../core/synth/pair.ts';
import type { ByteSink } from '../../core/synth/sink.ts';

const samples = Number(process.argv[2] ?? 4_000_000);
const options = synthOptions({ samples, kvmEvents: samples / 10, truthRecords: 0 });
const plan = planCapture(options);
const nowhere: ByteSink = { write: () => undefined, patch: () => undefined };

/** CPU time: comparable even on a busy machine. */
function measure(what: string, count: number, unit: string, run: () => void): void {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  console.log(
    `${what.padEnd(40)} ${seconds.toFixed(2).padStart(6)} s CPU ${(count / seconds / 1e6).toFixed(2).padStart(7)} M ${unit}/s`,
  );
}

for (const round of ['cold', 'warm']) {
  measure(`SPE capture, ${round}`, samples, 'records', () => {
    writeCapture(options, plan, nowhere, () => undefined);
  });
}
measure('KVM trace', options.kvmEvents, 'events', () => {
  writeKvmTrace(options, plan, nowhere);
});
measure('pair with the truth of all policies', samples, 'records', () => {
  synthesise(options, { spe: nowhere, kvm: nowhere });
});
