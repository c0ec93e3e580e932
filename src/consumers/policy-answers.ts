/** What upstream callers tell policies, which is appended to the log like anything else, and what they ask of them. */
import { randomUUID } from 'node:crypto';
import type { PolicyStats, ResetReceipt, RewardReceipt, RewardRequest } from '../http/application.js';
import type { Log } from '../log/port.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { policyNamed } from '../policies/registry.js';
import { posterior } from '../policies/ridge.js';
import { createProducer, type TipProducer } from '../producer/producer.js';
import { policyCounts, userPolicyState } from '../store/policy-stats.js';
import { Guardrail } from './guardrail.js';
import type { ServiceOptions } from './service-options.js';
import type { ControlEvent } from '../topics.js';

/** Paths of the state files held here, and of one user's. */
export interface StateFiles {
  readonly all: () => readonly string[];
  /** Throws not_ready, not_owner. */
  readonly ofUser: (userId: string) => Promise<string>;
  /** policy.control as a partition held here has it; undefined while none is. */
  readonly controls: () => readonly ControlEvent[] | undefined;
}

export class PolicyAnswers {
  readonly #producer: TipProducer;
  readonly guardrail: Guardrail;
  readonly #clock: () => number;
  readonly #files: StateFiles;

  constructor(log: Log, { topicPrefix: prefix, partitioner, maxValueBytes, clock, scoring, logger }: ServiceOptions, files: StateFiles) {
    this.#producer = createProducer(log, { prefix, partitioner, maxValueBytes });
    this.#clock = clock;
    this.#files = files;
    this.guardrail = new Guardrail({ producer: this.#producer, scoring, clock, logger, files: files.all, controls: files.controls });
  }

  /** Appends the feedback; which policy learns from it is decided by the decision that served the tip. */
  async reward({ user_id, tip_id, action, reward, reacted_at_ms, utc_offset_min, feedback_id }: RewardRequest): Promise<RewardReceipt> {
    const event = {
      user_id, tip_id, action: action ?? (reward === 1 ? 'done' as const : 'dismiss' as const), reacted_at_ms: reacted_at_ms ?? this.#clock(),
      ...(utc_offset_min == null ? {} : { utc_offset_min }), ...(feedback_id == null ? {} : { feedback_id }),
    };
    const [address] = await this.#producer.send('tip.feedback', event);
    return { appended: { topic: address!.topic, partition: address!.partition, offset: address!.offset }, action: event.action, reacted_at_ms: event.reacted_at_ms };
  }

  /** Appends a reset that holds for decisions requested from now on. */
  async reset(userId: string): Promise<ResetReceipt> {
    const control = { control_id: `reset-${randomUUID()}`, type: 'reset' as const, effective_at_ms: this.#clock(), user_id: userId };
    await this.#producer.send('policy.control', control);
    return { user_id: userId, control_id: control.control_id, effective_at_ms: control.effective_at_ms };
  }

  async stats(name: string, userId: string | undefined): Promise<PolicyStats> {
    const policy = policyNamed(name);
    const about = { policy: policy.name, dimension: policy.dimension, features: [...policy.featureNames], hyperparameters: { ...policy.hyperparameters } };
    if (userId !== undefined) return { ...about, user: userStats(await this.#files.ofUser(userId), userId, policy, this.#clock()) };
    const counts = this.#files.all().map((path) => policyCounts(path, policy.name));
    const sum = (of: (one: (typeof counts)[number]) => number): number => counts.reduce((total, one) => total + of(one), 0);
    const [rewarded, rewards] = [sum((one) => one.rewarded), sum((one) => one.rewards)];
    return { ...about, all: { users: sum(({ users }) => users), decisions: sum(({ decisions }) => decisions), rewarded, rewards, mean_reward: rewarded === 0 ? null : rewards / rewarded } };
  }
}

function userStats(path: string, userId: string, policy: PolicyDefinition, nowMs: number): NonNullable<PolicyStats['user']> {
  const { state, resetAtMs } = userPolicyState(path, userId, policy, nowMs);
  return { user_id: userId, updates: state.updates, theta: Array.from(posterior(state, policy.hyperparameters.lambda).theta), reset_at_ms: resetAtMs };
}
