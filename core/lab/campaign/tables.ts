/** The tables of a campaign's dataset: every column with its unit, and the rows of a pair's result. One list for files and docs. */
import type { Cell, CellKind } from '../exports/tables.ts';
import { pairDigest } from './digest.ts';
import type { FlagId } from '../../words/pair-flags.ts';
import type { PairState } from './state.ts';
import type { PairDone } from './result.ts';

/** A pair with what is known about it when the dataset is made. */
export interface Collected {
  readonly state: PairState;
  /** Of a pair that succeeded and doesn't repeat another's captures. */
  readonly done?: PairDone;
  readonly flags: readonly FlagId[];
}

export interface TableColumn {
  readonly name: string;
  readonly kind: CellKind;
  /** Unit, or meaning. */
  readonly says: string;
}

export interface DatasetTable {
  readonly says: string;
  /** After `pair` and the factors, which every table has. */
  readonly columns: readonly TableColumn[];
  /** Of one pair, in the dataset's order. */
  readonly rows: (of: Collected) => Iterable<readonly Cell[]>;
}

const column = (name: string, kind: CellKind, says: string): TableColumn => ({ name, kind, says });
const bit = (yes: boolean): number => (yes ? 1 : 0);
const whole = (n: number): bigint => BigInt(Math.round(n));
const wholeOr = (n: number | null): bigint | null => (n === null ? null : whole(n));

const pairs: DatasetTable = {
  says: 'a row a pair, also of those that failed or wait',
  columns: [
    column('status', 'text', 'done, failed, pending, or repeated (the same captures as an earlier pair)'),
    column('reason', 'text', 'of a failure or a repetition'),
    column('flags', 'text', 'what makes it weaker evidence, separated by commas'),
    ...[column('spe_file', 'text', 'path as the campaign names it'), column('kvm_file', 'text', 'the same')],
    ...[column('spe_sha256', 'text', 'hex'), column('kvm_sha256', 'text', 'hex')],
    column('fingerprint', 'text', 'of files, settings and version: names the result'),
    column('digest', 'text', 'of its outcomes and checks: what a report is verified by'),
    column('samples', 'int64', 'samples in sessions: the reference'),
    column('lanes', 'int32', 'vCPUs, or CPUs taken for them'),
    column('span_ns', 'int64', 'ns from the first to the last sample'),
    column('align', 'text', 'how the clocks meet'),
    column('scale', 'real', 'what the KVM timeline was stretched by; 1: not at all'),
    column('data_loss', 'int32', 'warnings of data lost in the captures themselves'),
    column('notes', 'text', 'what readers must know of the captures, separated by "; "'),
    column('umbra', 'text', 'version that replayed it'),
  ],
  rows: ({ state, done, flags }) => {
    const { pair, print, status, reason, sameAs } = state;
    const notes = [...(pair.note === undefined ? [] : [pair.note]), ...(done?.facts.notes ?? [])];
    return [
      [
        ...[
          sameAs === undefined ? status : 'repeated',
          sameAs === undefined ? (reason ?? null) : `the same captures as ${sameAs}`,
        ],
        ...[
          flags.join(','),
          pair.spe,
          pair.kvm,
          print?.files.spe ?? null,
          print?.files.kvm ?? null,
          print?.id ?? null,
          done ? pairDigest(done) : null,
        ],
        ...[done ? whole(done.facts.samples) : null, done?.facts.lanes ?? null, done ? whole(done.facts.spanNs) : null],
        ...[done?.facts.align ?? null, done?.facts.scale ?? null, done?.facts.warnings ?? null],
        ...[notes.join('; ') || null, done?.umbra ?? null],
      ],
    ];
  },
};

const outcomes: DatasetTable = {
  says: 'a row a pair and policy',
  columns: [
    ...[column('flags', 'text', 'of the pair, as in pairs'), column('policy', 'text', 'id')],
    ...[column('kept', 'int64', 'samples'), column('lost', 'int64', 'samples')],
    ...[column('coverage', 'real', 'kept / reference, 0 to 1'), column('loss', 'real', '1 - coverage')],
    ...[column('verdict', 'text', 'by size: how far shares moved'), column('verdict_reason', 'text', 'one clause')],
    ...[
      column('windows', 'int64', 'blackout windows'),
      column('blackout_ns', 'int64', 'ns of guest time, all lanes together'),
    ],
    ...[
      column('p50_ns', 'int64', 'ns, of window durations'),
      column('p90_ns', 'int64', 'ns'),
      column('p99_ns', 'int64', 'ns'),
    ],
    ...[column('max_ns', 'int64', 'ns'), column('session_ns', 'int64', 'ns with a session on, all lanes together')],
    ...[column('stall_ns', 'int64', 'ns of host time'), column('slowdown', 'real', 'stall_ns / session_ns')],
    ...[column('pinned_bytes_peak', 'int64', 'bytes'), column('faults', 'int64', 'stage 2 faults of the SPU')],
    ...[
      column('vm_dead', 'int32', '1: the VM died'),
      column('same_as', 'text', 'an earlier policy with the same losses'),
    ],
    column('skew_key', 'text', 'what shares are counted by'),
    ...[
      column('tvd', 'real', 'total variation distance of the shares, 0 to 1'),
      column('null_mean_tvd', 'real', 'the same losses at other moments, mean'),
    ],
    ...[
      column('p_value', 'real', 'whether it mattered where the blackouts fell'),
      column('excess_tvd', 'real', 'tvd - null_mean_tvd'),
    ],
    column('episodes', 'int64', 'runs of lost samples'),
  ],
  rows: ({ done, flags }) =>
    (done?.outcomes ?? []).map((o) => [
      ...[
        flags.join(','),
        o.policy,
        whole(o.kept),
        whole(o.lost),
        o.coverage,
        1 - o.coverage,
        o.verdict,
        o.verdictReason,
      ],
      ...[
        whole(o.windows),
        whole(o.blackoutNs),
        wholeOr(o.p50Ns),
        wholeOr(o.p90Ns),
        wholeOr(o.p99Ns),
        wholeOr(o.maxNs),
      ],
      ...[whole(o.sessionNs), whole(o.stallNs), o.slowdown, whole(o.pinnedBytesPeak), whole(o.faults), bit(o.vmDead)],
      ...[o.sameAs, o.skewKey, o.tvd, o.nullMeanTvd, o.pValue, o.excessTvd, wholeOr(o.episodes)],
    ]),
};

const checks: DatasetTable = {
  says: 'a row a pair, policy and assumption check',
  columns: [
    ...[column('policy', 'text', 'id'), column('check_id', 'text', 'assumption check')],
    ...[column('kept', 'int64', 'samples'), column('lost', 'int64', 'samples')],
    ...[
      column('coverage', 'real', '0 to 1'),
      column('loss', 'real', '1 - coverage'),
      column('verdict', 'text', 'under the check'),
    ],
    column('changes_verdict', 'int32', '1: another verdict than without the check'),
  ],
  rows: ({ done }) => {
    const plain = new Map(done?.outcomes.map((o) => [o.policy, o.verdict]));
    return (done?.checks ?? []).map((c) => [
      ...[c.policy, c.check, whole(c.kept), whole(c.lost), c.coverage, 1 - c.coverage, c.verdict],
      bit(c.verdict !== (plain.get(c.policy) ?? null)),
    ]);
  },
};

const windows: DatasetTable = {
  says: 'a row a blackout window',
  columns: [
    ...[column('policy', 'text', 'id'), column('lane', 'int32', 'vCPU')],
    ...[column('start_ns', 'int64', 'ns in the SPE capture’s clock'), column('end_ns', 'int64', 'the same')],
    ...[column('kind', 'text', 'why samples are missing'), column('cause', 'text', 'class of the stage 2 change')],
    ...[
      column('ipa', 'text', 'hex, of the fault'),
      column('action', 'text', 'KVM’s answer'),
      column('lost_samples', 'int64', 'samples'),
    ],
  ],
  *rows({ done }) {
    if (!done) return;
    const { policy, lane, start, end, kind, cause, ipa, action, lost } = done.windows;
    for (let i = 0; i < policy.length; i++)
      yield [
        ...[policy[i], lane[i], BigInt(start[i]), BigInt(end[i]), kind[i]],
        ...[cause[i]!, ipa[i]!, action[i]!, whole(lost[i])],
      ];
  },
};

const keys: DatasetTable = {
  says: 'a row a pair, policy and key: the reference’s top 20, and those that moved beyond chance; none where nothing was lost or same_as says where',
  columns: [
    ...[column('policy', 'text', 'id'), column('key_kind', 'text', 'symbol, page, …'), column('key_name', 'text', '')],
    ...[
      column('rank', 'int32', 'in the reference, from 1'),
      column('reference', 'int64', 'samples'),
      column('kept', 'int64', 'samples'),
    ],
    ...[column('p', 'real', 'share of the reference, 0 to 1'), column('q', 'real', 'share of the survivors, 0 to 1')],
    ...[
      column('difference_pp', 'real', 'percentage points, q - p'),
      column('low_pp', 'real', '95 % interval for all keys together'),
    ],
    ...[column('high_pp', 'real', 'the same'), column('significant', 'int32', '1: the interval leaves 0 out')],
  ],
  rows: ({ done }) =>
    (done?.keys ?? []).map((k) => [
      ...[k.policy, k.kind, k.key, k.rank, whole(k.reference), whole(k.kept), k.p, k.q],
      ...[k.differencePp, k.lowPp, k.highPp, bit(k.significant)],
    ]),
};

const stage2: DatasetTable = {
  says: 'a row a pair: how sure its stage 2 timeline is',
  columns: [
    ...[
      column('exact', 'int32', '1: from the kernel’s own page-table calls'),
      column('changes', 'int64', 'rows of the timeline'),
    ],
    ...[
      column('losses', 'int64', 'times that the tracer lost events'),
      column('unattributed', 'int64', 'events by host address without memslots'),
    ],
    column('strangers', 'int64', 'guest faults of threads that the description doesn’t name'),
    ...[column('observed', 'real', 'share of the buffers’ page-time, 0 to 1'), column('inferred', 'real', 'the same')],
    ...[column('unknown', 'real', 'the same'), column('by_evidence', 'text', 'rows by evidence, JSON')],
  ],
  rows: ({ done }) => {
    if (!done) return [];
    const s = done.stage2;
    return [
      [
        ...[bit(s.exact), whole(s.rows), whole(s.losses), whole(s.unattributed), whole(s.strangers)],
        ...[s.observed, s.inferred, s.unknown, sortedJson(s.byEvidence)],
      ],
    ];
  },
};

/** By name, in docs order. */
export const datasetTables = {
  pairs,
  outcomes,
  checks,
  windows,
  keys,
  stage2_summary: stage2,
} as const satisfies Record<string, DatasetTable>;
export type DatasetTableName = keyof typeof datasetTables;
export const datasetTableNames = Object.keys(datasetTables) as DatasetTableName[];

/** Keys in order: the same text whatever the order of counting. */
function sortedJson(counts: Readonly<Record<string, number>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))));
}
