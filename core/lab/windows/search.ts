/** Searching a run's timeline for a word: events of its trace by name, pages by address, code by function or place. */
import { TraceColumns } from '../../formats/event-format/columns.ts';
import { Has } from '../../formats/spe/columns.ts';
import { getCapture } from '../../store/captures.ts';
import type { Db } from '../../store/lab-file.ts';
import { getRun } from '../../store/run-store.ts';
import { readLaneChunks } from '../../store/spe-store.ts';
import { changesOfPage } from '../../store/stage2-store.ts';
import { readDictionary, readTraceChunks } from '../../store/trace-store.ts';
import type { Hit, TimelineFacts } from '../../contract/timeline.ts';
import { placeReader } from '../symbols/keys.ts';
import { runTimeline } from './timeline-facts.ts';

const MAX_HITS = 200;

/** At most 200 moments, in time order. */
export function searchRun(db: Db, run: number, text: string): Hit[] {
  const facts = runTimeline(db, run);
  const words = text.trim().toLowerCase();
  const address = /^0x[0-9a-f]{1,16}$/.test(words) ? BigInt(words) : undefined;
  const hits = address === undefined ? eventHits(db, facts, words) : pageHits(db, facts, run, address);
  if (hits.length < MAX_HITS) hits.push(...codeHits(db, facts, words));
  return hits.sort((a, b) => a.t - b.t).slice(0, MAX_HITS);
}

function eventHits(db: Db, { kvm, trace }: TimelineFacts, words: string): Hit[] {
  const { id, t0 } = getCapture(db, kvm!, 'kvm');
  const { formats } = readDictionary(db, id);
  const wanted = new Set(formats.flatMap((f, i) => (f.name.toLowerCase().includes(words) ? [i] : [])));
  const hits: Hit[] = [];
  if (!wanted.size || !trace || t0 === undefined) return hits;
  for (const batch of readTraceChunks(db, id, new TraceColumns())) {
    for (let i = 0; i < batch.n; i++) {
      if (!wanted.has(batch.event[i])) continue;
      const t = Math.round(trace.shiftNs + Number(batch.t[i] - t0) * trace.scale);
      if (hits.push({ t, what: formats[batch.event[i]].name }) === MAX_HITS) return hits;
    }
  }
  return hits;
}

function pageHits(db: Db, { kvm, trace }: TimelineFacts, run: number, ipa: bigint): Hit[] {
  const { t0 } = getCapture(db, kvm!, 'kvm');
  if (!trace || t0 === undefined) return [];
  const vm = getRun(db, run).facts.vmIndex ?? 0;
  return changesOfPage(db, kvm!, vm, ipa, (1n << 63n) - 1n, MAX_HITS).map(({ t, kind, cause }) => ({
    t: Math.round(trace.shiftNs + Number(t - t0) * trace.scale),
    what: cause ? `${kind}, ${cause}` : kind,
  }));
}

/** Chunk by chunk, up to the first 200 of each lane: reads no more of a long capture than needed. */
function codeHits(db: Db, { spe, origin, lanes }: TimelineFacts, words: string): Hit[] {
  const capture = getCapture(db, spe!, 'spe');
  const zero = BigInt(origin);
  const places = placeReader(db, capture, words.includes('0x') ? 'pc' : 'symbol');
  const wanted: boolean[] = [];
  const hitsOf = (stored: number, lane: number): Hit[] => {
    const hits: Hit[] = [];
    for (const chunk of readLaneChunks(db, capture.id, stored)) {
      const present = chunk.column('present');
      const keys = places.keys(present, chunk.column('pc'), chunk.column('map'));
      for (let key = wanted.length; key < places.names.length; key++)
        wanted.push(places.names[key].toLowerCase().includes(words));
      let t: BigUint64Array | undefined;
      for (let i = 0; i < chunk.n; i++) {
        if (!wanted[keys[i]] || !(present[i] & Has.TIME)) continue;
        t ??= chunk.column('t');
        if (hits.push({ t: Number(t[i] - zero), what: places.names[keys[i]], lane }) === MAX_HITS) return hits;
      }
    }
    return hits;
  };
  return lanes.flatMap((lane) => (lane.spe === undefined ? [] : hitsOf(lane.spe, lane.lane)));
}
