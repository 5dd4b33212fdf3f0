/** Words of the memory that the threads of an SPE import share: the next lane to take, messages posted by all, then each thread's chunks on the way. */
export const Control = { NEXT: 0, POSTED: 1, ON_THE_WAY: 2 } as const;

/** Takes the next of the lanes: its place in their order. */
export function nextLane(control: Int32Array): number {
  return Atomics.add(control, Control.NEXT, 1);
}
