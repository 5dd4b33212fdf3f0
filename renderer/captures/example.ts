/** The synthesised example, for a first look: generated on the spot, and opened where it shows most. */
import { useJobs } from '../state/jobs.ts';
import { useLab } from '../state/lab.ts';
import { useSelection } from '../state/selection.ts';

export function useExample() {
  const lab = useLab();
  const jobs = useJobs();
  const selection = useSelection();

  /** Only in an empty lab; the desktop app creates one for it. A lab with captures is left as it is. */
  async function openExample(): Promise<void> {
    const { captures } = await lab.request('lab', {});
    if (captures) return;
    try {
      const { run } = await jobs.run('Example', 'example', {});
      selection.select({ view: 'timeline', run });
    } catch {
      // The job strip shows what happened.
    }
  }

  return { openExample };
}
