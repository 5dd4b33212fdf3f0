/**
 * The single selection of the whole app, as encoded in the address: `#timeline?run=3&policy=map-on-fault&lane=0&from=120&to=3400`.
 * Links, back and forward, reload, bug reports and "where I was last time" all follow from having one serialisable value.
 *
 * Times are whole ns from the zero of what is in view: the run's origin, or without a run the capture's first record.
 */
import { viewIds } from '../../core/contract/desktop.ts';
import type { ViewId } from '../../core/contract/desktop.ts';

export { viewIds };
export type { ViewId };

export interface Selection {
  readonly view: ViewId;
  /** Capture in view; without a run, what the timeline shows. */
  readonly capture?: number;
  readonly run?: number;
  readonly policy?: string;
  /** vCPU number. */
  readonly lane?: number;
  /** The selected time, ns; both or neither. */
  readonly from?: number;
  readonly to?: number;
  /** vCPUs of the selected area, `0,2`; all if missing. */
  readonly lanes?: string;
  /** The part of time that the timeline shows, ns; both or neither: zooming selects nothing. */
  readonly viewFrom?: number;
  readonly viewTo?: number;
  /** The timeline's lanes as arranged by the user (timeline/lane-state.ts), its bands, its drawer's tab, its search. */
  readonly order?: string;
  readonly bands?: string;
  readonly tab?: string;
  readonly search?: string;
  /** A query of the SQL console. */
  readonly sql?: string;
  /** What darkens its columns: samples if missing. */
  readonly dark?: 'time';
  /** Start of the blackout window in focus (of `policy` on `lane`), ns. */
  readonly window?: number;
  /** What skew counts (`page`, `symbol`, …), and one of its keys. */
  readonly keyKind?: string;
  readonly key?: string;
  /** A kind of blackout and a cause class: the filter of the list of windows. */
  readonly kind?: string;
  readonly cause?: string;
  /** An assumption check to show outcomes under; as replayed if missing. */
  readonly check?: string;
  /** Part of a view that has several; other views leave it alone. */
  readonly part?: string;
  /** What `run`, or in a comparison of captures `capture`, is compared with. */
  readonly with?: number;
  /** A sweep (sensitivity/question.ts), which of its measures is drawn, and how. */
  readonly sweep?: string;
  readonly measure?: string;
  readonly scale?: 'linear';
  /**
   * A campaign's folder; its factor in rows, one of its values, flags of pairs left out (`none`: no pairs are), a pair in focus, and
   * which pairs are listed.
   */
  readonly campaign?: string;
  readonly by?: string;
  readonly value?: string;
  readonly out?: string;
  readonly pair?: string;
  readonly pairs?: 'failed' | 'pending' | 'flagged';
  /** Markers of the timeline, ns. */
  readonly a?: number;
  readonly b?: number;
}

const numbers = ['capture', 'run', 'lane', 'from', 'to', 'window', 'with', 'a', 'b', 'viewFrom', 'viewTo'] as const;
const words = [
  'policy',
  'keyKind',
  'key',
  'kind',
  'cause',
  'check',
  'part',
  'sweep',
  'measure',
  'lanes',
  'order',
  'bands',
  'tab',
  'search',
  'sql',
  'campaign',
  'by',
  'value',
  'out',
  'pair',
] as const;
/** Fields with few possible words. */
const choices = { scale: ['linear'], dark: ['time'], pairs: ['failed', 'pending', 'flagged'] } as const;
const choiceNames = Object.keys(choices) as (keyof typeof choices)[];

/** The selection in an address; invalid parts are left out. */
export function parseSelection(hash: string): Selection {
  const [path, query = ''] = hash.replace(/^#/, '').split('?', 2);
  const view = viewIds.find((id) => id === path) ?? 'captures';
  const given = new URLSearchParams(query);
  const out: Record<string, unknown> = { view };
  for (const name of numbers) {
    const text = given.get(name);
    if (text !== null && /^-?\d{1,15}$/.test(text)) out[name] = Number(text);
  }
  for (const name of words) {
    const text = given.get(name);
    if (text) out[name] = text;
  }
  for (const name of choiceNames) {
    const text = given.get(name);
    if (choices[name].some((c) => c === text)) out[name] = text;
  }
  for (const [start, end] of [
    ['from', 'to'],
    ['viewFrom', 'viewTo'],
  ] as const) {
    if (Number(out[start] ?? NaN) < Number(out[end] ?? NaN)) continue;
    Reflect.deleteProperty(out, start);
    Reflect.deleteProperty(out, end);
  }
  if (given.get('dlDiscard') === 'buffer') ofGuestThatDiscards(out);
  return out as unknown as Selection;
}

/**
 * Links of 0.1.0 chose between two kinds of guest. A guest that discards its buffer at DL=1 is now a check; the window that such
 * a link has in focus was that guest's.
 */
function ofGuestThatDiscards(out: Record<string, unknown>): void {
  out['check'] ??= 'guest-discards';
  Reflect.deleteProperty(out, 'window');
}

/** The address of a selection; times are rounded to whole ns. */
export function formatSelection(selection: Selection): string {
  const query = new URLSearchParams();
  for (const name of [...numbers, ...words, ...choiceNames]) {
    const value = selection[name];
    if (value !== undefined && value !== '')
      query.set(name, String(typeof value === 'number' ? Math.round(value) : value));
  }
  const text = query.toString();
  return text ? `#${selection.view}?${text}` : `#${selection.view}`;
}

/** Fields to change; `undefined` removes one. */
export type Change = { readonly [K in keyof Selection]?: Selection[K] | undefined };

/** A window belongs to its policy and lane, those and times to their run: fields that a change invalidates are removed. */
export function changed(selection: Selection, change: Change): Selection {
  const of: Change =
    'run' in change && change.run !== selection.run
      ? {
          ...{ from: undefined, to: undefined, lanes: undefined, window: undefined, lane: undefined },
          ...{
            a: undefined,
            b: undefined,
            viewFrom: undefined,
            viewTo: undefined,
            order: undefined,
            search: undefined,
          },
        }
      : {};
  const next: { -readonly [K in keyof Selection]: Selection[K] } = { ...selection, ...of, ...change };
  const moved = (['policy', 'lane'] as const).some((k) => k in change && change[k] !== selection[k]);
  if (moved && !('window' in change)) delete next.window;
  // A window's lane was the window's: the user didn't choose it.
  if (selection.window !== undefined && next.window === undefined && !('lane' in change)) delete next.lane;
  return next;
}
