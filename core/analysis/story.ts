/**
 * The story of one blackout window as facts: what started it, why the page was not valid, what KVM and the guest did about it, and what
 * was lost. core/lab/windows/explain.ts finds them, story-words.ts words them. Times in ns after the run's origin unless noted.
 */
import type { PolicyId } from '../model/policy.ts';
import type { Confidence } from '../model/stage2/confidence.ts';
import type { Certainty } from '../model/stage2/evidence.ts';
import type { UnmapEffect } from '../model/timeline.ts';
import type { WindowTrigger } from './window-trigger.ts';
import type { DlVariant } from '../model/terms/results.ts';

/** Where a number comes from: a capture, a default, the user, the policy's own figures. */
export type NumberOrigin = 'measured' | 'assumed' | 'user' | 'policy';

export interface SourcedNs {
  readonly name: string;
  readonly ns: number;
  readonly origin: NumberOrigin;
}

export interface Story {
  readonly run: number;
  readonly policy: { readonly id: PolicyId; readonly title: string };
  readonly dlDiscard: DlVariant;
  readonly window: StoryWindow;
  readonly trigger: StoryTrigger;
  /** Undefined without a fault: a full buffer. */
  readonly cause: StoryCause | undefined;
  /** What happened to the page before the fault, latest last; the earliest are left out. */
  readonly history: readonly PageEvent[];
  readonly earlierEvents: number;
  readonly answer: StoryAnswer;
  readonly reaction: StoryReaction;
  readonly lost: StoryLoss;
  readonly dark: StoryDark;
  /** What determines these times and places: alignment, placement. */
  readonly given: readonly string[];
}

export interface StoryWindow {
  /** Its place in the list of `umbra windows`, from 0. */
  readonly number: number;
  readonly lane: number;
  readonly start: number;
  readonly end: number;
  /** The same, ns in the SPE capture's clock. */
  readonly startClock: bigint;
  readonly endClock: bigint;
  readonly kind: string;
  readonly cause: string | null;
  /** Hex. */
  readonly ipa: string | null;
  readonly action: string | null;
}

export interface StoryTrigger extends Pick<
  WindowTrigger,
  'what' | 'sample' | 't' | 'offset' | 'slot' | 'sinceService' | 'lastWrite'
> {
  /** The lane whose SPU it was. */
  readonly lane: number;
  /** Number of the window in which the blackout began, if that is another one. */
  readonly otherWindow: number | undefined;
  readonly bufferBytes: number;
  readonly watermarkBytes: number;
  readonly privateBytes: number;
  /** Records that the decoder loses after a fault with DL=1 of which the guest isn't notified; the basis of that number. */
  readonly torn: { readonly records: number; readonly origin: NumberOrigin };
}

/** A change of the page at stage 2. */
export interface PageEvent {
  readonly t: number;
  /** `by: timeline`: a kind of stage 2 event; `by: policy`: `map` or `pin`. */
  readonly kind: string;
  readonly by: 'timeline' | 'policy';
  readonly cause: string | undefined;
  /** 4 KiB pages that it touched. */
  readonly pages: number;
  readonly evidence: string | undefined;
  readonly certainty: Certainty | undefined;
  /** How often events on such evidence are right, and how far off in time; undefined for the policy's own. */
  readonly confidence?: Confidence | undefined;
  /** Of the timeline's unmaps and read-only maps. */
  readonly effect?: UnmapEffect | undefined;
}

export interface StoryCause {
  readonly class: string;
  /** What made the page invalid; undefined if the parameter `initial` made it so from the start. */
  readonly event: PageEvent | undefined;
  /** It comes from a scenario, not from the trace. */
  readonly injected: boolean;
  /** The event in the KVM trace. */
  readonly trace: StoryTraceEvent | undefined;
  /** ns from it to the fault; for records lost after they were written, from the last record to it. */
  readonly invalidForNs: number | undefined;
}

export interface StoryTraceEvent {
  /** ns in the trace's clock. */
  readonly t: bigint;
  readonly name: string;
  readonly text: string;
  readonly tid: number;
  readonly comm: string;
  /** The vCPU whose thread it is. */
  readonly vcpu: number | undefined;
  /** The system call that the thread was in: certain if the trace has the calls' ends; else the latest one that it began. */
  readonly call:
    | { readonly t: bigint; readonly name: string; readonly text: string; readonly certain: boolean }
    | undefined;
}

export interface StoryAnswer {
  /** Undefined if there was no fault, or none to answer: what was written was lost later. */
  readonly answer: string | undefined;
  /** The policy's own answer, where SPEv1p3 turns it into another. */
  readonly declared: string | undefined;
  /** Blackout (guest time) that the answer takes, and stall (host time). */
  readonly blackout: readonly SourcedNs[];
  readonly stall: readonly SourcedNs[];
  /** Pages that it maps or pins. */
  readonly pages: number;
  /** Stall that the replay counted, ns. */
  readonly stallNs: number;
  /** `exit-to-userspace`: the VMM left profiling off. */
  readonly stopped?: boolean;
}

export interface StoryReaction {
  /** `none`: the guest doesn't notice. */
  readonly what: 'none' | 'reenabled' | 'next-session' | 'never' | 'panic' | 'discards';
  /** PMBSR_EL1.DL, where the guest acted on it. */
  readonly dl: 0 | 1 | undefined;
  /** Time until profiling is on again, beyond the answer's own. */
  readonly takes: readonly SourcedNs[];
  /** When profiling was on again, ns; undefined if never. */
  readonly resumedAt: number | undefined;
}

export interface StoryLoss {
  readonly samples: number;
  readonly ns: number;
  /** The lane's samples and session time. */
  readonly laneSamples: number;
  readonly laneNs: number;
}

/** What ran unprofiled, by the reference: the lost samples' keys, most first. */
export interface StoryDark {
  readonly by: string;
  /** Different keys among them. */
  readonly keys: number;
  /** `share` of the lost samples, `usual` of the whole reference. */
  readonly rows: readonly {
    readonly name: string;
    readonly lost: number;
    readonly share: number;
    readonly usual: number;
  }[];
}
