/** A lab for pictures that looks like a user's: millions of samples, phases, symbols, two runs. All of it is synthesised. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthFiles } from '../../core/lab/exports/synth.ts';
import { importFiles } from '../../core/lab/import/import.ts';
import { parseReplayWords } from '../../core/lab/runs/run-settings.ts';
import { replayInLab } from '../../core/lab/runs/runs.ts';
import { functions, mappings } from '../../core/synth/workload.ts';
import { buildElf } from '../unit/elf.builder.ts';

const notes = ['Synthesised: neither capture comes from silicon'];

/** @param samples SPE records of four vCPUs; @returns the lab's path */
export function writePicturesLab(folder: string, samples: number): string {
  const { files } = synthFiles(join(folder, 'pair'), {
    ...{ seed: 11, samples, cpus: 4, intervalNs: 2000, bufferBytes: 1 << 20, ramPages: 4096, kvmEvents: 80_000 },
    ...{ unmaps: 60, reclaims: 25, merges: 20, aging: 40, dirtyLogs: 2, bufferShare: 0.35, rounds: 3 },
    burst: { phase: 'compact', factor: 8 },
    truthRecords: 0,
  });
  const lab = join(folder, 'altra-07.umbra');
  const symbols = { elfFiles: mappings.map(({ name }, i) => binary(folder, name, i)), kallsyms: kallsyms(folder) };
  importFiles(lab, [files.spe, files.kvm], { notes, symbols });
  const replay = (settings: Readonly<Record<string, unknown>>, command: string) =>
    replayInLab(lab, { ...parseReplayWords({ policies: ['all'], settings }), speId: 1, kvmId: 2, notes, command });
  replay({}, 'umbra replay --db altra-07.umbra --spe 1 --kvm 2 --policy all');
  // What the first run is compared with: a guest that is slow to enable again.
  replay(
    { reenableNs: 5e7 },
    'umbra replay --db altra-07.umbra --spe 1 --kvm 2 --policy all --set reenableNs=50000000',
  );
  return lab;
}

/** A binary of the profiled program: its functions' symbols, no code. */
function binary(folder: string, name: string, i: number): string {
  const { start, length } = mappings[i];
  const path = join(folder, name.slice(name.lastIndexOf('/') + 1));
  const at = (f: (typeof functions)[number]) => f.hi * 2 ** 32 + f.lo;
  const own = functions.filter((f) => f.el === 0 && at(f) >= start && at(f) < start + length);
  const symbols = own.map((f) => ({ name: f.name, offset: at(f) - start, size: 4 * f.length }));
  writeFileSync(path, buildElf({ vaddr: 0, symbols }));
  return path;
}

function kallsyms(folder: string): string {
  const path = join(folder, 'kallsyms');
  const hex = (n: bigint) => n.toString(16).padStart(16, '0');
  const lines = functions
    .filter((f) => f.el === 2)
    .map((f) => ({ start: (BigInt(f.hi) << 32n) + BigInt(f.lo), f }))
    .flatMap(({ start, f }) => [
      `${hex(start)} T ${f.name}`,
      `${hex(start + BigInt(4 * f.length))} t end_of_${f.name}`,
    ]);
  writeFileSync(path, `${['ffff800080000000 T _text', ...lines].sort().join('\n')}\n`);
  return path;
}
