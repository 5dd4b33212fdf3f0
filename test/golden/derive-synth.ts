/**
 * Writes expected/synth.json: what perf and trace-cmd print for the pairs of synth-variants.ts. Needs both tools, perf 6.14 or
 * later for the metadata of version 2. `node test/golden/derive-synth.ts [PERF]`
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { make } from '../property/synth-recover.ts';
import { digest, sampleLine, variants } from './synth-variants.ts';
import type { Printed } from './synth-variants.ts';

const perf = process.argv[2] ?? 'perf';
const run = (tool: string, ...args: string[]): string[] =>
  execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] })
    .trimEnd()
    .split('\n');

const folder = mkdtempSync(join(tmpdir(), 'umbra-synth-'));
const printed: Record<string, Printed> = {};
try {
  const spe = join(folder, 'spe.perf.data');
  const kvm = join(folder, 'kvm.trace.dat');
  for (const [name, options] of Object.entries(variants)) {
    const made = make(options);
    writeFileSync(spe, made.spe);
    writeFileSync(kvm, made.kvm);
    const times = made.options.mode === 'per-cpu';
    const fields = times ? 'tid,time,ip,addr,phys_addr' : 'tid,ip,addr,phys_addr';
    const samples = run(perf, 'script', '--itrace=i1i', '--ns', '-F', fields, '-i', spe)
      .map((line) => line.trim().split(/\s+/))
      .map(([tid, ...rest]) => {
        const time = times ? rest.shift()!.replace(':', '') : '';
        return sampleLine(tid!, time, rest[1]!, rest[0]!, rest[2]!);
      })
      // Without times perf starts with an empty sample per thread.
      .filter((line) => !line.endsWith(' 0 0 0'))
      .sort();
    printed[name] = {
      packets: digest(run(perf, 'report', '-D', '-i', spe).filter((line) => /^\.  [0-9a-f]{8}: /.test(line))),
      samples: digest(samples),
      events: digest(run('trace-cmd', 'report', '-N', '-t', '-i', kvm)),
    };
  }
} finally {
  rmSync(folder, { recursive: true });
}
// Without a command trace-cmd prints its usage, version first, and fails.
const usage = spawnSync('trace-cmd', { encoding: 'utf8' }).stdout.trim().split('\n');
const tools = { perf: run(perf, '--version')[0], 'trace-cmd': usage[0] };
writeFileSync(new URL('expected/synth.json', import.meta.url), `${JSON.stringify({ tools, printed }, null, 2)}\n`);
