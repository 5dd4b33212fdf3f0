/**
 * The rules of core/model/replay.ts (numbers in brackets), one happening at a time, for tests only: slow, plain, and with
 * nothing of replay's own parts but the random numbers.
 */
import type { Distributions } from '../../core/model/latencies.ts';
import type { Lane } from '../../core/model/outcome.ts';
import type { RunParams } from '../../core/model/params.ts';
import type { FaultAnswer, Policy, TimeName } from '../../core/model/policy.ts';
import { createRandom } from '../../core/model/random.ts';
import { seededStream } from '../../core/model/seeds.ts';
import { causeClasses, stage2Kinds } from '../../core/model/terms.ts';
import type { Answer, CauseClass, StallKind, WindowKind } from '../../core/model/terms.ts';
import type { Stage2Timeline } from '../../core/model/timeline.ts';

interface Page {
  mapped: boolean;
  writable: boolean;
  accessed: boolean;
  pinned: boolean;
  untouched: boolean;
  cause: CauseClass;
}

interface Blackout {
  start: number;
  end: number;
  kind: WindowKind;
  cause?: CauseClass;
  page: number;
  action?: Answer;
  /** The lane's next sample when it opened. */
  index: number;
  lost: number[];
}

export interface NaiveWindow extends Omit<Blackout, 'index' | 'lost'> {
  lane: number;
  lost: number;
}

export interface NaiveStall {
  lane: number;
  t: number;
  ns: number;
  kind: StallKind;
}

export interface NaiveOutcome {
  /** Per lane and sample: `kept`, `outside`, or the kind of the window it fell into. */
  fates: string[][];
  windows: NaiveWindow[];
  stalls: NaiveStall[];
  faults: Record<string, number>;
  pinnedFrom: number[];
  diedAt: number;
}

const plainAnswer = (a: FaultAnswer, dl: boolean): Answer => (typeof a === 'string' ? a : dl ? a.dl1 : a.dl0);

export function simulate(
  lanes: readonly Lane[],
  timeline: Stage2Timeline,
  policy: Policy,
  params: RunParams,
  distributions: Distributions = {},
  trial = 0,
): NaiveOutcome {
  const stalls: NaiveStall[] = [];
  const faults: Record<string, number> = {};
  let death: { at: number; lane: number; cause: CauseClass; page: number } | undefined;
  const unpinnedBy = params.unpinnedBy === 'policy' ? policy.unpinnedBy : params.unpinnedBy;
  const guard = unpinnedBy.includes('clear') ? 'gup' : 'gup+notifier-filter';
  const immune = policy.pin === 'no-stage-2' || policy.pin === 'private-buffer';
  const seeds = seededStream(params.seed, 'lanes', trial);

  const states = lanes.map((lane) => {
    const untouched = (page: number): boolean =>
      params.initial === 'unmapped' ||
      rowsOf(timeline).some((r) => r.kind === 'initial-unmapped' && r.page <= page && page < r.page + r.pages);
    const pages = [...lane.pages].map((page): Page => {
      const valid = immune || !untouched(page);
      return {
        mapped: valid,
        writable: valid,
        accessed: valid,
        pinned: false,
        untouched: !valid,
        cause: 'first-touch',
      };
    });
    const random = createRandom(seeds.next());
    return {
      lane,
      pages,
      ptr: 0,
      fill: 0,
      next: 0,
      session: 0,
      /** In a session. */
      on: false,
      fates: [...lane.t].map(() => 'outside'),
      blackouts: [] as Blackout[],
      /** Samples before this time are lost, to the blackout. */
      black: [] as { until: number; blackout: Blackout }[],
      pending: undefined as { after: number; copyUntil: number; fullUntil: number } | undefined,
      effect: undefined as { at: number; page: number } | undefined,
      restart: undefined as number | undefined,
      dead: false,
      serviced: 0,
      started: 0,
      pinnedFrom: Infinity,
      pinBroken: false,
      take(name: TimeName): number {
        const own = policy.times?.[name];
        const list = params.latency === 'sampled' && own === undefined ? distributions[name] : undefined;
        return list?.length ? list[random.below(list.length)] : (own ?? params[name]);
      },
      dl: (): boolean =>
        params.dlProbability === 1 || (params.dlProbability > 0 && random.uniform() < params.dlProbability),
    };
  });
  type State = (typeof states)[number];

  const bytes = (s: State): number => s.pages.length * 4096;
  const watermark = (s: State): number => (params.watermarkBytes === 'auto' ? bytes(s) / 2 : params.watermarkBytes);
  const stall = (s: State, t: number, ns: number, kind: StallKind): void => {
    if (Math.round(ns) > 0) stalls.push({ lane: s.lane.lane, t, ns: Math.round(ns), kind });
  };
  const valid = (p: Page): boolean => p.mapped && p.writable && p.accessed;
  const sessionAt = (s: State, k: number): [number, number] => [s.lane.sessions[2 * k], s.lane.sessions[2 * k + 1]];
  const sessions = (s: State): number => s.lane.sessions.length / 2;

  // [5] [16]
  function hold(s: State, t: number): void {
    for (const p of s.pages)
      Object.assign(p, { mapped: true, writable: true, accessed: true, pinned: true, untouched: false });
    s.pinnedFrom = Math.min(s.pinnedFrom, t);
    s.pinBroken = false;
  }
  function pin(s: State, t: number, trapNs: number): void {
    const perPage = s.take('walkNsPerPage') + s.take('pinNsPerPage');
    if (s.pinnedFrom < Infinity) stall(s, t, s.pages.length * s.take('unpinNsPerPage'), 'unpin');
    stall(s, t, trapNs + s.pages.length * perPage, 'pin');
    hold(s, t);
  }

  // [4] [5]
  function apply(row: Row): void {
    if (immune) return;
    for (const s of states) {
      s.lane.pages.forEach((number, slot) => {
        if (number < row.page || number >= row.page + row.pages) return;
        const p = s.pages[slot];
        if (row.kind === 'map' && row.writable) {
          Object.assign(p, { mapped: true, writable: true, accessed: true, untouched: false });
          return;
        }
        const unnamed = {
          map: 'host-mm',
          unmap: 'kvm',
          'write-protect': 'dirty-log',
          'access-clear': 'host-mm',
        } as const;
        if (row.kind === 'initial-unmapped' || row.kind === 'unknown') return;
        const cause = row.cause ?? unnamed[row.kind];
        if (p.pinned && (cause === 'dirty-log' || (cause === 'host-mm' && guard === 'gup+notifier-filter'))) return;
        if (row.kind === 'unmap' && p.untouched) return;
        if (row.kind === 'write-protect' && !p.mapped) return;
        if (row.kind === 'access-clear' && (!p.mapped || params.spuFlagUpdates)) return;
        if (p.pinned) s.pinBroken = true;
        p.pinned = false;
        p.cause = cause;
        if (row.kind === 'map') Object.assign(p, { mapped: true, accessed: true, writable: false, untouched: false });
        if (row.kind === 'unmap') p.mapped = p.writable = p.accessed = false;
        if (row.kind === 'write-protect') p.writable = false;
        if (row.kind === 'access-clear') p.accessed = false;
      });
    }
  }

  function open(s: State, until: number, b: Omit<Blackout, 'index' | 'lost'>): Blackout {
    const blackout = { ...b, index: s.next, lost: [] };
    s.blackouts.push(blackout);
    s.black.push({ until, blackout });
    return blackout;
  }
  // [10]
  function openPending(s: State): void {
    if (!s.pending) return;
    const { after, copyUntil, fullUntil } = s.pending;
    s.pending = undefined;
    for (const [until, kind] of [
      [copyUntil, 'copy-out'],
      [fullUntil, 'buffer-full'],
    ] as const) {
      const ended = Math.max(...s.black.map((b) => b.until), -Infinity);
      const shown = Math.max(after, ...s.blackouts.map((b) => b.end));
      if (until > Math.max(after + 1, ended)) open(s, until, { start: shown, end: until - 1, kind, page: -1 });
    }
  }
  function lose(s: State, i: number, b: Blackout): void {
    s.fates[i] = b.kind;
    b.lost.push(i);
  }

  // [15]
  function enable(s: State, t: number, restart: boolean): void {
    s.restart = undefined;
    const pins = policy.pin === 'enable' || (restart && (policy.pin === 'vm' || policy.pin === 'first-fault'));
    if (!pins || (policy.cachePins && s.pinnedFrom < Infinity && !s.pinBroken)) return;
    pin(s, t, s.take('trapNs'));
  }

  // [14]
  function discard(s: State, from: number, t: number, b: { cause: CauseClass; page: number; action: Answer }): void {
    const before = s.blackouts;
    const pieces: Blackout[] = before.filter((x) => x.index < from);
    const rest = before.filter((x) => x.index >= from);
    let i = from;
    let start: number | undefined;
    for (const x of [...rest, undefined]) {
      const piece: Blackout = { start: 0, end: x ? x.start : t, kind: 'discarded', ...b, index: i, lost: [] };
      for (; i < (x ? x.index : s.next); i++) {
        if (s.fates[i] !== 'kept') continue;
        start ??= s.lane.t[i];
        lose(s, i, piece);
      }
      if (start !== undefined) pieces.push({ ...piece, start });
      if (x) pieces.push(x);
      if (x && start !== undefined) start = x.end;
    }
    s.blackouts = pieces;
  }

  // [11] to [14], [17]
  function fault(s: State, i: number, slot: number): void {
    const t = s.lane.t[i];
    const { cause } = s.pages[slot];
    const page = s.lane.pages[slot];
    const unpinned = policy.pin === 'first-fault' && s.pinnedFrom === Infinity;
    let action = unpinned ? policy.onUnpinned : plainAnswer(policy.onFault[cause], params.dlProbability > 0);
    if (action === 'exit-to-userspace') action = 'map';
    if (action === 'external-abort' && ['SPEv1p3', 'SPEv1p4', 'SPEv1p5'].includes(params.speVersion)) action = 'serror';
    faults[cause] = (faults[cause] ?? 0) + 1;
    const irqEnd = t + s.take('irqNs');
    const dl = s.dl();
    const injected = action === 'external-abort' || action === 'impdef-event' || action === 'report-s2';
    if (injected && params.guestReaction === 'discard-session') {
      discard(s, s.started, t, { cause, page, action });
    } else if (dl && params.dlDiscard === 'buffer') {
      discard(s, s.serviced, t, { cause, page, action });
      s.serviced = i;
    }
    const black = (until: number, kind: WindowKind): void =>
      lose(s, i, open(s, until, { start: t, end: until, kind, cause, page, action }));
    if (action === 'serror') {
      s.dead = true;
      black(Infinity, 'vm-dead');
      const at = Math.max(irqEnd, t + 1);
      if (!death || at < death.at || (at === death.at && s.lane.lane < death.lane)) {
        death = { at, lane: s.lane.lane, cause, page };
      }
    } else if (injected) {
      const injectNs = s.take('injectNs');
      stall(s, irqEnd, injectNs, 'inject');
      const handled = irqEnd + injectNs + s.take('guestHandlerNs');
      const starts = [...s.lane.sessions].filter((_, k) => k % 2 === 0 && k > 2 * s.session);
      const nextStart = starts.find((x) => x >= handled) ?? Infinity;
      const linux = params.guestReaction === 'linux';
      if (linux && dl) s.restart = handled + s.take('reenableNs');
      else if (linux && s.lane.mode === 'cpu-bound') s.restart = Infinity;
      else s.restart = nextStart;
      black(s.restart, 'session-killed');
    } else {
      s.effect = { at: irqEnd, page: action === 'map' ? slot : -1 };
      black(irqEnd, 'irq-latency');
    }
  }

  // [7] to [10]
  function sample(s: State): void {
    const i = s.next;
    const t = s.lane.t[i];
    if (s.pending && t > s.pending.after) openPending(s);
    const lostTo = s.black.find((b) => t < b.until);
    if (lostTo) {
      lose(s, i, lostTo.blackout);
      s.next++;
      return;
    }
    const size = s.lane.size[i];
    for (let at = s.ptr; at < s.ptr + size && at < s.ptr + bytes(s); at = (Math.floor(at / 4096) + 1) * 4096) {
      const slot = Math.floor((at % bytes(s)) / 4096);
      if (valid(s.pages[slot])) continue;
      fault(s, i, slot);
      s.next++;
      return;
    }
    s.fates[i] = 'kept';
    s.next++;
    const end = s.ptr + size;
    const serves =
      policy.pin !== 'no-stage-2' &&
      size > 0 &&
      (Math.floor(end / watermark(s)) > Math.floor(s.ptr / watermark(s)) || end >= bytes(s));
    s.ptr = end % bytes(s);
    s.fill += size;
    const copies = policy.pin === 'private-buffer' && s.fill >= params.privateBytes;
    if (!serves && !copies) return;
    s.pending ??= { after: t, copyUntil: t + 1, fullUntil: t + 1 };
    if (copies) {
      s.pending.copyUntil = Math.max(s.pending.copyUntil, t + 1 + s.take('irqNs'));
      stall(s, t, s.fill / s.take('copyBytesPerNs'), 'copy');
      s.fill = 0;
    }
    if (serves) {
      s.serviced = s.next;
      s.pending.fullUntil = Math.max(s.pending.fullUntil, t + 1 + s.take('fullExtraNs'));
    }
  }

  function begin(s: State, t: number): void {
    s.on = true;
    s.started = s.serviced = s.next;
    if (s.restart === undefined || s.restart <= t) enable(s, t, s.restart !== undefined);
  }
  function finish(s: State, t: number): void {
    openPending(s);
    if (s.fill > 0 && policy.pin === 'private-buffer') {
      stall(s, t, s.fill / s.take('copyBytesPerNs'), 'copy');
      s.fill = 0;
    }
    s.session++;
    s.on = false;
  }

  if (policy.pin === 'vm') {
    const runStart = Math.min(...states.filter(sessions).map((s) => s.lane.sessions[0]));
    for (const s of states) hold(s, runStart);
  }

  const rows = rowsOf(timeline).filter((r) => r.kind !== 'initial-unmapped');
  let nextRow = 0;
  for (;;) {
    // [1] The earliest of all that is to come.
    const coming: { t: number; rank: number; run: () => void }[] = [];
    if (nextRow < rows.length) coming.push({ t: rows[nextRow].t, rank: 0, run: () => apply(rows[nextRow++]) });
    for (const s of states) {
      if (s.effect) {
        const { at, page } = s.effect;
        const run = (): void => {
          s.effect = undefined;
          if (page < 0) return pin(s, at, 0);
          Object.assign(s.pages[page], { mapped: true, writable: true, accessed: true, untouched: false });
          stall(s, at, s.take('walkNsPerPage') + s.take('mapNs'), 'map');
        };
        coming.push({ t: at, rank: 1, run });
      }
      if (s.session >= sessions(s) || s.dead) continue;
      const [start, end] = sessionAt(s, s.session);
      while (s.next < s.lane.t.length && s.lane.t[s.next] < start) s.next++;
      if (!s.on) {
        coming.push({ t: start, rank: 2, run: () => begin(s, start) });
        continue;
      }
      const { restart } = s;
      if (restart !== undefined && restart <= end) {
        coming.push({ t: restart, rank: 2, run: () => enable(s, restart, true) });
      }
      if (s.next < s.lane.t.length && s.lane.t[s.next] <= end) {
        coming.push({ t: s.lane.t[s.next], rank: 3, run: () => sample(s) });
      }
      coming.push({ t: end, rank: 4, run: () => finish(s, end) });
    }
    coming.sort((a, b) => a.t - b.t || a.rank - b.rank);
    if (!coming.length || coming[0].t >= (death?.at ?? Infinity)) break;
    coming[0].run();
  }
  // [17] [18]
  const diedAt = death?.at ?? Infinity;
  const windows = states.flatMap((s) => {
    openPending(s);
    const own = s.blackouts.find((b) => b.kind === 'vm-dead');
    const doom: Blackout | undefined = death && {
      start: diedAt,
      end: Infinity,
      kind: 'vm-dead',
      cause: death.cause,
      page: death.page,
      action: 'serror',
      index: 0,
      lost: [],
    };
    const inSession = (t: number): boolean =>
      Array.from({ length: sessions(s) }, (_, k) => sessionAt(s, k)).some(([a, b]) => a <= t && t <= b);
    for (let i = s.next; i < s.lane.t.length; i++) {
      const blackout = own ?? doom;
      if (blackout && inSession(s.lane.t[i])) lose(s, i, blackout);
    }
    const all =
      own || !doom ? s.blackouts : [...s.blackouts.map((b) => ({ ...b, end: Math.min(b.end, diedAt) })), doom];
    return Array.from({ length: sessions(s) }, (_, k) => sessionAt(s, k)).flatMap(([from, to]) =>
      all.flatMap(({ start, end, lost, index: _, ...what }) => {
        const piece = { start: Math.max(start, from), end: Math.min(end, to) };
        const samples = lost.filter((i) => s.lane.t[i] >= from && s.lane.t[i] <= to).length;
        if (piece.end < piece.start || (piece.end === piece.start && !samples)) return [];
        return [{ lane: s.lane.lane, ...piece, ...what, lost: samples }];
      }),
    );
  });
  return {
    fates: states.map((s) => s.fates),
    windows,
    stalls: stalls.filter((x) => x.t < diedAt).sort((a, b) => a.t - b.t || a.lane - b.lane),
    faults,
    pinnedFrom: states.map((s) => s.pinnedFrom),
    diedAt,
  };
}

interface Row {
  t: number;
  kind: (typeof stage2Kinds)[number];
  page: number;
  pages: number;
  cause: CauseClass | undefined;
  writable: boolean;
}

function rowsOf(timeline: Stage2Timeline): Row[] {
  return Array.from({ length: timeline.n }, (_, i) => ({
    t: timeline.t[i],
    kind: stage2Kinds[timeline.kind[i]],
    page: timeline.page[i],
    pages: timeline.pages[i],
    cause: timeline.cause[i] === 0 ? undefined : causeClasses[timeline.cause[i]],
    writable: timeline.writable[i] === 1,
  }));
}
