/**
 * What the running service answers. Each answer belongs to a collaborator; this joins them to the port that HTTP, the commands and the
 * library know, so that a new question is its method here and its collaborator.
 */
import { randomUUID } from 'node:crypto';
import type { AuditDocument, TrailQuery } from '../audit-trail/read-trail.js';
import type { AuditedChange } from '../audit-trail/record.js';
import type { Produced } from '../audit-trail/produced.js';
import type { TraceContext } from '../events/trace-context.js';
import type { LagRow } from '../log/lag.js';
import type { Log } from '../log/port.js';
import { produceLines } from '../producer/produce-lines.js';
import { useOf } from '../policies/reading/feature-use.js';
import { featuresDocument, type FeaturesDocument } from '../projections/feature-document.js';
import { checkGivenNames } from '../projections/given-profile.js';
import type { Registry } from '../projections/registry.js';
import { profileDocument } from '../store/queries/profiles.js';
import type {
  Application,
  NewestScore,
  PoliciesDocument,
  PolicyStats,
  ProduceOptions,
  ProduceSummary,
  ProfileDocument,
  RebuildJob,
  ResetReceipt,
  RewardReceipt,
  RewardRequest,
  ScoreRequest,
  ScoreResponse,
  ServiceStatus,
} from './application.js';
import { generateWith } from './generate.js';
import type { AuditAnswers } from './audit-trail/audit-answers.js';
import type { DeadLetterAnswers } from './dead-letters/dead-letter-answers.js';
import type { RedriveJob } from '../redrive/job.js';
import type { RedriveJobs } from './dead-letters/redrive-jobs.js';
import type { ForgetJob, ForgetOptions } from '../forgetting/job.js';
import type { ForgetJobs } from './forgetting/forget-jobs.js';
import type { HeldPartitions } from './held-partitions.js';
import { profilesOf } from './many-profiles.js';
import type { ServiceMetrics } from './metrics/service-metrics.js';
import type { ServiceOptions } from './options.js';
import { logForRequests, logTimeoutOf, withinDeadline, type RequestDeadline } from './request-deadline.js';
import type { PolicyAnswers } from './policies/policy-answers.js';
import type { ProvenanceAnswers } from './provenance/provenance-answers.js';
import type { QualityAnswers, QualityHistoryQuestion } from './quality/quality-answers.js';
import type { GenerationSwap } from './rebuild/generation-swap.js';
import type { UserRebuilds } from './rebuild/rebuild-user-job.js';
import type { StatusAnswers } from './status.js';
import { parentOf, traced } from '../tracing.js';
import { working } from './user-routing.js';

const DECIDING: RequestDeadline = {
  action: 'record the decision',
  hint: 'Ask again with the same decision_id: a decision is made once, and every answer has the same content.',
};
const REWARDING: RequestDeadline = {
  action: 'append the feedback',
  hint: 'Send it again: it may have been written, and a repeated feedback changes nothing.',
};
const RESETTING: RequestDeadline = {
  action: 'append the reset',
  hint: 'Send it again: it may have been written, and a repeated reset changes nothing learned before it.',
};

export interface AnswersDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  readonly partitions: HeldPartitions;
  /** The number of the user's partition, which is held here. Throws not_ready, not_owner. */
  readonly holding: (userId: string) => Promise<number>;
  /** The same of each of them. */
  readonly holdingAll: (userIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly status: StatusAnswers;
  readonly metrics: ServiceMetrics;
  readonly policies: PolicyAnswers;
  readonly provenance: ProvenanceAnswers;
  readonly swap: GenerationSwap;
  readonly rebuilds: UserRebuilds;
  readonly forgets: ForgetJobs;
  readonly deadLetters: DeadLetterAnswers;
  readonly quality: QualityAnswers;
  readonly redrives: RedriveJobs;
  readonly audit: AuditAnswers;
}

export class Answers implements Application {
  readonly generate: Application['generate'];
  readonly profiles: Application['profiles'];
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
    this.generate = generateWith(deps.options.generation, (request) => this.score(request), deps.metrics.gateway);
    this.profiles = async (userIds, asOfMs = deps.options.clock(), signal = new AbortController().signal) => {
      const { partitions, holdingAll, registry } = deps;
      const profiles = await profilesOf(userIds, { asOfMs, signal, partitions, partitionOf: await holdingAll(userIds) });
      return { as_of_ms: asOfMs, feature_set: registry.featureSet, profiles };
    };
  }

  async profile(userId: string, asOfMs = this.#deps.options.clock()): Promise<ProfileDocument> {
    const { partitions, holding, registry } = this.#deps;
    const partition = await holding(userId);
    return profileDocument(partitions.reading(partition)!.reader, partition, userId, asOfMs, registry.featureSet);
  }

  score({ trace, ...request }: ScoreRequest, policy?: string): Promise<ScoreResponse> {
    const parent = parentOf(trace);
    if (parent === undefined) return this.#score(request, policy);
    return traced('tipstream score', parent, (own) => this.#score(request, policy, own));
  }

  async #score(request: ScoreRequest, policy?: string, trace?: TraceContext): Promise<ScoreResponse> {
    const { partitions, holding, metrics, swap, options, registry } = this.#deps;
    const { decision_id: decisionId, requested_at_ms: requestedAtMs = options.clock(), profile_features: profile, ...rest } = request;
    if (profile !== undefined && profile !== null) checkGivenNames(profile, registry.names);
    const candidates = { ...rest, requested_at_ms: requestedAtMs, decision_id: decisionId ?? randomUUID() };
    const command = { candidates, policy, profile, trace };
    const decided = () =>
      swap.after(async () => {
        const held = working(partitions, await holding(request.user_id));
        if (decisionId === undefined) return { ...(await held.preview(command)), decision_id: null, recorded: false };
        return { ...(await held.decide(command)), recorded: true };
      });
    return metrics.policies.answered(() => this.#inTime(decided(), DECIDING));
  }

  produce(lines: AsyncIterable<string | Buffer>, { atomic, closedTopics, by, onWritten }: ProduceOptions): Promise<ProduceSummary> {
    const { topicPrefix: prefix, partitioner, maxValueBytes } = this.#deps.options;
    // How long the lines take to come is the caller's affair; only waits for the log count.
    const log = logForRequests(this.#deps.log, this.#deps.options, { addsUp: true });
    return produceLines(log, lines, {
      prefix,
      partitioner,
      maxValueBytes,
      atomic,
      closedTopics,
      by,
      onWritten,
      controlsNowMs: this.#deps.options.clock(),
    });
  }

  reward(request: RewardRequest): Promise<RewardReceipt> {
    return this.#inTime(this.#deps.policies.reward(request), REWARDING);
  }

  resetUser(userId: string, by?: string): Promise<ResetReceipt> {
    return this.#inTime(this.#deps.policies.reset(userId, by), RESETTING);
  }

  policyStats(policy: string, userId?: string): Promise<PolicyStats> {
    return this.#deps.policies.stats(policy, userId);
  }

  policies(): Promise<PoliciesDocument> {
    return this.#deps.policies.list();
  }

  prompts(against?: string): ReturnType<Application['prompts']> {
    return this.#deps.policies.prompts(against);
  }

  record(...asked: Parameters<Application['record']>): ReturnType<Application['record']> {
    return this.#deps.provenance.record(...asked);
  }

  provenance(...asked: Parameters<Application['provenance']>): ReturnType<Application['provenance']> {
    return this.#deps.provenance.provenance(...asked);
  }

  decisions(...asked: Parameters<Application['decisions']>): ReturnType<Application['decisions']> {
    return this.#deps.provenance.decisions(...asked);
  }

  decision(...asked: Parameters<Application['decision']>): ReturnType<Application['decision']> {
    return this.#deps.provenance.decision(...asked);
  }

  async rebuildUser(userId: string, { dryRun, by }: Parameters<Application['rebuildUser']>[1]): Promise<RebuildJob> {
    return this.#deps.rebuilds.start(userId, await this.#deps.holding(userId), dryRun, by);
  }

  rebuildJob(jobId: string): RebuildJob {
    return this.#deps.rebuilds.get(jobId);
  }

  cancelRebuild(jobId: string): RebuildJob {
    return this.#deps.rebuilds.cancel(jobId);
  }

  async forgetUser(userId: string, options: ForgetOptions): Promise<ForgetJob> {
    return this.#deps.forgets.start(userId, await this.#deps.holding(userId), options);
  }

  forgetJob(jobId: string): ForgetJob {
    return this.#deps.forgets.get(jobId);
  }

  deadLetters(query: Parameters<Application['deadLetters']>[0]): ReturnType<Application['deadLetters']> {
    return this.#deps.deadLetters.list(query);
  }

  async deadLetter(address: Parameters<Application['deadLetter']>[0]): ReturnType<Application['deadLetter']> {
    return this.#deps.deadLetters.show(address);
  }

  redrive(...asked: Parameters<Application['redrive']>): RedriveJob {
    return this.#deps.redrives.start(...asked);
  }

  redriveJob(jobId: string): RedriveJob {
    return this.#deps.redrives.get(jobId);
  }

  stopRedrive(jobId: string): RedriveJob {
    return this.#deps.redrives.stop(jobId);
  }

  noteChange(change: AuditedChange): void {
    this.#deps.audit.trail.note(change);
  }

  noteProduced(produced: Produced): void {
    this.#deps.audit.trail.produced(produced);
  }

  audit(query: TrailQuery): Promise<AuditDocument> {
    return this.#deps.audit.read(query);
  }

  features(): FeaturesDocument {
    return featuresDocument(this.#deps.registry, useOf);
  }

  lag(): Promise<readonly LagRow[]> {
    return this.#deps.status.lag();
  }

  dataQuality(): ReturnType<Application['dataQuality']> {
    return this.#deps.quality.dataQuality();
  }

  qualityHistory(question: QualityHistoryQuestion): ReturnType<Application['qualityHistory']> {
    return this.#deps.quality.qualityHistory(question);
  }

  status(): ServiceStatus {
    return this.#deps.status.status();
  }

  newestScores(limit: number): readonly NewestScore[] {
    return this.#deps.status.newestScores(limit);
  }

  metrics(): Promise<string> {
    return this.#deps.metrics.exposition();
  }

  /** Some users of the partitions held here who are known as of now. */
  knownUsers(limit: number): string[] {
    return this.#deps.status.knownUsers(limit);
  }

  /** Counts by name over the partitions held here. */
  counts(): ReadonlyMap<string, number> {
    return this.#deps.partitions.counts();
  }

  #inTime<T>(work: Promise<T>, deadline: RequestDeadline): Promise<T> {
    return withinDeadline(logTimeoutOf(this.#deps.options), work, deadline);
  }
}
