/** Evaluates a policy on the decisions that a data directory holds. Reads only; the service may run meanwhile. */
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Evaluator, type Evaluation } from '../evaluation/evaluate.js';
import { vectorFingerprint } from '../policies/vector-fingerprint.js';
import { documentHash } from '../evaluation/evidence.js';
import type { SimulatedGain } from '../evaluation/gate.js';
import { recordedDecision } from '../evaluation/logged-decision.js';
import { PolicyReplay, type SetAside } from '../evaluation/policy-replay.js';
import type { EvaluationRow } from '../evaluation/row.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import { quantilesOf, type Quantiles } from '../evaluation/quantiles.js';
import { settingsAt, type PolicySettings } from '../policies/controls/control.js';
import { epsilonAt } from '../policies/controls/exploration.js';
import { statePartsAt, type StatePart } from '../policies/controls/migration.js';
import { promotionTerms, trainingControl } from '../policies/controls/promotion-terms.js';
import { rewardRange, rewardRulesIn, rewardTimeline, type RewardsDocument } from '../policies/controls/reward-rules.js';
import { policyNamed } from '../policies/registry.js';
import { userOfControl } from '../events/control-user.js';
import type { ControlEvent, ScoredEvent } from '../topics.js';
import { policyHash } from '../policies/policy-hash.js';
import type { PolicyDefinition } from '../policies/policy.js';
import type { Registry } from '../projections/registry.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { LoggedDecisions, type DecisionOutcome } from '../store/queries/logged-decisions.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import type { AppliedRecord } from '../log/record-hash.js';

export interface LoggedEvaluation extends Evaluation {
  readonly policy: string;
  /** Identifies what was judged: the policy's definition and the features that it reads. */
  readonly policy_hash: string;
  /** Of what its code makes of fixed requests: see policies/vector-fingerprint.ts. */
  readonly vectors: string;
  readonly feature_set: string;
  /** The policy that it was compared with, on the decisions that this one made. */
  readonly baseline: string;
  /** What promoting it would put in effect: see policies/controls/promotion-terms.ts. */
  readonly trained: boolean;
  readonly sums: readonly string[];
  readonly epsilon: number;
  readonly epsilon_min: number | null;
  readonly epsilon_decay: number | null;
  readonly salt: string;
  /** What reactions are worth, as settings.rewards. */
  readonly rewards: RewardsDocument;
  readonly lambda: number;
  /** Decisions requested at or after, and before, are judged; earlier ones are learned from. Unix ms. */
  readonly since_ms: number;
  readonly until_ms: number;
  readonly positions: Positions;
  /** Partitions whose decisions were not read, ascending: other members of the group hold them. */
  readonly partitions_missing: readonly number[];
  /** topic -> partition -> the record applied last. */
  readonly records: LastRecords;
  readonly evaluated_at_ms: number;
  /** Whether the verdict asked a simulation too. */
  readonly simulated: boolean;
  /** Of the simulation's document; null: there was none. */
  readonly simulation_hash: string | null;
  /** Over all the rest: see evaluation/evidence.ts. */
  readonly hash: string;
  /** Decisions from since_ms to until_ms, and those that say nothing, by reason. */
  readonly decisions: number;
  readonly set_aside: Readonly<Partial<Record<SetAside | NotCompared, number>>>;
  /** Decisions by the policy that made them. */
  readonly decided_by: Readonly<Record<string, number>>;
  /** Share of them that the baseline made. */
  readonly baseline_share: number;
  /** How many candidates they had: the smallest number of the middle four fifths, the middle one, the largest. null: no decisions. */
  readonly candidates: Quantiles | null;
}

/**
 * Why a decision does not show what the baseline does now. Other settings: it was made at another epsilon than the one in effect, as a
 * process with other options makes it, or when reactions were worth something else.
 */
export type NotCompared = 'another policy decided' | 'made with other settings';

type LastRecords = Readonly<Record<string, Readonly<Record<string, AppliedRecord>>>>;

export interface LoggedOptions {
  readonly state: StateSource;
  readonly registry: Registry;
  readonly policy: PolicyDefinition;
  /** Live from the start, until a promote says otherwise. */
  readonly defaultPolicy: string;
  /** What holds where no control says otherwise. */
  readonly settings: PolicySettings;
  /** Of the evaluation; unless `untilMs` is given, decisions before it are judged. */
  readonly nowMs: number;
  /** Since the newest change of who is live or of settings, unless given. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly simulation?: SimulatedGain | undefined;
  readonly simulationHash?: string | undefined;
  readonly signal: AbortSignal;
  readonly onRow?: ((row: EvaluationRow) => void) | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

const DECISIONS_AT_ONCE = 500;

/** Throws no_data, state_mismatch, state_incomplete and the signal's reason. */
export async function evaluateLogged(question: LoggedOptions): Promise<LoggedEvaluation> {
  const { state, registry, policy, defaultPolicy, settings, nowMs, simulation, signal, onRow, onProgress } = question;
  const untilMs = question.untilMs ?? nowMs;
  const present = stateFiles(state, registry);
  const files = new Map<number, LoggedDecisions>();
  try {
    for (const [partition, path] of present.files) files.set(partition, new LoggedDecisions(path, registry.featureSet));
    const all = [...files.values()];
    const total = all.reduce((sum, file) => sum + file.count(), 0);
    const controls = all.flatMap((file) => file.controls());
    const terms = promotionTerms(controls, untilMs, policy, defaultPolicy, settings);
    const { baseline, exploration, lambda } = terms;
    const sinceMs = question.sinceMs ?? terms.changedAtMs;
    const inEffect = settingsAt(controls, untilMs, settings);
    /** What the baseline explores with at the time of a decision, under the settings that are in effect now. */
    const baselineEpsilon = ({ profile: { as_of_ms: requestedAtMs }, model: { updates } }: ScoredEvent): number =>
      policyNamed(baseline).fixedEpsilon ?? epsilonAt(inEffect, { controls, requestedAtMs, defaultPolicy, updates });
    const partsOf = partsByUser(controls, all, { policy, baseline: policyNamed(baseline), atMs: untilMs });
    const replay = new PolicyReplay({ policy, epsilon: exploration.epsilon, lambda, partsOf });
    const timeline = rewardTimeline(controls);
    const rules = rewardRulesIn(timeline, untilMs);
    const evaluator = new Evaluator(GATE_THRESHOLDS, rewardRange([rules]));
    const setAside: Partial<Record<SetAside | NotCompared, number>> = {};
    const decidedBy: Record<string, number> = {};
    const candidates = new Map<number, number>();
    let decisions = 0;
    let done = 0;
    for (const outcome of merged(all)) {
      const { event } = outcome;
      if (event.profile.as_of_ms >= untilMs) break;
      if (++done % DECISIONS_AT_ONCE === 0) {
        onProgress?.(done, total);
        await setImmediate();
        signal.throwIfAborted();
      }
      const learnedFrom = replay.next(recordedDecision(outcome));
      if (event.profile.as_of_ms < sinceMs) continue;
      decisions++;
      decidedBy[event.policy] = (decidedBy[event.policy] ?? 0) + 1;
      const row =
        event.policy !== baseline
          ? 'another policy decided'
          : event.epsilon !== baselineEpsilon(event) || !isDeepStrictEqual(rewardRulesIn(timeline, event.profile.as_of_ms), rules)
            ? 'made with other settings'
            : learnedFrom;
      if (typeof row === 'string') setAside[row] = (setAside[row] ?? 0) + 1;
      else {
        onRow?.(row);
        evaluator.add(row);
        candidates.set(event.ranking.length, (candidates.get(event.ranking.length) ?? 0) + 1);
      }
    }
    const middle = quantilesOf(candidates);
    const judged = evaluator.result({ simulation, compared: { baseline, exploration, candidates: middle } });
    const document = {
      policy: policy.name,
      policy_hash: policyHash(policy),
      vectors: vectorFingerprint(policy),
      feature_set: registry.featureSet,
      baseline,
      trained: terms.trained,
      sums: terms.sums,
      ...terms.exploration,
      salt: terms.salt,
      rewards: terms.rewards,
      lambda,
      since_ms: sinceMs,
      until_ms: untilMs,
      evaluated_at_ms: nowMs,
      simulated: simulation !== undefined,
      simulation_hash: question.simulationHash ?? null,
      positions: positionsOf(new Map([...files].map(([partition, file]) => [partition, file.positions()]))),
      partitions_missing: present.missing,
      records: lastRecords(files),
      decisions,
      set_aside: setAside,
      decided_by: decidedBy,
      baseline_share: decisions === 0 ? 0 : (decidedBy[baseline] ?? 0) / decisions,
      candidates: middle,
      ...judged,
    };
    return { ...document, hash: documentHash(document) };
  } finally {
    for (const file of files.values()) file.close();
  }
}

interface Promotion {
  readonly policy: PolicyDefinition;
  readonly baseline: PolicyDefinition;
  readonly atMs: number;
}

/** What each user's state is made of once the policy is promoted. Resets are not in it: they empty the learner on the way. */
function partsByUser(
  controls: readonly ControlEvent[],
  files: readonly LoggedDecisions[],
  { policy, baseline, atMs }: Promotion,
): (userId: string) => readonly StatePart[] {
  const training = trainingControl(policy, baseline, atMs);
  const then = training === null ? controls : [...controls, training];
  const own = new Map<string, ControlEvent[]>();
  for (const migration of files.flatMap((file) => file.migrationsOfUsers())) {
    const user = userOfControl(migration)!;
    own.set(user, [...(own.get(user) ?? []), migration]);
  }
  const shared = statePartsAt(then, atMs, policy.name);
  const ofUsers = new Map([...own].map(([user, controlsOfUser]) => [user, statePartsAt([...then, ...controlsOfUser], atMs, policy.name)]));
  return (userId) => ofUsers.get(userId) ?? shared;
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
