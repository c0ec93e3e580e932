/**
 * One batch of one partition: decode, fold, answer, and write the outbox, inside the transaction its caller holds. Synchronous and in
 * memory but for the state file, so that a batch either happened or did not.
 */
import { jsonText } from '../../projections/object-value.js';
import { decodeRecord, misrouted, type DecodeRules } from '../../events/decode.js';
import type { FaultHook } from '../../fault-points.js';
import { happenedMs } from '../../events/event-time.js';
import { redrivenSource } from '../../events/redrive.js';
import type { Rejected } from '../../events/rejection.js';
import { isTraceHeader, traceContextIn, traceHeaders, type TraceContext } from '../../events/trace-context.js';
import type { LogRecord } from '../../log/port.js';
import type { Registry } from '../../projections/registry.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import type { ShadowJob } from '../../store/tables/shadow-pending.js';
import { CONSUMED_TOPICS, fullTopicName, topicNamed, type ConsumedTopic, type ScoredEvent } from '../../topics.js';
import { traced } from '../../tracing.js';
import { DecisionFolder } from './decisions.js';
import { deadLetter } from './dead-letter.js';
import { foldsOf, type FoldContext, type Folds } from './folds.js';
import { ForgetFolder } from './forgets.js';
import { ProfilePublisher } from './profile-publisher.js';
import { ProfileAsOf } from './profile-as-of.js';
import { Observed, type ObservedTopic } from './observed.js';
import { RewardSettler } from './rewards.js';
import { Scorer, type ScoreCommand, type ScoringOptions } from './scorer.js';
import { shadowScorer, type ShadowScore } from './shadow.js';
import type { RejectedRecord, Scoring } from './reports.js';

export interface ProcessorDeps {
  readonly state: PartitionState;
  readonly registry: Registry;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  /** Called for every rejected record; the record itself goes to its -dlt topic. */
  readonly onRejected?: (rejected: RejectedRecord) => void;
  /** What tests replace. */
  readonly shadow?: ShadowScore | undefined;
}

export interface ProcessorOptions {
  readonly topicPrefix: string;
  readonly group: string;
  readonly rules: DecodeRules;
  readonly scoring: ScoringOptions;
  readonly publishProfiles: boolean;
  /** A replay answers no candidates: their answers come out of tip.scored. It judges and counts them as the live fold does. */
  readonly replay?: boolean;
  readonly at?: FaultHook | undefined;
}

const APPLIED = Object.fromEntries(CONSUMED_TOPICS.map((topic) => [topic, `applied:${topic}`])) as Record<ConsumedTopic, string>;

export class BatchProcessor {
  readonly #state: PartitionState;
  readonly #options: ProcessorOptions;
  readonly #rewards: RewardSettler;
  readonly #folds: Folds;
  readonly #scorer: Scorer;
  readonly #profilePublisher: ProfilePublisher;
  readonly #decisions: DecisionFolder;
  readonly #scoreShadow: ShadowScore;
  readonly #topics: ReadonlyMap<string, ConsumedTopic>;
  readonly #onRejected: (rejected: RejectedRecord) => void;
  /** topic -> the first offset whose rejection is news: what lies before has its dead letter. */
  readonly #deadLetteredTo: ReadonlyMap<string, number>;
  /** topic -> next offset, as far as this batch has come. */
  #positions: Map<string, number>;
  /** Since it was last asked. */
  #scored: Scoring[] = [];
  readonly #observed = new Observed();

  constructor({ state, registry, topics, onRejected = () => undefined, shadow }: ProcessorDeps, options: ProcessorOptions) {
    this.#state = state;
    this.#options = options;
    this.#onRejected = onRejected;
    const rewards = new RewardSettler(state, options.scoring.settings);
    this.#rewards = rewards;
    this.#decisions = new DecisionFolder(state, rewards);
    this.#folds = foldsOf({
      state,
      registry,
      rewards,
      decisions: this.#decisions,
      forgets: new ForgetFolder({
        state,
        positions: () => this.#positions,
        tombstonesTo:
          options.replay === true || !options.publishProfiles || state.identity.log === 'sqlite'
            ? undefined
            : fullTopicName(options.topicPrefix, 'profile.features'),
      }),
      noteChanges: options.publishProfiles,
      answer: (candidates, { record: { topic, partition, offset, headers }, nowMs, outbox }) => {
        if (options.replay === true) return;
        const trace = headers.length === 0 ? undefined : traceContextIn(headers);
        this.#decide({ candidates, trace }, { topic, partition, offset }, nowMs, outbox);
      },
    });
    const profiles = new ProfileAsOf(state, registry);
    this.#scorer = new Scorer(state, registry, profiles, rewards, options.scoring);
    this.#profilePublisher = new ProfilePublisher(state, registry, profiles, fullTopicName(options.topicPrefix, 'profile.features'));
    this.#scoreShadow = shadow ?? shadowScorer(state, registry.featureSet, rewards, options.scoring);
    this.#topics = new Map(topics.map((name) => [name, topicNamed(options.topicPrefix, name) as ConsumedTopic]));
    this.#deadLetteredTo = state.positions.deadLetteredTo();
    this.#positions = state.positions.all();
  }

  /** What the shadow has learned depends on an option too: when that has changed, it is worked out again, as a rebuild would. */
  adoptOptions(nowMs: number): void {
    const { foldOptions } = this.#state;
    const learning = String(this.#options.scoring.settings.shadowLearning);
    if (foldOptions.get('shadow_learning') === learning) return;
    this.#state.transaction(nowMs, () => {
      this.#rewards.settleShadowsSince(0);
      foldOptions.put('shadow_learning', learning);
    });
  }

  /** Folds one record. What it makes pending for the log is added to `outbox`. */
  apply(record: LogRecord, nowMs: number, outbox: StoredMessage[]): void {
    const topic = this.#topics.get(record.topic)!;
    this.#positions.set(record.topic, record.offset + 1);
    if (this.#state.forgotten.hides(record.topic, record.key, record.offset)) return;
    if (record.headers.length > 0 && this.#options.replay !== true && redrivenSource(record.headers) !== undefined)
      this.#observed.redriven(record.topic);
    const rejected = this.#fold(topic, { record, nowMs, outbox });
    this.#options.at?.('batch: record folded');
    if (rejected === undefined) {
      this.#state.counts.add(APPLIED[topic]);
      return;
    }
    const { code, message } = rejected.rejection;
    this.#state.counts.add(`rejected:${topic}:${code}`);
    if (record.offset < (this.#deadLetteredTo.get(record.topic) ?? 0)) return;
    outbox.push(this.#state.outbox.add(deadLetter(record, rejected.rejection, this.#options.group, nowMs)));
    this.#onRejected({ topic: record.topic, partition: record.partition, offset: record.offset, code, message });
  }

  /** A request that did not come through the log. undefined: the decision exists already. */
  answer(request: ScoreCommand, nowMs: number, outbox: StoredMessage[]): ScoredEvent | undefined {
    return this.#decide(request, null, nowMs, outbox);
  }

  /** Scores without recording. */
  preview(request: ScoreCommand, nowMs: number): ScoredEvent {
    return this.#scorer.preview(request, { input: null, positions: Object.fromEntries(this.#positions) }, nowMs);
  }

  /** Works off waiting shadow jobs; answers how many there were. A job that fails is dropped, counted and reported. */
  scoreShadows(limit: number, nowMs: number, outbox: StoredMessage[], onFailed: (decisionId: string, error: unknown) => void): number {
    const jobs = this.#state.shadowPending.first(limit);
    for (const { job } of jobs) {
      try {
        if (job.trace === undefined) this.#answerShadow(job, nowMs, outbox);
        else traced('tipstream shadow', job.trace, (trace) => this.#answerShadow({ ...job, trace }, nowMs, outbox));
      } catch (error) {
        // A disk that fails is not the shadow's fault, and may have ended the transaction already.
        if (this.#state.isFailureOfFile(error)) throw error;
        this.#state.counts.add('shadow_failed');
        onFailed(job.candidates.decision_id, error);
      }
    }
    const last = jobs.at(-1);
    if (last !== undefined) this.#state.shadowPending.deleteUpTo(last.seq);
    return jobs.length;
  }

  /** Puts into the outbox the profiles of up to `limit` changed users. */
  publishProfiles(limit: number, nowMs: number, outbox: StoredMessage[]): void {
    this.#profilePublisher.publish(limit, Object.fromEntries(this.#positions), nowMs, outbox);
  }

  /** What was scored since this was last asked. */
  takeScored(): readonly Scoring[] {
    return this.#scored.splice(0);
  }

  /** Full topic name -> what its records said of themselves since this was last asked. @param nowMs of the commit */
  takeObserved(nowMs: number): ReadonlyMap<string, ObservedTopic> {
    return this.#observed.take(nowMs);
  }

  /** After a rollback. */
  forget(): void {
    this.#scored = [];
    this.#observed.forget();
    this.#positions = this.#state.positions.all();
  }

  #fold<Topic extends ConsumedTopic>(topic: Topic, context: FoldContext): Rejected | undefined {
    if (topic === 'tip.scored' && this.#readBack(context.record)) return undefined;
    const decoded = decodeRecord(topic, context.record, this.#options.rules);
    this.#options.at?.('batch: record decoded');
    if (!decoded.ok) return decoded;
    const atMs = happenedMs(topic, decoded.event);
    if (atMs !== undefined && this.#options.replay !== true) this.#observed.event(context.record.topic, atMs);
    return this.#folds[topic](decoded.event, context);
  }

  /** A record of our own that only brings its offset. Everything else is decoded, the record that a restore or a replay meets included. */
  #readBack(record: LogRecord): boolean {
    const { rules, replay, at } = this.#options;
    const { key, value, headers, partition } = record;
    if (replay === true || key === null || value === null || value.length > rules.maxValueBytes) return false;
    if (headers.some(([name]) => !isTraceHeader(name))) return false;
    if (misrouted(key.toString(), key, partition, rules) !== undefined || !this.#decisions.readBack(record)) return false;
    at?.('batch: record decoded');
    return true;
  }

  #answerShadow(job: ShadowJob, nowMs: number, outbox: StoredMessage[]): void {
    const beganMs = performance.now();
    const event = this.#scoreShadow(job, nowMs);
    if (event === undefined) return;
    this.#noteScored(event, { decided: false, tookMs: performance.now() - beganMs });
    outbox.push(this.#publish('tip.scored.shadow', event.user_id, jsonText(event), job.trace));
  }

  #decide(request: ScoreCommand, input: ScoredEvent['input'], nowMs: number, outbox: StoredMessage[]): ScoredEvent | undefined {
    if (request.trace === undefined) return this.#record(request, input, nowMs, outbox);
    return traced('tipstream decide', request.trace, (trace) => this.#record({ ...request, trace }, input, nowMs, outbox));
  }

  #record(request: ScoreCommand, input: ScoredEvent['input'], nowMs: number, outbox: StoredMessage[]): ScoredEvent | undefined {
    const beganMs = performance.now();
    const made = this.#scorer.decide(request, { input, positions: Object.fromEntries(this.#positions) }, nowMs);
    if (made === undefined) return undefined;
    const tookMs = performance.now() - beganMs;
    const message = this.#publish('tip.scored', made.event.user_id, made.record, request.trace);
    outbox.push(message);
    const asked = { requestedAtMs: request.candidates.requested_at_ms, seq: message.seq };
    this.#noteScored(made.event, { decided: true, tookMs, ...(input === null ? {} : { request: asked }) });
    return made.event;
  }

  #noteScored({ policy, explored }: ScoredEvent, how: Omit<Scoring, 'policy' | 'explored'>): void {
    this.#scored.push({ policy, explored, ...how });
  }

  #publish(topic: 'tip.scored' | 'tip.scored.shadow', userId: string, record: string, trace: TraceContext | undefined): StoredMessage {
    return this.#state.outbox.add({
      topic: fullTopicName(this.#options.topicPrefix, topic),
      key: Buffer.from(userId),
      value: Buffer.from(record),
      headers: trace === undefined ? [] : traceHeaders(trace),
    });
  }
}
