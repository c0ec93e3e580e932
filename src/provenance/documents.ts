/** What is answered of where numbers come from. A file of its own, because the pages see it, and have no types of Node's. */
import type { FeatureValue } from '../projections/feature.js';
import type { Happening } from '../projections/kept-times.js';
import type { RecordAddress } from '../log/record-address.js';

/** Bytes as text where they are UTF-8, else in hexadecimal; the other one is null. */
export interface RecordBytes {
  readonly bytes: number;
  readonly text: string | null;
  readonly hex: string | null;
}

export interface LinkedDecision {
  readonly decision_id: string;
  /** null: not yet read back from tip.scored. */
  readonly record: RecordAddress | null;
  readonly reward: number | null;
}

/** What a record that was applied has done, by what the state holds now. */
export type RecordEffect =
  | {
      readonly kind: 'tip';
      readonly user_id: string;
      readonly tip_id: string;
      readonly happening: Happening;
      readonly at_ms: number;
      /** Whether it says what is kept: of several that say the same, each does. */
      readonly is_kept: boolean;
      /** The earliest time of what happened that is kept of the tip; null: nothing is kept of it any more. */
      readonly kept_at_ms: number | null;
      /** Names of the features that count it as of `as_of_ms`. */
      readonly counted_in: readonly string[];
      /** Of which its tip is a served candidate. */
      readonly decisions: readonly LinkedDecision[];
    }
  | {
      readonly kind: 'decision';
      readonly user_id: string;
      readonly decision_id: string;
      /** Of a request: whether this one was answered. Of an answer: whether it is the decision; later records of it are ignored. */
      readonly is_this: boolean;
      /** In tip.scored; null: there is none, or it has not been read back. */
      readonly decision: RecordAddress | null;
      /** In tip.scored.shadow. */
      readonly shadow: RecordAddress | null;
    }
  | {
      readonly kind: 'row';
      readonly user_id: string;
      /** As the views of `tipstream sql`. */
      readonly table: string;
      /** Whether all that it says is kept. */
      readonly is_kept: boolean;
      /** What is kept under its key, by column; null: nothing any more. */
      readonly row: Readonly<Record<string, number | string | null>> | null;
      /** Names of the features that count the row as of `as_of_ms`. */
      readonly counted_in: readonly string[];
    }
  | {
      readonly kind: 'control';
      readonly control_id: string;
      /** Whether this record is the control; later records of its id are ignored. */
      readonly is_this: boolean;
      readonly control: RecordAddress | null;
    }
  | {
      readonly kind: 'forgotten';
      readonly user_digest: string;
      /** topic -> the offset below which nothing of the user exists. */
      readonly positions: Readonly<Record<string, number>>;
    };

/** As GET /v1/events/{topic}/{partition}/{offset} answers it. */
export interface RecordDocument extends RecordAddress {
  readonly timestamp_ms: number;
  readonly key: RecordBytes | null;
  /** null: a tombstone. */
  readonly value: RecordBytes | null;
  readonly headers: readonly { readonly name: string; readonly value: RecordBytes | null }[];
  /** The offsets beside it that the log can hold a record at; null: the log begins or ends here. */
  readonly previous_offset: number | null;
  readonly next_offset: number | null;
  /** As it is folded; null: it was refused, or the topic is one of dead letters. */
  readonly event: Readonly<Record<string, unknown>> | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  /** Whether records of its topic become state: those of the inputs do. Of others nothing is applied or refused. */
  readonly is_folded: boolean;
  /** Whether the state stands behind it. null: nothing folds the topic, or another member holds the partition. */
  readonly applied: boolean | null;
  /** The next offset of the topic that the state will apply; null as `applied` is. */
  readonly applied_to: number | null;
  readonly as_of_ms: number;
  /** null: it is not applied here, was refused, or is of a topic that nothing folds. */
  readonly effect: RecordEffect | null;
  /** Of a refused record that was applied. */
  readonly dead_letter: {
    readonly record: RecordAddress | null;
    /** How many records of the dead-letter topic were looked at, of how many: without a record, one may be among the others. */
    readonly looked_at: number;
    readonly of: number;
  } | null;
  /** Of a dead letter: where the refused record lies, and why it was refused, as its headers say. */
  readonly refused: {
    readonly record: RecordAddress | null;
    readonly code: string | null;
    readonly message: string | null;
    readonly failed_at_ms: number | null;
    readonly redrive_count: number | null;
  } | null;
}

/** An event behind features. */
export interface EventBehind {
  readonly tip_id: string;
  readonly happening: Happening;
  readonly at_ms: number;
  /** Names of the features that it is behind. */
  readonly features: readonly string[];
  /** A record that says so; where producers sent it more than once, one of these. null: not found in what was looked at. */
  readonly record: RecordAddress | null;
}

/** A row behind features that are computed from other rows than tips. */
export interface RowBehind {
  /** As the views of `tipstream sql`. */
  readonly table: string;
  /** By column. */
  readonly row: Readonly<Record<string, number | string | null>>;
  /** The first of its times. */
  readonly at_ms: number;
  /** Names of the features that it is behind. */
  readonly features: readonly string[];
  /** Records that make it together; more than one where no single one says all of it. Empty: not found in what was looked at. */
  readonly records: readonly RecordAddress[];
}

export interface FeatureProvenance {
  readonly name: string;
  readonly value: FeatureValue;
  /** Events with a time from `from_ms` on and before `to_ms` are counted. */
  readonly window: { readonly from_ms: number; readonly to_ms: number };
  /** While no other event comes; null: time alone never changes it. */
  readonly next_change: {
    /** The first as-of time with another value. */
    readonly at_ms: number;
    readonly value: FeatureValue;
    readonly events: readonly {
      readonly tip_id: string;
      readonly happening: Happening;
      readonly at_ms: number;
      /** The window, at `next_change.at_ms`. */
      readonly way: 'enters' | 'leaves';
      readonly record: RecordAddress | null;
    }[];
    readonly rows: readonly (Pick<RowBehind, 'table' | 'row' | 'at_ms' | 'records'> & { readonly way: 'enters' | 'leaves' })[];
    /** How many more there are, when `events` and `rows` do not hold them all. Of none at all the value goes with time, as an age does. */
    readonly events_omitted: number;
  } | null;
  /** How many events and rows are behind it. */
  readonly events: number;
  /** Whether these give the value. false: the state is damaged, and a rebuild of the user puts it right. */
  readonly adds_up: boolean;
}

/** How far the log was searched for the records of the events. Offsets from `from` on and before `to` were looked at. */
export interface SearchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** What could be looked at: the log's beginning, and where the state stands. */
  readonly low: number;
  readonly end: number;
}

export interface Search {
  /** found: every event has its record. reading: ask again to look further. exhausted: all there is was looked at. failed: see error. */
  readonly state: 'found' | 'reading' | 'exhausted' | 'failed';
  readonly partitions: readonly SearchedPartition[];
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | null;
}

/** As GET /v1/users/{user_id}/provenance answers it. */
export interface ProvenanceDocument {
  readonly user_id: string;
  readonly as_of_ms: number;
  readonly feature_set: string;
  /** Where the state stands, or the positions that were asked for. */
  readonly positions: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** null: what is known now. */
  readonly known_at: {
    /** topic -> next offset of the user's partition; what lies before was known. */
    readonly positions: Readonly<Record<string, number>>;
    /** false: the log has not been read up to there yet, and there are no features. Ask again. */
    readonly is_read: boolean;
    /** Topics of which the log has lost what lay before `low`: it was known, and is missing here. */
    readonly lost: readonly { readonly topic: string; readonly low: number }[];
  } | null;
  readonly features: readonly FeatureProvenance[];
  /** Newest first. */
  readonly events: readonly EventBehind[];
  /** Latest first. */
  readonly rows: readonly RowBehind[];
  /** How many more of both there are. */
  readonly events_omitted: number;
  readonly search: Search;
}

export interface DecisionSummary {
  readonly decision_id: string;
  readonly requested_at_ms: number;
  readonly policy: string;
  readonly chosen_tip_id: string;
  readonly explored: boolean;
  readonly candidates: number;
  /** What the shadow chose; null: it has not scored it. */
  readonly shadow_tip_id: string | null;
  readonly reward: number | null;
  /** In tip.scored; null: not yet read back. */
  readonly record: RecordAddress | null;
}

/** As GET /v1/users/{user_id}/decisions answers it. */
export interface DecisionsDocument {
  readonly user_id: string;
  readonly as_of_ms: number;
  /** Requested before as_of_ms, newest first. */
  readonly decisions: readonly DecisionSummary[];
  /** Give it as `after` for the ones that follow; null: these are the last. */
  readonly next_after: string | null;
}

export interface ScoredCandidate {
  readonly tip_id: string;
  /** As it was recorded. */
  readonly score: number;
  readonly propensity: number;
  /** It is chosen by a draw from `from` on and below `to`: the cumulative propensities, in the order of tip_ids. */
  readonly drawn: { readonly from: number; readonly to: number };
  /** Entry by entry as theta, on the grid of 1/4096. */
  readonly vector: readonly number[];
  /** vector[i] x theta[i], in doubles. */
  readonly terms: readonly number[];
  /** The terms added up in their order, in doubles. */
  readonly sum: number;
  /** What optimism adds for what is not known yet; 0 for policies without. */
  readonly bonus: number;
  /** Whether sum + bonus is the recorded score, to the bit. */
  readonly adds_up: boolean;
}

/** What one policy made of a request. */
export interface Choice {
  readonly policy: string;
  /** null: not yet read back. */
  readonly record: RecordAddress | null;
  readonly scored_at_ms: number;
  readonly chosen_tip_id: string;
  readonly explored: boolean;
  readonly epsilon: number;
  readonly salt: string;
  /** The draw, computed again from policy, salt and decision_id. */
  readonly u: number;
  /** Whether the draw and the recorded propensities give the recorded choice. */
  readonly draw_adds_up: boolean;
  /** control_id of the configure whose prior theta starts from; null: none. */
  readonly prior: string | null;
  /** Rewarded decisions behind theta. */
  readonly updates: number;
  readonly names: readonly string[];
  readonly theta: readonly number[];
  /** By score descending, then tip_id. */
  readonly candidates: readonly ScoredCandidate[];
  readonly profile: { readonly as_of_ms: number; readonly features: Readonly<Record<string, FeatureValue>> };
  /** topic -> next offset of the partition when it was scored. */
  readonly positions: Readonly<Record<string, number>>;
}

/** As GET /v1/users/{user_id}/decisions/{decision_id} answers it. */
export interface DecisionDocument {
  readonly user_id: string;
  readonly decision_id: string;
  readonly partition: number;
  readonly requested_at_ms: number;
  /** In tip.candidates; null: POST /score asked. */
  readonly request: RecordAddress | null;
  readonly live: Choice;
  /** null: the shadow has not scored it. */
  readonly shadow: Choice | null;
  /** The tip that the decision answers for; null: nobody has served any of its candidates. */
  readonly served: {
    readonly tip_id: string;
    readonly served_at_ms: number;
    readonly record: RecordAddress | null;
  } | null;
  /** null: none so far. */
  readonly reward: {
    readonly value: number;
    readonly tip_id: string;
    /** What earned it, and when; null: a prune has taken the time. */
    readonly happening: Happening | null;
    readonly at_ms: number | null;
    readonly record: RecordAddress | null;
  } | null;
  /** Reactions before then can still earn a reward, or another one; null: nothing was served. */
  readonly rewardable_until_ms: number | null;
  /** A prune has taken a serving of it: the reward stays what it was. */
  readonly is_closed: boolean;
  readonly search: Search;
}
