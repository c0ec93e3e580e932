/**
 * What the HTTP layer asks of the running service. The service implements it (src/service/service.ts); tests of the routes
 * implement it by hand. Methods throw TipstreamError; the error's kind names the HTTP status.
 */
import type { ForgetJob, ForgetOptions } from '../forgetting/job.js';
import type { PriorDocument } from '../policies/controls/prior-settings.js';
import type { AuditDocument, TrailQuery } from '../audit-trail/read-trail.js';
import type { AuditedChange } from '../audit-trail/record.js';
import type { Produced } from '../audit-trail/produced.js';
import type { AuditActor } from '../events/audit-event.js';
import type { RewardsDocument } from '../policies/controls/reward-rules.js';
import type { TraceContext } from '../events/trace-context.js';
import type { LagRow } from '../log/lag.js';
import type { ProvenanceQuestions } from './provenance-questions.js';
import type { ProfileDocument } from '../store/queries/profile-document.js';
import type { DataQualityDocument, QualityHistoryDocument, QualityHistoryQuestion } from './quality/quality-answers.js';
import type { DeadLettersDocument, LetterQuery } from '../dead-letters/letter-list.js';
import type { RedriveJob, RedriveRequest } from '../redrive/job.js';
import type { WholeLetter } from '../dead-letters/whole-letter.js';
import type { PromptComparison } from '../evaluation/prompt-comparison.js';
import type { SettingsDocument } from '../policies/controls/control.js';
import type { HistoricControl } from '../policies/controls/rollout.js';
import type { FeaturesDocument } from '../projections/feature-document.js';
import type { RecordAddress } from '../log/record-address.js';
import type { FeatureValues } from '../projections/feature.js';
import type { Action, Candidate, CandidatesEvent, ScoredEvent, TopicName } from '../topics.js';
import type { RebuildJob } from '../rebuild/user/rebuild-job.js';

export type { RebuildJob } from '../rebuild/user/rebuild-job.js';

export type { AuditDocument, TrailEntry } from '../audit-trail/read-trail.js';
export type { DeadLettersDocument, LetterGroup } from '../dead-letters/letter-list.js';
export type { DeadLetterSummary } from '../dead-letters/summary.js';
export type { WholeLetter } from '../dead-letters/whole-letter.js';
export type * from '../provenance/documents.js';
export type * from '../monitoring/documents.js';
export type { RedriveJob, RedriveRequest } from '../redrive/job.js';
export type { RedriveDocument, RedrivenRow } from '../redrive/redrive.js';
export type { ProfileDocument } from '../store/queries/profile-document.js';
export type {
  DataQualityDocument,
  LatestEvent,
  QualityHistoryDocument,
  QualityHistoryQuestion,
  TopicLateness,
} from './quality/quality-answers.js';

export interface ScoreRequest extends Omit<CandidatesEvent, 'decision_id' | 'requested_at_ms'> {
  /** Given: the decision is appended to tip.scored before the answer. Absent: nothing is recorded. */
  readonly decision_id?: string | undefined;
  /** Absent: the clock. */
  readonly requested_at_ms?: number | undefined;
  /** Used as they are; absent: read from the projection. */
  readonly profile_features?: FeatureValues | undefined;
  /** The trace that the request belongs to: a header says it, no body. */
  readonly trace?: TraceContext | undefined;
}

/** What came of a served tip: an action, or a reward of 1 (a done) or 0 (a dismiss). */
export interface RewardRequest {
  readonly user_id: string;
  readonly tip_id: string;
  readonly action?: Action | undefined;
  readonly reward?: 0 | 1 | undefined;
  /** Absent: the clock. */
  readonly reacted_at_ms?: number | undefined;
  readonly utc_offset_min?: number | undefined;
  readonly feedback_id?: string | undefined;
}

export interface RewardReceipt {
  readonly appended: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly action: Action;
  readonly reacted_at_ms: number;
}

export interface ResetReceipt {
  readonly user_id: string;
  readonly control_id: string;
  /** Decisions requested from then on find nothing learned before. */
  readonly effective_at_ms: number;
}

export interface PolicyEntry {
  readonly policy: string;
  /** Changes with anything that decides what it does. */
  readonly policy_hash: string;
  readonly dimension: number;
  readonly state_version: number;
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Share of the users for whom it is live now. */
  readonly live_percent: number;
  readonly shadow: boolean;
  readonly inputs: readonly { readonly name: string; readonly from: string; readonly normalised: string }[];
  /** Its live decisions on the partitions held here, resets or not; the interval of the mean is 95%, for who looks once. */
  readonly decisions: number;
  readonly rewarded: number;
  readonly mean_reward: { readonly mean: number; readonly low: number; readonly high: number } | null;
  /** The model card of this deployment, Markdown. */
  readonly card: string;
}

/** One arm of a rollout, on the partitions held here. */
export interface ArmDocument {
  /** With a decision since the percentage is what it is. */
  readonly users: number;
  readonly decisions: number;
  /** Mean reward of a decision by the age of the look; null: there is none. */
  readonly reward: number | null;
}

/** What the guardrail says of a rollout that stands. */
export interface GuardrailDocument {
  readonly rollout_id: string;
  readonly policy: string;
  /** Percent of the users whom it covers. */
  readonly percent: number;
  /** Probability of a false rollback over the whole rollout, at most. */
  readonly alpha: number;
  /** The last one; null: none was taken yet. */
  readonly look: {
    /** 0, 1, .. since the percentage is what it is. */
    readonly index: number;
    /** What it knows: decisions and reactions up to then. */
    readonly at_ms: number;
    /** Rewards within this time of the request count. */
    readonly age_ms: number;
    readonly treated: ArmDocument;
    readonly control: ArmDocument;
    /** Reward per decision that the treated have more, after the adjustment; null: an arm has no decision. */
    readonly difference: number | null;
    /** Holds at all looks together; null: none is made any more. */
    readonly interval: { readonly low: number; readonly high: number } | null;
    /** What of `alpha` may have been used up. */
    readonly spent: number;
  } | null;
  /** When the events must have come that far; null: there is none any more. */
  readonly next_look_at_ms: number | null;
  /** Why it does not act, whatever it sees; null: it does. */
  readonly why_not: string | null;
}

/** How well a prior predicts newcomers' newest rewards, on the partitions held here. */
export interface PriorWatchDocument {
  readonly rewards: number;
  /** With fewer nothing is said: what follows is then null. */
  readonly rewards_needed: number;
  /** Mean squared error of theta_0 . x, and of a constant. */
  readonly error: number | null;
  readonly constant_error: number | null;
  /** The constant predicts better: fit the prior again. */
  readonly worse: boolean | null;
}

export interface PoliciesDocument {
  readonly policies: readonly PolicyEntry[];
  readonly settings: SettingsDocument & { readonly rewards: RewardsDocument };
  /** Of the policies that have one, in the order of the registry. */
  readonly priors: readonly (PriorDocument & { readonly watch: PriorWatchDocument | null })[];
  /** policy.control, newest first. */
  readonly history: readonly HistoricControl[];
  /** Of the rollouts that stand, the newest first; none before the first look around. */
  readonly guardrail: readonly GuardrailDocument[];
  /** When counting of decisions and rewards began: later ones may not be in it. */
  readonly counted_at_ms: number;
}

/** As `tipstream policies prompts --json` prints it. */
export interface PromptsDocument extends PromptComparison {
  /** When counting began: later decisions and rewards may not be in it. */
  readonly counted_at_ms: number;
}

/** What a user's state under the policy goes on from. */
export interface MigrationInEffect {
  readonly control_id: string;
  readonly from: string;
  /** Whether that policy's decisions count with this one's vectors. */
  readonly trained: boolean;
  readonly effective_at_ms: number;
}

export interface PolicyStats {
  readonly policy: string;
  readonly dimension: number;
  /** Names of the vector's entries, in order. */
  readonly features: readonly string[];
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Of one user, when asked for. */
  readonly user?:
    | {
        readonly user_id: string;
        readonly updates: number;
        readonly theta: readonly number[];
        readonly reset_at_ms: number | null;
        /** control_id of the prior that theta starts from; null: none holds. */
        readonly prior: string | null;
        readonly migration: MigrationInEffect | null;
      }
    | undefined;
  /** Of all users held here, otherwise. */
  readonly all?:
    | {
        readonly users: number;
        readonly decisions: number;
        readonly rewarded: number;
        readonly rewards: number;
        readonly mean_reward: number | null;
      }
    | undefined;
}

export interface ScoreResponse extends Omit<ScoredEvent, 'decision_id'> {
  readonly decision_id: string | null;
  /** Whether this decision is (now or already) in tip.scored. */
  readonly recorded: boolean;
}

export interface GenerateRequest extends Omit<ScoreRequest, 'candidates'> {
  readonly candidates: readonly (Candidate & { readonly title?: string | null | undefined })[];
  /** Absent: as configured. */
  readonly prompt_version?: string | undefined;
  readonly max_tokens?: number | undefined;
  /** BCP 47. */
  readonly locale?: string | undefined;
}

export interface GenerateResponse {
  readonly text: string;
  readonly prompt_version: string;
  /** As the gateway calls it. */
  readonly model: string;
  /** The tip that the text is about. */
  readonly tip_id: string;
  readonly decision_id: string | null;
  readonly recorded: boolean;
  readonly policy: string;
  /** `length`: the text was cut. null: the gateway did not say. */
  readonly finish_reason: string | null;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number } | undefined;
}

export interface PartitionStatus {
  readonly partition: number;
  readonly state: 'restoring' | 'running' | 'stopped';
  /** Why it stopped, with what to do. */
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | null;
  /** topic -> next offset applied */
  readonly positions: Readonly<Record<string, number>>;
  /** Fetched and not applied; while the log does not answer, all that it held when it last did and that are not applied. */
  readonly lag_records: number;
  /** Why nothing of it has come for a while though something may be there; null when all is well. */
  readonly silent: string | null;
}

export interface ServiceStatus {
  readonly ready: boolean;
  /** Whether the log has answered within the last 10 s. */
  readonly log_reachable: boolean;
  /** Since its last answer, which is how old lag_records is. */
  readonly log_silent_ms: number;
  /** Partitions of the topics that no member of the group was given: nobody reads them. */
  readonly partitions_unowned: readonly number[];
  readonly started_at_ms: number;
  readonly log: 'sqlite' | 'kafka';
  readonly group: string;
  readonly live_policy: string;
  readonly shadow_policy: string | null;
  readonly feature_set: string;
  readonly partitions: readonly PartitionStatus[];
  /** What is not wrong yet: inputs that lose events, so that a rebuild would not give what is there. */
  readonly warnings: readonly { readonly topic: string; readonly message: string; readonly hint: string }[];
  readonly counts: {
    readonly applied: number;
    readonly rejected: number;
    readonly decisions: number;
    readonly users: number;
    readonly shadow_agreed: number;
    readonly shadow_compared: number;
  };
}

export interface NewestScore {
  readonly decision_id: string;
  readonly user_id: string;
  readonly policy: string;
  readonly chosen_tip_id: string;
  readonly shadow_tip_id: string | null;
  readonly explored: boolean;
  readonly candidates: number;
  readonly scored_at_ms: number;
}

/** As GET /v1/status answers it. */
export interface StatusDocument extends ServiceStatus {
  readonly now_ms: number;
  /** Newest first. */
  readonly newest_scores: readonly NewestScore[];
}

export interface ProduceSummary {
  readonly accepted: number;
  readonly rejected: number;
  readonly errors: readonly { readonly line: number; readonly code: string; readonly message: string }[];
  /** How many more there were, when `errors` does not hold them all. */
  readonly errors_omitted?: number | undefined;
}

export interface ProduceOptions {
  readonly atomic: boolean;
  /** Lines of these topics are refused as forbidden. */
  readonly closedTopics?: readonly TopicName[] | undefined;
  /** The name of the caller's token, for the header tipstream.by of each record. */
  readonly by?: string | undefined;
  /** Called after each batch, with how many lines of it went to each topic, by its full name. */
  readonly onWritten?: ((lines: ReadonlyMap<string, number>) => void) | undefined;
}

/** Profiles of many users, all as of one time. */
export interface ProfilesDocument {
  readonly as_of_ms: number;
  readonly feature_set: string;
  /** In the order of the ids that were asked for. `features` of a user who is not known then are null. */
  readonly profiles: readonly { readonly user_id: string; readonly found: boolean; readonly features: FeatureValues | null }[];
}

export interface Application extends ProvenanceQuestions {
  /** Throws user_not_found, as_of_pruned, not_owner (details.owner), not_ready. */
  profile(userId: string, asOfMs?: number): Promise<ProfileDocument>;
  /** Throws as_of_pruned, not_ready, and not_owner when any of the users is elsewhere (details.elsewhere). `signal`: as of `generate`. */
  profiles(userIds: readonly string[], asOfMs?: number, signal?: AbortSignal): Promise<ProfilesDocument>;
  /** By the live policy, or by the one named. Throws policy_not_found too. */
  score(request: ScoreRequest, policy?: string): Promise<ScoreResponse>;
  /**
   * Decides as score does, then asks the gateway for the text. Throws prompt_not_found and gateway_not_configured before it decides;
   * gateway_unavailable, gateway_rate_limited, gateway_refused, gateway_bad_answer and gateway_timeout after it, with the decision in
   * the details. `signal` aborts when the caller has gone.
   */
  generate(request: GenerateRequest, signal?: AbortSignal): Promise<GenerateResponse>;
  /** Resolves when the feedback is in the log. */
  reward(request: RewardRequest): Promise<RewardReceipt>;
  /** Resolves when the reset is in the log. `by`: as of `produce`. */
  resetUser(userId: string, by?: string): Promise<ResetReceipt>;
  policyStats(policy: string, userId?: string): Promise<PolicyStats>;
  /** Throws not_ready while no partition is held here or counting goes on. */
  policies(): Promise<PoliciesDocument>;
  /**
   * What was served with each prompt version, on the partitions held here, less that of `against`; absent: of v1 where it was served.
   * Throws not_ready while no partition is held here or counting goes on, prompt_not_found.
   */
  prompts(against?: string): Promise<PromptsDocument>;
  /**
   * Lines of produce's format, as bytes where they came as bytes (so that bad UTF-8 can still be seen), blank ones included.
   * Resolves however many were rejected; rejects when reading or appending failed.
   */
  produce(lines: AsyncIterable<string | Buffer>, options: ProduceOptions): Promise<ProduceSummary>;
  /** Begins a job, or answers the one that is under way for the user. Throws not_owner (details.owner), not_ready. */
  rebuildUser(userId: string, options: { readonly dryRun: boolean; readonly by?: AuditActor | undefined }): Promise<RebuildJob>;
  /** Throws not_found. */
  rebuildJob(jobId: string): RebuildJob;
  /** Answers the job as it is then: cancelled, unless it was over. Throws not_found. */
  cancelRebuild(jobId: string): RebuildJob;
  /** Begins a job. Throws not_owner (details.owner), not_ready, data_in_use while a rebuild or a redrive runs. */
  forgetUser(userId: string, options: ForgetOptions): Promise<ForgetJob>;
  /** Throws not_found. */
  forgetJob(jobId: string): ForgetJob;
  /**
   * Throws invalid_argument for a cursor that is none. What cannot be read in time is not waited for: the answer says what was read.
   */
  deadLetters(query: LetterQuery): Promise<DeadLettersDocument>;
  /** The topic with or without the prefix. Throws topic_not_found, not_found. */
  deadLetter(address: RecordAddress): Promise<WholeLetter>;
  /**
   * Begins a job. Records of `closedTopics` are not sent. Throws data_in_use while another one runs (details.job_id when it is one of this
   * service), forbidden, topic_not_found.
   */
  redrive(request: RedriveRequest, closedTopics: readonly TopicName[], by?: AuditActor): RedriveJob;
  /** Throws not_found. */
  redriveJob(jobId: string): RedriveJob;
  /** Answers the job as it is then: stopping, unless it was over. Throws not_found. */
  stopRedrive(jobId: string): RedriveJob;
  /** Puts it on tipstream.audit, after this has returned. What cannot be written is said in the log and counted. */
  noteChange(change: AuditedChange): void;
  /** The same of events that were appended: an entry for all requests of a caller within some seconds. */
  noteProduced(produced: Produced): void;
  /** With all that was noted before. Throws topic_not_found. What cannot be read in time is not waited for: the answer says so. */
  audit(query: TrailQuery): Promise<AuditDocument>;
  /** What the profiles of this service are made of. */
  features(): FeaturesDocument;
  lag(): Promise<readonly LagRow[]>;
  /** Of the partitions held here. What cannot be read in time is not waited for: the answer says what was read. */
  dataQuality(): Promise<DataQualityDocument>;
  /** Of the partitions held here. Throws timeout where it takes longer than a request waits. */
  qualityHistory(question: QualityHistoryQuestion): Promise<QualityHistoryDocument>;
  status(): ServiceStatus;
  newestScores(limit: number): readonly NewestScore[];
  /** Prometheus text exposition. */
  metrics(): Promise<string>;
}
