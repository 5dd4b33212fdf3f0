/**
 * Campaigns whose truth is known: synthesised pairs of "boards" that differ in what their host does to the SPE buffers.
 * - `reclaim`: kswapd clears pages all the time. A pin withstands MMU_NOTIFY_CLEAR, so pin-at-enable loses nothing; map-on-fault faults.
 * - `munmap`: the VMM unmaps single pages. Nothing withstands that: each fault ends a pinned session, and costs map-on-fault some samples.
 * - `quiet`: nothing happens: all policies are alike.
 * - `busy`: both, reclaim far more often: pin-at-enable loses a session now and then, map-on-fault a little all the time.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthFiles } from '../../core/lab/exports/synth.ts';
import type { SynthOptions } from '../../core/synth/options.ts';

export const boards = {
  reclaim: { unmaps: 0, reclaims: 800, bufferShare: 0.9, unmapPages: 2 },
  munmap: { unmaps: 900, bufferShare: 0.95, unmapPages: 1 },
  quiet: { unmaps: 0 },
  busy: { unmaps: 8, reclaims: 400, bufferShare: 0.9, unmapPages: 1 },
} as const satisfies Record<string, Partial<SynthOptions>>;
export type Board = keyof typeof boards;

/** Shares of phases; what a board's host does doesn't depend on them. */
export const workloads = {
  mixed: { load: 1, scan: 2, probe: 4, compact: 1 },
  scan: { load: 1, scan: 6 },
  probe: { load: 1, probe: 8 },
  compact: { scan: 1, compact: 3 },
  load: { load: 4, probe: 1 },
} as const;
export type Workload = keyof typeof workloads;

export const policies = ['map-on-fault', 'pin-at-enable', 'impdef-event'] as const;

export interface Layout {
  readonly boards: readonly Board[];
  readonly workloads: readonly Workload[];
  readonly repetitions: number;
  readonly samples: number;
}

/** Each pair's key in the campaign, its folder there, and what it is synthesised from. */
export function pairOptions({ samples, repetitions, ...layout }: Layout): {
  readonly key: string;
  readonly folder: string;
  readonly options: Partial<SynthOptions>;
}[] {
  return layout.boards.flatMap((board, b) =>
    layout.workloads.flatMap((workload, w) =>
      Array.from({ length: repetitions }, (_, i) => ({
        key: `${board}/${workload}/${i + 1}`,
        folder: `captures/${board}/${workload}-${i + 1}`,
        options: {
          ...{ samples, kvmEvents: 200, truthRecords: 0, bufferBytes: 16 * 4096, ramPages: 64, rounds: 2 },
          phases: Object.entries(workloads[workload]).map(([name, share]) => ({ name, share })),
          ...{ seed: 10_000 * b + 100 * w + i + 1, ...boards[board] },
        },
      })),
    ),
  );
}

/** Writes pairs and `campaign.toml` into a folder. The same layout gives the same bytes. */
export function synthCampaign(folder: string, layout: Layout, extra = ''): void {
  for (const pair of pairOptions(layout)) synthFiles(join(folder, pair.folder), pair.options);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'campaign.toml'), `${campaignText}${extra}`);
}

/** Nothing drops contents, so that a fault costs what its answer costs. */
export const replayParams = { contentsKept: true, tornRecords: 0 } as const;

export const campaignText = `title = "Synthesised boards"

[[pairs]]
spe = "captures/{board}/{workload}-{repetition}/spe.perf.data"
kvm = "captures/{board}/{workload}-{repetition}/kvm.trace.dat"

[replay]
policies = ${JSON.stringify(policies)}

[replay.params]
${Object.entries(replayParams)
  .map(([name, value]) => `${name} = ${value}`)
  .join('\n')}
`;

/** Every file below a folder, by path, with the SHA-256 of its bytes. */
export function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map((f) => {
      const path = join(f.parentPath, f.name);
      return [path.slice(folder.length), createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}
