/** What upstream callers tell policies, which is appended to the log like anything else, and what they ask of them. */
import { randomUUID } from 'node:crypto';
import type { AuditedChange } from '../../audit-trail/record.js';
import { TipstreamError } from '../../errors.js';
import { intervalOfMean } from '../../evaluation/confidence.js';
import { GATE_THRESHOLDS } from '../../evaluation/thresholds.js';
import type {
  GuardrailDocument,
  PoliciesDocument,
  PolicyEntry,
  PolicyStats,
  PriorWatchDocument,
  PromptsDocument,
  ResetReceipt,
  RewardReceipt,
  RewardRequest,
} from '../application.js';
import type { Log } from '../../log/port.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { settingsDocument } from '../../policies/controls/control.js';
import { priorDocuments } from '../../policies/controls/prior-settings.js';
import { rewardRangeOf, rewardRulesAt, rewardsDocument, type RewardRange } from '../../policies/controls/reward-rules.js';
import { policyHash } from '../../policies/policy-hash.js';
import { POLICIES, policyNamed } from '../../policies/registry.js';
import { WATCHED_REWARDS } from '../../policies/prior/watch.js';
import { historyOf, rolloutAt, type Share } from '../../policies/controls/rollout.js';
import { posteriorUnder } from '../../policies/score.js';
import { createProducer, type TipProducer } from '../../producer/producer.js';
import { policyCounts, userPolicyState } from '../../store/queries/policy-stats.js';
import type { ScoringOptions } from '../../consumers/fold/scorer.js';
import { Guardrail } from './guardrail.js';
import type { GuardrailState } from './guardrail-state.js';
import { countByPolicy, type PolicyCounts } from './policy-counts.js';
import { PolicyCards } from './policy-cards.js';
import type { PolicyFacts } from './policy-facts.js';
import { PriorWatch, type WatchedPrior } from './prior-watch.js';
import { Recount } from './recount.js';
import { promptsDocument, servedPrompts, type ServedPrompts } from './served-prompts.js';
import { writtenBy } from '../../producer/written-by.js';
import type { ServiceOptions } from '../options.js';
import type { ControlEvent } from '../../topics.js';

/** Paths of the state files held here, and of one user's. */
export interface StateFiles {
  readonly all: () => readonly string[];
  /** Throws not_ready, not_owner. */
  readonly ofUser: (userId: string) => Promise<string>;
  /** policy.control as a partition held here has it; undefined while none is. */
  readonly controls: () => readonly ControlEvent[] | undefined;
  /** How far the events held here have come, Unix ms; undefined while that cannot be told. */
  readonly streamTime: () => number | undefined;
  /** Of all partitions, the share that is held here, 0 to 1. */
  readonly share: () => number;
  /** Absent: what the guardrail does is not recorded. */
  readonly note?: ((change: AuditedChange) => void) | undefined;
}

/** Longer than that nobody waits for a count: they are told to ask again. */
const COUNTED_WITHIN_MS = 5_000;
const WATCHED_WITHIN_MS = 1_000;

export class PolicyAnswers {
  readonly #producer: TipProducer;
  readonly #prompts: Recount<ServedPrompts>;
  readonly #decided: Recount<PolicyCounts>;
  readonly #cards: PolicyCards;
  readonly #priors: PriorWatch;
  readonly guardrail: Guardrail;
  readonly #clock: () => number;
  readonly #scoring: ScoringOptions;
  readonly #files: StateFiles;

  constructor(log: Log, { topicPrefix: prefix, partitioner, maxValueBytes, clock, scoring, logger }: ServiceOptions, files: StateFiles) {
    this.#producer = createProducer(log, { prefix, partitioner, maxValueBytes });
    this.#clock = clock;
    this.#scoring = scoring;
    this.#files = files;
    this.#prompts = new Recount(servedPrompts, clock);
    this.#decided = new Recount(countByPolicy, clock);
    this.#cards = new PolicyCards(prefix, clock);
    this.#priors = new PriorWatch(logger, clock);
    this.guardrail = new Guardrail({ producer: this.#producer, scoring, clock, logger, ...files, files: files.all });
  }

  /** Appends the feedback; which policy learns from it is decided by the decision that served the tip. */
  async reward({ user_id, tip_id, action, reward, reacted_at_ms, utc_offset_min, feedback_id }: RewardRequest): Promise<RewardReceipt> {
    const event = {
      user_id,
      tip_id,
      action: action ?? (reward === 1 ? ('done' as const) : ('dismiss' as const)),
      reacted_at_ms: reacted_at_ms ?? this.#clock(),
      ...(utc_offset_min == null ? {} : { utc_offset_min }),
      ...(feedback_id == null ? {} : { feedback_id }),
    };
    const [address] = await this.#producer.send('tip.feedback', event);
    return {
      appended: { topic: address!.topic, partition: address!.partition, offset: address!.offset },
      action: event.action,
      reacted_at_ms: event.reacted_at_ms,
    };
  }

  /** Appends a reset that holds for decisions requested from now on. */
  async reset(userId: string, by?: string): Promise<ResetReceipt> {
    const control = { control_id: `reset-${randomUUID()}`, type: 'reset' as const, effective_at_ms: this.#clock(), user_id: userId };
    await this.#producer.send('policy.control', control, by === undefined ? {} : { headers: writtenBy([], by) });
    return { user_id: userId, control_id: control.control_id, effective_at_ms: control.effective_at_ms };
  }

  /** Throws not_ready while no partition is held here or counting goes on. */
  async list(): Promise<PoliciesDocument> {
    const controls = this.#files.controls();
    if (controls === undefined) throw nothingHeld();
    const paths = this.#files.all();
    const { value: counts, countedAtMs } = await this.#decided.get(paths, COUNTED_WITHIN_MS);
    const { shares, settings } = rolloutAt(controls, this.#clock(), this.#scoring.livePolicy, this.#scoring.settings);
    const history = historyOf(controls);
    const priors = priorDocuments(controls, this.#clock());
    const watched = priors.length === 0 ? [] : await this.#priors.of(paths);
    const cards = await this.#cards.of({ paths, history, settings, priors });
    const range = rewardRangeOf(controls);
    return {
      policies: POLICIES.map((policy) => ({
        ...entryOf(policy, shares, settings.shadow, counts, range),
        card: cards.get(policy.name)!,
      })),
      settings: { ...settingsDocument(settings), rewards: rewardsDocument(rewardRulesAt(controls, this.#clock())) },
      priors: priors.map((prior) => ({ ...prior, watch: watchOf(watched?.find(({ controlId }) => controlId === prior.control_id)) })),
      history,
      guardrail: this.guardrail.states.map(guardrailDocument),
      counted_at_ms: countedAtMs,
    };
  }

  /** Throws not_ready while no partition is held here or counting goes on, prompt_not_found. */
  async prompts(against?: string): Promise<PromptsDocument> {
    const paths = this.#files.all();
    if (paths.length === 0) throw nothingHeld();
    const { value, countedAtMs } = await this.#prompts.get(paths, COUNTED_WITHIN_MS);
    return promptsDocument(value, countedAtMs, against);
  }

  /** For those who watch: undefined while no partition is held here. What cannot be counted soon is left out. */
  async facts(): Promise<PolicyFacts | undefined> {
    const controls = this.#files.controls();
    if (controls === undefined) return undefined;
    const counts = await this.#decided.get(this.#files.all(), WATCHED_WITHIN_MS).then(
      ({ value }) => value,
      () => undefined,
    );
    return {
      rollout: rolloutAt(controls, this.#clock(), this.#scoring.livePolicy, this.#scoring.settings),
      controls,
      counts,
      guardrail: this.guardrail.states,
      setPriors: priorDocuments(controls, this.#clock()),
      priors: await this.#priors.of(this.#files.all()),
    };
  }

  /** Says in the log what has become of the priors in effect. */
  lookAtPriors(): Promise<void> {
    return this.#priors.look(this.#files.all());
  }

  /** Ends what is being counted. */
  stop(): void {
    this.guardrail.stop();
    this.#prompts.stop();
    this.#decided.stop();
    this.#cards.stop();
    this.#priors.stop();
  }

  async stats(name: string, userId: string | undefined): Promise<PolicyStats> {
    const policy = policyNamed(name);
    const about = {
      policy: policy.name,
      dimension: policy.dimension,
      features: [...policy.featureNames],
      hyperparameters: { ...policy.hyperparameters },
    };
    if (userId !== undefined) return { ...about, user: userStats(await this.#files.ofUser(userId), userId, policy, this.#clock()) };
    const files = this.#files.all().map((path) => policyCounts(path, policy.name));
    const sum = (of: (one: (typeof files)[number]) => number): number => files.reduce((total, one) => total + of(one), 0);
    const counts = {
      users: sum(({ users }) => users),
      decisions: sum(({ decisions }) => decisions),
      rewarded: sum(({ rewarded }) => rewarded),
      rewards: sum(({ rewards }) => rewards),
    };
    return { ...about, all: { ...counts, mean_reward: counts.rewarded === 0 ? null : counts.rewards / counts.rewarded } };
  }
}

function entryOf(
  policy: PolicyDefinition,
  shares: readonly Share[],
  shadow: string | null,
  counts: PolicyCounts,
  range: RewardRange,
): Omit<PolicyEntry, 'card'> {
  const { decisions, rewarded, rewards } = counts.get(policy.name) ?? { decisions: 0, rewarded: 0, rewards: 0 };
  return {
    policy: policy.name,
    policy_hash: policyHash(policy),
    dimension: policy.dimension,
    state_version: policy.stateVersion,
    hyperparameters: { ...policy.hyperparameters },
    live_percent: shares.filter((share) => share.policy === policy.name).reduce((sum, { percent }) => sum + percent, 0),
    shadow: shadow === policy.name,
    inputs: policy.featureNames.map((name) => ({ name, ...policy.inputs[name]! })),
    decisions,
    rewarded,
    mean_reward: rewarded === 0 ? null : { mean: rewards / rewarded, ...intervalOfMean(rewards, rewarded, range, GATE_THRESHOLDS.alpha) },
  };
}

function watchOf(watched: WatchedPrior | undefined): PriorWatchDocument | null {
  if (watched === undefined) return null;
  const { rewards, error, constantError, isWorse } = watched;
  return { rewards, rewards_needed: WATCHED_REWARDS, error, constant_error: constantError, worse: isWorse };
}

function guardrailDocument({ rolloutId, policy, percent, alpha, look, nextLookMs, why }: GuardrailState): GuardrailDocument {
  return {
    rollout_id: rolloutId,
    policy,
    percent,
    alpha,
    look:
      look === null
        ? null
        : {
            index: look.index,
            at_ms: look.atMs,
            age_ms: look.ageMs,
            treated: look.treated,
            control: look.control,
            difference: look.difference,
            interval: look.interval,
            spent: look.spent,
          },
    next_look_at_ms: nextLookMs,
    why_not: why,
  };
}

function nothingHeld(): TipstreamError {
  return new TipstreamError('not_ready', 'no partition is held here yet', { hint: 'Ask again in a moment.' });
}

function userStats(path: string, userId: string, policy: PolicyDefinition, nowMs: number): NonNullable<PolicyStats['user']> {
  const { state, resetAtMs, migration, prior } = userPolicyState(path, userId, policy, nowMs);
  return {
    user_id: userId,
    updates: state.updates,
    theta: Array.from(posteriorUnder(policy, state, prior).theta),
    prior: prior?.controlId ?? null,
    reset_at_ms: resetAtMs,
    migration:
      migration === null
        ? null
        : {
            control_id: migration.controlId,
            from: migration.from.name,
            trained: migration.trained,
            effective_at_ms: migration.effectiveAtMs,
          },
  };
}
