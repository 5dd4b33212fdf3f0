import type { Command } from '../command.ts';

/** A command as `umbra --help` lists it. The rest is loaded on demand: a quick command doesn't wait for a report's charts. */
export interface Entry {
  readonly name: string;
  readonly summary: string;
  /** It writes to the lab, or runs long: it gets a thread, so that Ctrl-C always works and leaves the lab as it was. */
  readonly interruptible?: true;
  load(): Promise<{ readonly command: Command }>;
}

export const commands: readonly Entry[] = [
  {
    name: 'run',
    interruptible: true,
    summary: 'the main job: import both, replay under all policies, write the report',
    load: () => import('./run.ts'),
  },
  {
    name: 'import',
    interruptible: true,
    summary: 'import captures: perf.data, trace.dat, trace text, perf script, CSV of spe-parser, raw SPE',
    load: () => import('./import.ts'),
  },
  {
    name: 'captures',
    summary: 'list, rename, annotate or delete the captures of a lab file',
    load: () => import('./captures.ts'),
  },
  {
    name: 'runs',
    summary: 'list, rename, annotate or delete the runs of a lab file',
    load: () => import('./runs.ts'),
  },
  {
    name: 'symbols',
    interruptible: true,
    summary: 'find the functions that the samples of a capture lie in',
    load: () => import('./symbols.ts'),
  },
  {
    name: 'inspect',
    summary: 'what is in a capture file, without importing it',
    load: () => import('./inspect.ts'),
  },
  {
    name: 'stage2',
    summary: 'the stage 2 timeline reconstructed from a KVM trace',
    load: () => import('./stage2.ts'),
  },
  {
    name: 'exits',
    summary: 'why vCPUs left the guest, and how long they were in the host',
    load: () => import('./exits.ts'),
  },
  {
    name: 'replay',
    interruptible: true,
    summary: 'replay an SPE capture against a KVM trace under fault policies; stores a run',
    load: () => import('./replay.ts'),
  },
  {
    name: 'windows',
    summary: 'the blackout windows of a run under one policy',
    load: () => import('./windows.ts'),
  },
  {
    name: 'explain',
    summary: 'the story of one blackout window: trigger, cause, answer, reaction, what was lost',
    load: () => import('./explain.ts'),
  },
  {
    name: 'skew',
    summary: 'how far the surviving profile is from the reference, key by key',
    load: () => import('./skew.ts'),
  },
  {
    name: 'annotate',
    summary: 'one function: its samples by instruction, in the reference and surviving',
    load: () => import('./annotate.ts'),
  },
  {
    name: 'compare',
    interruptible: true,
    summary: "two captures (a guest's and bare metal's), or two runs, side by side",
    load: () => import('./compare.ts'),
  },
  {
    name: 'sweep',
    interruptible: true,
    summary: 'one parameter over a range, for all policies: curves and crossing points',
    load: () => import('./sweep.ts'),
  },
  {
    name: 'observed',
    summary: 'blackouts already in an SPE capture, with no replay',
    load: () => import('./observed.ts'),
  },
  {
    name: 'report',
    interruptible: true,
    summary: 'write the offline report of a run, or of a comparison; recompute one',
    load: () => import('./report.ts'),
  },
  {
    name: 'export',
    interruptible: true,
    summary: 'data out: CSV, JSON, Parquet, Perfetto, collapsed stacks, pprof',
    load: () => import('./export.ts'),
  },
  {
    name: 'campaign',
    interruptible: true,
    summary: 'many pairs, over boards, kernels and workloads: run, resume, collect, report',
    load: () => import('./campaign.ts'),
  },
  {
    name: 'sql',
    summary: 'read-only SQL over a lab file',
    load: () => import('./sql.ts'),
  },
  {
    name: 'capture',
    summary: 'record on a board over ssh, and import it: nothing stays there',
    load: () => import('./capture.ts'),
  },
  {
    name: 'kit',
    summary: 'write the board kit: a script that records a pair where Umbra isn’t',
    load: () => import('./kit.ts'),
  },
  {
    name: 'synth',
    interruptible: true,
    summary: 'write a capture pair whose truth is known',
    load: () => import('./synth.ts'),
  },
  {
    name: 'serve',
    interruptible: true,
    summary: "the lab's pages in a browser, on this machine only",
    load: () => import('./serve.ts'),
  },
  {
    name: 'app',
    summary: 'the desktop app',
    load: () => import('./app.ts'),
  },
];
