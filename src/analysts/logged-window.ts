/**
 * The decisions that a data directory holds, as evaluations read them: those of all partitions in the order of their requests, up to a
 * time, with what decides whether one shows what the live policy does now. Reads only; the service may run meanwhile.
 */
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { userOfControl } from '../events/control-user.js';
import type { AppliedRecord } from '../log/record-hash.js';
import { settingsAt, type PolicySettings } from '../policies/controls/control.js';
import { epsilonAt } from '../policies/controls/exploration.js';
import { statePartsAt, type StatePart } from '../policies/controls/migration.js';
import { priorAt, setPriorAt } from '../policies/controls/prior-settings.js';
import { trainingControl } from '../policies/controls/promotion-terms.js';
import { rewardRulesIn, rewardTimeline, type RewardRules, type RewardTimeline } from '../policies/controls/reward-rules.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { policyNamed } from '../policies/registry.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { LoggedDecisions, type DecisionOutcome } from '../store/queries/logged-decisions.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import type { ControlEvent, ScoredEvent } from '../topics.js';

export interface WindowOptions {
  readonly state: StateSource;
  readonly registry: Registry;
  /** Live from the start, until a promote says otherwise. */
  readonly defaultPolicy: string;
  /** What holds where no control says otherwise. */
  readonly settings: PolicySettings;
  /** Of the evaluation; unless `untilMs` is given, decisions before it are judged. */
  readonly nowMs: number;
  /** Since the newest change of who is live or of settings, unless given. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Why a decision does not show what the baseline does now. Other settings: it was made at another epsilon than the one in effect, as a
 * process with other options makes it, or when reactions were worth something else, or with another prior of the baseline. Before its
 * prior: the prior of the policy that is judged may have been fitted on it.
 */
export type NotCompared = 'another policy decided' | 'made with other settings' | 'before its prior';

export type LastRecords = Readonly<Record<string, Readonly<Record<string, AppliedRecord>>>>;

/** Which log an answer is about, and how much of it. */
export interface WindowProvenance {
  readonly positions: Positions;
  /** Partitions whose decisions were not read, ascending: other members of the group hold them. */
  readonly partitions_missing: readonly number[];
  /** topic -> partition -> the record applied last. */
  readonly records: LastRecords;
}

const DECISIONS_AT_ONCE = 500;

export class LoggedWindow {
  readonly untilMs: number;
  readonly controls: readonly ControlEvent[];
  /** Of the decisions that are judged. */
  readonly rules: RewardRules;
  readonly #options: WindowOptions;
  readonly #files: ReadonlyMap<number, LoggedDecisions>;
  readonly #missing: readonly number[];
  readonly #inEffect: PolicySettings;
  readonly #timeline: RewardTimeline;
  readonly #priors = new Map<string, string | null>();

  /** To be closed. Throws no_data, state_mismatch, state_incomplete. */
  constructor(options: WindowOptions) {
    const { state, registry, settings, nowMs } = options;
    const present = stateFiles(state, registry);
    const files = new Map<number, LoggedDecisions>();
    this.#files = files;
    try {
      for (const [partition, path] of present.files) files.set(partition, new LoggedDecisions(path, registry.featureSet));
      this.#options = options;
      this.#missing = present.missing;
      this.untilMs = options.untilMs ?? nowMs;
      this.controls = [...files.values()].flatMap((file) => file.controls());
      this.#inEffect = settingsAt(this.controls, this.untilMs, settings);
      this.#timeline = rewardTimeline(this.controls);
      this.rules = rewardRulesIn(this.#timeline, this.untilMs);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Those requested before `untilMs`, in the order of their requests. Throws the signal's reason. */
  async *decisions(): AsyncGenerator<DecisionOutcome> {
    const { signal, onProgress } = this.#options;
    const files = [...this.#files.values()];
    const total = files.reduce((sum, file) => sum + file.count(), 0);
    let done = 0;
    for (const outcome of merged(files)) {
      if (outcome.event.profile.as_of_ms >= this.untilMs) return;
      if (++done % DECISIONS_AT_ONCE === 0) {
        onProgress?.(done, total);
        await setImmediate();
        signal.throwIfAborted();
      }
      yield outcome;
    }
  }

  /** undefined: it shows it. */
  whyNotCompared(event: ScoredEvent, baseline: string): NotCompared | undefined {
    if (event.policy !== baseline) return 'another policy decided';
    const requestedAtMs = event.profile.as_of_ms;
    const sameSettings =
      event.epsilon === this.#epsilonNow(event, baseline) &&
      (event.model.prior ?? null) === this.#priorOf(baseline) &&
      isDeepStrictEqual(rewardRulesIn(this.#timeline, requestedAtMs), this.rules);
    return sameSettings ? undefined : 'made with other settings';
  }

  /** What the policy starts from once it is promoted, and since when; null: it has no prior, or one that is stale. */
  priorOf(policy: PolicyDefinition): { readonly theta: readonly number[]; readonly sinceMs: number } | null {
    const set = setPriorAt(this.controls, this.untilMs, policy);
    return set === null || set.isStale ? null : { theta: set.prior.theta, sinceMs: set.control.effective_at_ms };
  }

  /** What each user's state is made of once the policy is promoted. Resets are not in it: they empty the learner on the way. */
  partsOf(policy: PolicyDefinition, baseline: PolicyDefinition): (userId: string) => readonly StatePart[] {
    const training = trainingControl(policy, baseline, this.untilMs);
    const then = training === null ? this.controls : [...this.controls, training];
    const own = new Map<string, ControlEvent[]>();
    for (const migration of [...this.#files.values()].flatMap((file) => file.migrationsOfUsers())) {
      const user = userOfControl(migration)!;
      own.set(user, [...(own.get(user) ?? []), migration]);
    }
    const partsAt = (controls: readonly ControlEvent[]): readonly StatePart[] => statePartsAt(controls, this.untilMs, policy.name);
    const shared = partsAt(then);
    const ofUsers = new Map([...own].map(([user, controlsOfUser]) => [user, partsAt([...then, ...controlsOfUser])]));
    return (userId) => ofUsers.get(userId) ?? shared;
  }

  provenance(): WindowProvenance {
    return {
      positions: positionsOf(new Map([...this.#files].map(([partition, file]) => [partition, file.positions()]))),
      partitions_missing: this.#missing,
      records: lastRecords(this.#files),
    };
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  /** control_id of the prior that is in effect now; null: none. */
  #priorOf(baseline: string): string | null {
    let prior = this.#priors.get(baseline);
    if (prior === undefined)
      this.#priors.set(baseline, (prior = priorAt(this.controls, this.untilMs, policyNamed(baseline))?.controlId ?? null));
    return prior;
  }

  /** What the baseline explores with at the time of a decision, under the settings that are in effect now. */
  #epsilonNow({ profile: { as_of_ms: requestedAtMs }, model: { updates } }: ScoredEvent, baseline: string): number {
    const { defaultPolicy } = this.#options;
    return (
      policyNamed(baseline).fixedEpsilon ?? epsilonAt(this.#inEffect, { controls: this.controls, requestedAtMs, defaultPolicy, updates })
    );
  }
}

function lastRecords(files: ReadonlyMap<number, LoggedDecisions>): LastRecords {
  const records: Record<string, Record<string, AppliedRecord>> = {};
  for (const [partition, file] of files) for (const [topic, record] of file.lastApplied()) (records[topic] ??= {})[partition] = record;
  return records;
}

/** All files' decisions in the order of their requests. */
function* merged(files: readonly LoggedDecisions[]): Generator<DecisionOutcome> {
  const streams = files.map((file) => file.inOrder());
  const heads = streams.map((stream) => stream.next());
  for (;;) {
    let first = -1;
    for (const [i, head] of heads.entries()) {
      if (
        head.done !== true &&
        (first < 0 || head.value.event.profile.as_of_ms < (heads[first]!.value as DecisionOutcome).event.profile.as_of_ms)
      )
        first = i;
    }
    if (first < 0) return;
    yield heads[first]!.value as DecisionOutcome;
    heads[first] = streams[first]!.next();
  }
}
