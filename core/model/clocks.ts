/**
 * Compares two machines' clocks from a third: each is asked for its time over a connection, and every answer bounds it.
 *
 * A reading requested at `sent` and received at `received` (the asker's clock) was taken in between: the machine's offset from the asker
 * lies in [at - received, at - sent], whatever the network did in either direction. At constant clock rates the offsets are straight lines
 * through all these intervals; the set of such lines is a convex polygon in the plane of (offset, rate). Whatever holds for all its lines
 * is certain, so the uncertainties here are bounds, not standard deviations. (The same idea: Moon, Skelly, Towsley, "Estimation and removal
 * of clock skew from network delay measurements", INFOCOM 1999.)
 */

/** A clock's answer. Times of the asker are ns after any zero that all readings share. */
export interface ClockReading {
  readonly sent: number;
  readonly received: number;
  /** What the clock said, ns. It shows no more than its resolution: the time was in [at, at + resolution]. */
  readonly at: bigint;
  readonly resolution: number;
}

/** An SPE capture's clock relative to a KVM trace's, while both were recorded. */
export interface ClockPair {
  /** Where `offsetNs` holds: ns in the trace's clock. */
  readonly at: bigint;
  /** SPE's clock less the trace's, ns. */
  readonly offsetNs: bigint;
  /** Its growth: ns per second of the trace's clock (parts in 10^9). */
  readonly driftPpb: number;
  /** The offset's bound, ± ns, at any time between the first and the last reading. */
  readonly uncertaintyNs: number;
  readonly driftUncertaintyPpb: number;
  /** From the first to the last reading, ns: beyond that the uncertainty grows with the drift's. */
  readonly spanNs: number;
  /** Readings of the trace's clock, and of SPE's. */
  readonly readings: readonly [number, number];
  /**
   * ns by which the intervals were widened until one line passed through all: 0 for steady clocks. More means that one of them was set, or
   * changed its rate; it is part of the uncertainty.
   */
  readonly strainNs: number;
}

/** Crystals are within 100 ppm; anything further off isn't one. */
const MAX_RATE = 500_000;
/** Readings used: the best one of each of this many equal parts of the time. */
const PARTS = 64;
const NS = 1e9;

type Point = readonly [offset: number, rate: number];

/** The possible lines of a clock's offset from the asker: offset in ns at the asker's zero, rate in ns a second. */
interface Lines {
  readonly corners: readonly Point[];
  /** Subtracted from all offsets, ns. */
  readonly base: bigint;
  readonly strain: number;
}

/** @returns undefined if one of the clocks was never read */
export function compareClocks(trace: readonly ClockReading[], spe: readonly ClockReading[]): ClockPair | undefined {
  if (!trace.length || !spe.length) return undefined;
  const times = [...trace, ...spe].map(middle);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const zero = (first + last) / 2;
  const [ofTrace, ofSpe] = [linesThrough(trace, zero), linesThrough(spe, zero)];
  const half = (last - first) / 2 / NS;
  const [start, end] = [-half, half].map((t) => {
    const [k0, k1] = boundsAt(ofTrace.corners, t);
    const [s0, s1] = boundsAt(ofSpe.corners, t);
    return { middle: (s0 + s1 - k0 - k1) / 2, half: (s1 - s0 + k1 - k0) / 2 };
  });
  const rates = (corners: readonly Point[]) => {
    const all = corners.map(([, rate]) => rate);
    return Math.max(...all) - Math.min(...all);
  };
  const [k0, k1] = boundsAt(ofTrace.corners, 0);
  return {
    at: ofTrace.base + BigInt(Math.round(zero + (k0 + k1) / 2)),
    offsetNs: ofSpe.base - ofTrace.base + BigInt(Math.round((start.middle + end.middle) / 2)),
    // A single moment says nothing about a rate.
    driftPpb: half > 0 ? (end.middle - start.middle) / (2 * half) : 0,
    uncertaintyNs: Math.ceil(Math.max(start.half, end.half) + ofTrace.strain + ofSpe.strain) + 1,
    driftUncertaintyPpb: (rates(ofTrace.corners) + rates(ofSpe.corners)) / 2,
    spanNs: last - first,
    readings: [trace.length, spe.length],
    strainNs: Math.max(ofTrace.strain, ofSpe.strain),
  };
}

const middle = (r: ClockReading): number => (r.sent + r.received) / 2;

/** @param zero the asker's time that lines count from, ns */
function linesThrough(all: readonly ClockReading[], zero: number): Lines {
  const readings = tightest(all);
  const base = readings[0].at - BigInt(Math.round(readings[0].sent));
  const intervals = readings.map((r) => ({
    x: (middle(r) - zero) / NS,
    low: Number(r.at - base - BigInt(Math.round(r.received))) - slack(r),
    high: Number(r.at - base - BigInt(Math.round(r.sent))) + r.resolution + slack(r),
  }));
  const reach = Math.max(...intervals.map((i) => Math.abs(i.x)));
  for (let strain = 0; ; strain = strain ? strain * 2 : 1) {
    const low = Math.min(...intervals.map((i) => i.low)) - strain - reach * MAX_RATE;
    const high = Math.max(...intervals.map((i) => i.high)) + strain + reach * MAX_RATE;
    let corners: readonly Point[] = [
      [low, -MAX_RATE],
      [high, -MAX_RATE],
      [high, MAX_RATE],
      [low, MAX_RATE],
    ];
    for (const { x, ...i } of intervals) {
      corners = clip(corners, ([a, b]) => a + b * x - (i.low - strain));
      corners = clip(corners, ([a, b]) => i.high + strain - (a + b * x));
    }
    if (corners.length) return { corners, base, strain };
  }
}

/** A reading sits at the middle of its round trip; at its actual moment the line may be this much higher or lower, ns. */
const slack = (r: ClockReading): number => 1 + ((r.received - r.sent) / 2) * (MAX_RATE / NS);

/** The reading with the shortest round trip in each part of the time. */
function tightest(all: readonly ClockReading[]): ClockReading[] {
  if (all.length <= PARTS) return [...all];
  const times = all.map(middle);
  const first = Math.min(...times);
  const span = Math.max(...times) - first || 1;
  const best: (ClockReading | undefined)[] = Array.from({ length: PARTS }, () => undefined);
  all.forEach((r, i) => {
    const part = Math.min(PARTS - 1, Math.floor(((times[i] - first) / span) * PARTS));
    const other = best[part];
    if (!other || r.received - r.sent < other.received - other.sent) best[part] = r;
  });
  return best.filter((r) => r !== undefined);
}

/** The part of a convex polygon where `side` isn't negative. */
function clip(corners: readonly Point[], side: (p: Point) => number): Point[] {
  return corners.flatMap((p, i) => {
    const q = corners[(i + 1) % corners.length];
    const [a, b] = [side(p), side(q)];
    const cut: Point[] = [];
    if (a < 0 !== b < 0) cut.push([p[0] + ((q[0] - p[0]) * a) / (a - b), p[1] + ((q[1] - p[1]) * a) / (a - b)]);
    return a < 0 ? cut : [p, ...cut];
  });
}

function boundsAt(corners: readonly Point[], t: number): readonly [number, number] {
  const values = corners.map(([offset, rate]) => offset + rate * t);
  return [Math.min(...values), Math.max(...values)];
}

/** The trace's times in SPE's clock: `origin` (ns in the trace's clock) translated, and SPE ns per ns of the trace. */
export function inSpeClock(pair: ClockPair, origin: bigint): { readonly origin: bigint; readonly rate: number } {
  const since = Number(origin - pair.at);
  return {
    origin: origin + pair.offsetNs + BigInt(Math.round((since * pair.driftPpb) / NS)),
    rate: 1 + pair.driftPpb / NS,
  };
}

/** ± ns at a time of the trace's clock: the measured bound, growing with the drift's outside the measured time. */
export function uncertaintyAt(pair: ClockPair, t: bigint): number {
  const beyond = Math.max(0, Math.abs(Number(t - pair.at)) - pair.spanNs / 2);
  return pair.uncertaintyNs + (beyond * pair.driftUncertaintyPpb) / NS;
}
