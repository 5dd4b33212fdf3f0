/** Words of shared memory of an SPE import's threads: next lane to take, messages posted by all, then each thread's chunks in flight. */
export const Control = { NEXT: 0, POSTED: 1, ON_THE_WAY: 2 } as const;

/** Takes the next lane: its place in their order. */
export function nextLane(control: Int32Array): number {
  return Atomics.add(control, Control.NEXT, 1);
}
