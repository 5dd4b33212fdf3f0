/** The story of one blackout window of a stored run, for `umbra explain` and the app. */
import { tellStory } from '../../analysis/story-words.ts';
import type { Sentence } from '../../analysis/story-words.ts';
import type { SourcedNs, Story, StoryAnswer, StoryCause, StoryReaction } from '../../analysis/story.ts';
import { findTrigger } from '../../analysis/window-trigger.ts';
import type { WindowTrigger } from '../../analysis/window-trigger.ts';
import { NONE } from '../../model/outcome.ts';
import { timesOf } from '../../model/params.ts';
import { answerText } from '../../model/policy.ts';
import type { TimeName } from '../../model/policy.ts';
import { answerEffects, answers, causeClasses, PAGE_SHIFT, stallKinds, windowKinds } from '../../model/terms.ts';
import type { Answer, StallKind } from '../../model/terms.ts';
import { readLab } from '../../store/lab-file.ts';
import type { Db } from '../../store/lab-file.ts';
import { RequestError } from '../about.ts';
import { firstFaultOn, ioctlBefore, traceEventAt, traceTimeOf } from './explain-trace.ts';
import { darkOf, lossOf } from './explain-loss.ts';
import { copyTime, culprit, goneBy, pageHistory, wipedBy } from './explain-page.ts';
import type { HistoryRow } from './explain-page.ts';
import type { KeyKind } from '../symbols/keys.ts';
import { replayAgain } from '../runs/replay-again.ts';
import type { ReplayedAgain, ResultChoice } from '../runs/replay-again.ts';
import { ipaOf } from '../runs/run-facts.ts';
import type { RunInputs } from '../runs/run-inputs.ts';
import { skewKeysOf } from '../runs/skew.ts';

export interface ExplainRequest extends ResultChoice {
  /** Its index in the list of `umbra windows`, from 0. */
  readonly window: number;
  /** Key to count the code that ran in the dark by; the one behind the run's verdicts if left out. */
  readonly by?: KeyKind;
}

export interface Explanation {
  readonly story: Story;
  readonly sentences: readonly Sentence[];
}

/** @throws RequestError (no such policy or window in the run), LabFileError (no such run) */
export function explainInLab(lab: string, request: ExplainRequest): Explanation {
  return readLab(lab, (db) => explain(db, request));
}

export function explain(db: Db, request: ExplainRequest): Explanation {
  const story = findStory(db, request, replayAgain(db, request));
  return { story, sentences: tellStory(story) };
}

/** Most events of the page in a story. */
const HISTORY = 6;

/** A replayed result, and the blackout in it to explain. */
interface Scene extends ReplayedAgain {
  readonly trigger: WindowTrigger;
  /** The window asked for. */
  readonly window: number;
  /** The answer to its fault, undefined without one. */
  readonly answer: Answer | undefined;
}

function findStory(db: Db, request: ExplainRequest, again: ReplayedAgain): Story {
  const { inputs, outcome, result } = again;
  const { windows } = outcome;
  const { window } = request;
  if (window >= windows.n) {
    const has = windows.n ? `${windows.n} windows, numbered from 0` : 'no windows';
    throw new RequestError(`run ${request.run} has ${has} under ${result.policy.id}; there is no window ${window}`);
  }
  const { params } = inputs.settings;
  const trigger = findTrigger(inputs.lanes, outcome, params, window);
  const lane = inputs.lanes[trigger.lane];
  const answer = windows.action[window] === NONE ? undefined : answers[windows.action[window]];
  const scene: Scene = { ...again, trigger, window, answer };
  const found = onPage.includes(trigger.what) ? findCause(scene) : undefined;
  const history = found?.history ?? [];
  const bufferBytes = lane.pages.length * 2 ** PAGE_SHIFT;
  const origin = inputs.reference.origin;
  return {
    run: request.run,
    policy: { id: result.policy.id, title: result.policy.title },
    dlDiscard: result.dlDiscard,
    window: {
      number: window,
      lane: windows.lane[window],
      start: windows.start[window],
      end: windows.end[window],
      startClock: origin + BigInt(windows.start[window]),
      endClock: origin + BigInt(windows.end[window]),
      kind: windowKinds[windows.kind[window]],
      cause: windows.cause[window] === NONE ? null : causeClasses[windows.cause[window]],
      ipa: windows.page[window] < 0 ? null : ipaOf(windows.page[window]),
      action: answer ?? null,
    },
    trigger: {
      what: trigger.what,
      sample: trigger.sample,
      t: trigger.t,
      offset: trigger.offset,
      slot: trigger.slot,
      sinceService: trigger.sinceService,
      lastWrite: trigger.lastWrite,
      lane: lane.lane,
      otherWindow: trigger.window === window ? undefined : trigger.window,
      bufferBytes,
      watermarkBytes: params.watermarkBytes === 'auto' ? bufferBytes / 2 : params.watermarkBytes,
      privateBytes: params.privateBytes,
      torn: { records: params.tornRecords, origin: inputs.settings.origin.tornRecords },
    },
    cause: found && causeOf(db, scene, found),
    history: history.slice(-HISTORY).map(({ event }) => event),
    earlierEvents: Math.max(0, history.length - HISTORY),
    answer: answerOf(scene),
    reaction: reactionOf(scene),
    lost: lossOf(inputs, outcome, window),
    dark: darkOf(db, inputs, outcome, window, request.by ?? skewKeysOf(db, inputs.spe.id)[0]),
    given: [inputs.alignment.description, ...inputs.warnings],
  };
}

/** Triggers that involve a page of the buffer. */
const onPage: readonly WindowTrigger['what'][] = ['fault', 'torn', 'wiped', 'copy-failed'];

interface FoundCause {
  /** What happened to the page, up to the event in question. */
  readonly history: readonly HistoryRow[];
  readonly culprit: HistoryRow | undefined;
}

/** What made the page invalid before a fault, or lost records that had been written to it or were to be copied there. */
function findCause({ inputs, outcome, trigger, window, result }: Scene): FoundCause {
  const { windows } = outcome;
  if (trigger.what === 'fault' || trigger.what === 'torn') {
    const history = pageHistory(inputs, outcome, trigger);
    return { history, culprit: culprit(inputs, history, windows.cause[window], trigger) };
  }
  const all = pageHistory(inputs, outcome, { ...trigger, t: Infinity });
  const found =
    trigger.what === 'wiped'
      ? wipedBy(all, windows.end[window], result.policy)
      : goneBy(all, copyTime(outcome.windows, window));
  const until = found?.event.t ?? trigger.t;
  return { history: all.filter(({ event }) => event.t <= until), culprit: found };
}

function causeOf(db: Db, scene: Scene, { culprit: found }: FoundCause): StoryCause {
  const { inputs, outcome, trigger, window } = scene;
  const { stage2, kvm, vm } = inputs;
  const cause = outcome.windows.cause[window];
  const story = { class: causeClasses[cause], invalidForNs: found && Math.abs(trigger.t - found.event.t) };
  const evidence = found?.event.evidence;
  if (!found || evidence === 'scenario' || evidence === undefined) {
    return { ...story, event: found?.event, injected: evidence === 'scenario', trace: undefined };
  }
  const page = inputs.lanes[trigger.lane].pages[trigger.slot];
  const at = evidenceTime(inputs, found, page);
  const trace = at === undefined ? undefined : traceEventAt(db, kvm, stage2.events.origin, at, evidence, vm);
  return { ...story, event: found.event, injected: false, trace };
}

/** Time of the event that a row of the timeline rests on, ns after the trace's origin. */
function evidenceTime({ stage2, vmIndex, timeline, alignment }: RunInputs, { event, row }: HistoryRow, page: number) {
  const { events } = stage2;
  if (event.evidence === 'first-fault') return firstFaultOn(events, page);
  if (event.evidence === 'vm-created') return ioctlBefore(events, 'vm-created', Infinity);
  const shownAt = traceTimeOf(stage2.timelines[vmIndex], timeline, row, alignment);
  return shownAt === undefined ? undefined : (ioctlBefore(events, event.evidence ?? '', shownAt) ?? shownAt);
}

function sourced({ inputs, result }: Scene, ...names: TimeName[]): SourcedNs[] {
  const { params, origin } = inputs.settings;
  const own = result.policy.times ?? {};
  const times = timesOf(params, own);
  return names.map((name) => ({ name, ns: times[name], origin: own[name] === undefined ? origin[name] : 'policy' }));
}

/** When the policy's answer to the fault takes effect, whole ns. */
function irqEnd(scene: Scene): number {
  return scene.trigger.t + sourced(scene, 'irqNs')[0].ns;
}

function answerOf(scene: Scene): StoryAnswer {
  const { trigger, answer, result, outcome, window, inputs } = scene;
  const { params } = inputs.settings;
  const pages = inputs.lanes[trigger.lane].pages.length;
  if (trigger.what === 'refused')
    return { ...NO_ANSWER, answer, stallNs: stallAt(scene, outcome.windows.start[window], ['exit']) };
  if (answer === undefined && onPage.includes(trigger.what)) return NO_ANSWER;
  if (answer === undefined) {
    const copy = trigger.what === 'private-full';
    return {
      answer,
      declared: undefined,
      blackout: sourced(scene, copy ? 'irqNs' : 'fullExtraNs'),
      stall: [],
      pages: 0,
      stallNs: copy ? stallAt(scene, trigger.t, ['copy']) : 0,
    };
  }
  const declared = answerText(result.policy.onFault[causeClasses[outcome.windows.cause[window]]]);
  const injected = isInjected(answer);
  const blackout: TimeName[] = injected ? ['irqNs', 'injectNs', 'guestHandlerNs'] : ['irqNs'];
  const stall: TimeName[] =
    answer === 'map'
      ? ['walkNsPerPage', 'mapNs']
      : answer === 'repin'
        ? ['walkNsPerPage', 'pinNsPerPage']
        : answer === 'exit-to-userspace'
          ? ['exitNs']
          : injected
            ? ['injectNs']
            : [];
  return {
    answer,
    declared: declared === answer ? undefined : declared,
    blackout: answer === 'serror' ? [] : sourced(scene, ...blackout),
    stall: sourced(scene, ...stall),
    pages: answer === 'map' ? 1 : answer === 'repin' ? pages : 0,
    stallNs: stallAt(scene, irqEnd(scene), stallKindsOf(answer)),
    ...(answer === 'exit-to-userspace' && { stopped: params.afterExit === 'stop' }),
  };
}

const NO_ANSWER: StoryAnswer = {
  ...{ answer: undefined, declared: undefined, blackout: [], stall: [], pages: 0, stallNs: 0 },
};

function stallKindsOf(answer: Answer): readonly StallKind[] {
  if (answer === 'map') return ['map'];
  if (answer === 'exit-to-userspace') return ['exit'];
  return isInjected(answer) ? ['inject'] : ['pin', 'unpin'];
}

function isInjected(answer: Answer): boolean {
  return answerEffects[answer].guest === 'injects';
}

function stallAt({ inputs, outcome, trigger }: Scene, t: number, kinds: readonly StallKind[]): number {
  const { stalls } = outcome;
  const { lane } = inputs.lanes[trigger.lane];
  let ns = 0;
  for (let i = 0; i < stalls.n; i++) {
    if (stalls.t[i] === t && stalls.lane[i] === lane && kinds.includes(stallKinds[stalls.kind[i]])) ns += stalls.ns[i];
  }
  return ns;
}

function reactionOf(scene: Scene): StoryReaction {
  const { trigger, answer, inputs, outcome } = scene;
  const { params } = inputs.settings;
  const { sessions, mode } = inputs.lanes[trigger.lane];
  const none = { what: 'none', dl: undefined, takes: [], resumedAt: trigger.end } as const;
  if (answer === undefined) return none;
  if (answer === 'serror') return { ...none, what: 'panic', resumedAt: undefined };
  // A VMM that leaves profiling off leaves it so until the guest's next session.
  const off = answer === 'exit-to-userspace' && trigger.end >= sessions[sessions.length - 1];
  if (!isInjected(answer)) return { ...none, ...(off && { resumedAt: undefined }) };
  const discards = params.guestReaction === 'discard-session';
  const resumedAt = trigger.end < sessions[sessions.length - 1] ? trigger.end : undefined;
  const handled = sourced(scene, 'irqNs', 'injectNs', 'guestHandlerNs').reduce((sum, { ns }) => sum + ns, trigger.t);
  const takes = sourced(scene, 'reenableNs');
  const session = outcome.windows.end[trigger.window];
  const dl =
    params.dlProbability === 1 ? 1 : params.dlProbability === 0 ? 0 : session === handled + takes[0].ns ? 1 : undefined;
  if (discards) return { what: 'discards', dl, takes: [], resumedAt };
  if (dl === 1) return { what: 'reenabled', dl, takes, resumedAt };
  return { what: mode === 'task-bound' ? 'next-session' : 'never', dl, takes: [], resumedAt };
}
