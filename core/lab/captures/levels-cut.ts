/** The warning for a capture with more times or lanes than levels of detail may take. */
import type { Warning } from '../../formats/problems.ts';

export const levelsCut: Warning = {
  severity: 'undecoded',
  kind: 'levels-cut',
  message: 'times too far apart, or too many threads, for overviews: what is beyond is only in the rows',
  count: 1,
};
