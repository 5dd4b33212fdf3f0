/** Searching a run's timeline for a word: events of its trace by name, pages by address, code by place. */
import { TraceColumns } from '../formats/event-format/columns.ts';
import { getCapture } from '../store/captures.ts';
import type { Db } from '../store/lab-file.ts';
import { getRun } from '../store/run-store.ts';
import { changesOfPage } from '../store/stage2-store.ts';
import type { Hit, TimelineFacts } from './contract-timeline.ts';
import { sampleKeys } from './keys.ts';
import { loadReference } from './reference.ts';
import type { ResolvedParams } from '../model/params.ts';
import type { RunFacts } from './run-facts.ts';
import { storedTrace } from './stored-trace.ts';
import { runTimeline } from './timeline-facts.ts';

const MAX_HITS = 200;
/** Samples whose code is searched: keys of more take seconds. */
const MAX_SAMPLES = 4e6;

/** At most 200 moments, in time order. */
export function searchRun(db: Db, run: number, text: string): Hit[] {
  const facts = runTimeline(db, run);
  const words = text.trim().toLowerCase();
  const address = /^0x[0-9a-f]{1,16}$/.test(words) ? BigInt(words) : undefined;
  const hits = address === undefined ? [...eventHits(db, facts, words)] : pageHits(db, facts, run, address);
  if (hits.length < MAX_HITS) hits.push(...codeHits(db, facts, run, words));
  return hits.sort((a, b) => a.t - b.t).slice(0, MAX_HITS);
}

function* eventHits(db: Db, { kvm, trace }: TimelineFacts, words: string): Generator<Hit> {
  const capture = getCapture(db, kvm!, 'kvm');
  const file = storedTrace(db, capture);
  const wanted = new Set(file.dictionary.formats.flatMap((f, i) => (f.name.toLowerCase().includes(words) ? [i] : [])));
  if (!wanted.size || !trace || capture.t0 === undefined) return;
  const { t0 } = capture;
  const found: Hit[] = [];
  file.read(new TraceColumns(), (batch) => {
    for (let i = 0; i < batch.n && found.length < MAX_HITS; i++) {
      if (!wanted.has(batch.event[i])) continue;
      const t = Math.round(trace.shiftNs + Number(batch.t[i] - t0) * trace.scale);
      found.push({ t, what: file.dictionary.formats[batch.event[i]].name });
    }
  });
  yield* found;
}

function pageHits(db: Db, { kvm, trace }: TimelineFacts, run: number, ipa: bigint): Hit[] {
  const { t0 } = getCapture(db, kvm!, 'kvm');
  if (!trace || t0 === undefined) return [];
  const vm = (getRun(db, run).facts as RunFacts).vmIndex ?? 0;
  return changesOfPage(db, kvm!, vm, ipa, (1n << 63n) - 1n, MAX_HITS).map(({ t, kind, cause }) => ({
    t: Math.round(trace.shiftNs + Number(t - t0) * trace.scale),
    what: cause ? `${kind}, ${cause}` : kind,
  }));
}

function codeHits(db: Db, facts: TimelineFacts, run: number, words: string): Hit[] {
  if (facts.lanes.reduce((sum, l) => sum + l.samples, 0) > MAX_SAMPLES) return [];
  const spe = getCapture(db, facts.spe!, 'spe');
  const { params } = getRun(db, run).params as ResolvedParams;
  const reference = loadReference(db, spe, params.lanes);
  const keys = sampleKeys(db, spe, reference.stored, 'pc');
  const wanted = keys.names.map((key) => key.toLowerCase().includes(words));
  const hits: Hit[] = [];
  keys.lanes.forEach((lane, l) => {
    const { t, lane: vcpu } = reference.lanes[l];
    for (let i = 0, n = 0; i < lane.length && n < MAX_HITS; i++) {
      if (!wanted[lane[i]]) continue;
      hits.push({ t: t[i], what: keys.names[lane[i]], lane: vcpu });
      n++;
    }
  });
  return hits;
}
