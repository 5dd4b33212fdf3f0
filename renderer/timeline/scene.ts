/** Input for a drawing of the timeline: where to draw, what is in view, what is known about it. */
import type { TimelineFacts } from '../../core/contract/timeline.ts';
import type { View } from './bins.ts';
import type { Measure } from './columns.ts';
import type { Layout } from './layout.ts';
import type { Palette } from './palette.ts';
import type { Pixels } from './pixels.ts';
import type { Picture } from './source.ts';

export interface Scene extends View {
  readonly context: CanvasRenderingContext2D;
  readonly pixels: Pixels;
  readonly palette: Palette;
  readonly height: number;
  /** px scrolled down. */
  readonly scroll: number;
  readonly layout: Layout;
  readonly facts: TimelineFacts;
  readonly picture: Picture | undefined;
  /** Highest count of a lane's bin per ns, which fills its height: the caller keeps it steady over pan and zoom. */
  readonly peak: number;
  /** Index of the chosen policy among the bands: its losses are those in the density. */
  readonly policy: number;
  readonly measure: Measure;
  /** In focus: drawn with a frame. */
  readonly window?: { readonly lane: number; readonly policy: number; readonly start: number };
}
