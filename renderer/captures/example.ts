/** The synthesised example, for a first look: made on the spot, and shown where it tells most. */
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';

export function useExample() {
  const lab = useLab();
  const jobs = useJobs();
  const selection = useSelection();

  /** In a lab that is empty; the desktop app makes one for it. A lab with captures is left as it is. */
  async function openExample(): Promise<void> {
    const { captures } = await lab.request('lab', {});
    if (captures) return;
    try {
      const { run } = await jobs.run('Example', 'example', {});
      selection.select({ view: 'timeline', run });
    } catch {
      // The strip of jobs says what happened.
    }
  }

  return { openExample };
}
