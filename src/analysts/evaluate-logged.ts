/** Evaluates a policy on the decisions that a data directory holds. Reads only; the service may run meanwhile. */
import { Evaluator, type Evaluation } from '../evaluation/evaluate.js';
import { vectorFingerprint } from '../policies/vector-fingerprint.js';
import { documentHash } from '../evaluation/evidence.js';
import type { SimulatedGain } from '../evaluation/gate.js';
import { recordedDecision } from '../evaluation/logged-decision.js';
import { PolicyReplay, type SetAside } from '../evaluation/policy-replay.js';
import { Pace } from '../evaluation/power/pace.js';
import type { EvaluationRow } from '../evaluation/row.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import { quantilesOf, type Quantiles } from '../evaluation/quantiles.js';
import { promotionTerms } from '../policies/controls/promotion-terms.js';
import { rewardRange, type RewardsDocument } from '../policies/controls/reward-rules.js';
import { policyNamed } from '../policies/registry.js';
import { policyHash } from '../policies/policy-hash.js';
import type { PolicyDefinition } from '../policies/policy.js';
import type { Positions } from '../store/queries/profiles.js';
import { LoggedWindow, type LastRecords, type NotCompared, type WindowOptions } from './logged-window.js';
import { inDays, VERDICT_RUNS, type PowerDays } from './power.js';

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
  /** control_id of the prior that the policy starts from; null: none. */
  readonly prior: string | null;
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
  /** How many decisions, and days as they come now, until the gate promotes a policy that is better by so much. */
  readonly power: readonly PowerDays[];
}

export interface LoggedOptions extends WindowOptions {
  readonly policy: PolicyDefinition;
  readonly simulation?: SimulatedGain | undefined;
  readonly simulationHash?: string | undefined;
  readonly onRow?: ((row: EvaluationRow) => void) | undefined;
}

/** Throws no_data, state_mismatch, state_incomplete and the signal's reason. */
export async function evaluateLogged(question: LoggedOptions): Promise<LoggedEvaluation> {
  const { registry, policy, defaultPolicy, settings, nowMs, simulation, onRow } = question;
  const window = new LoggedWindow(question);
  try {
    const { untilMs, rules } = window;
    const terms = promotionTerms(window.controls, untilMs, policy, defaultPolicy, settings);
    const { baseline, exploration, lambda } = terms;
    const sinceMs = question.sinceMs ?? terms.changedAtMs;
    const partsOf = window.partsOf(policy, policyNamed(baseline));
    const prior = window.priorOf(policy);
    const replay = new PolicyReplay({ policy, epsilon: exploration.epsilon, lambda, priorMean: prior?.theta, partsOf });
    const evaluator = new Evaluator(GATE_THRESHOLDS, rewardRange([rules]));
    const pace = new Pace();
    const setAside: Partial<Record<SetAside | NotCompared, number>> = {};
    const decidedBy: Record<string, number> = {};
    const candidates = new Map<number, number>();
    let decisions = 0;
    for await (const outcome of window.decisions()) {
      const { event } = outcome;
      const learnedFrom = replay.next(recordedDecision(outcome));
      if (event.profile.as_of_ms < sinceMs) continue;
      decisions++;
      decidedBy[event.policy] = (decidedBy[event.policy] ?? 0) + 1;
      const isBeforePrior = event.profile.as_of_ms < (prior?.sinceMs ?? 0);
      const row = window.whyNotCompared(event, baseline) ?? (isBeforePrior ? 'before its prior' : learnedFrom);
      if (typeof row === 'string') setAside[row] = (setAside[row] ?? 0) + 1;
      else {
        onRow?.(row);
        evaluator.add(row);
        pace.add(event.profile.as_of_ms);
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
      prior: terms.prior,
      since_ms: sinceMs,
      until_ms: untilMs,
      evaluated_at_ms: nowMs,
      simulated: simulation !== undefined,
      simulation_hash: question.simulationHash ?? null,
      ...window.provenance(),
      decisions,
      set_aside: setAside,
      decided_by: decidedBy,
      baseline_share: decisions === 0 ? 0 : (decidedBy[baseline] ?? 0) / decisions,
      candidates: middle,
      ...judged,
      power: inDays(evaluator.power(VERDICT_RUNS), pace),
    };
    return { ...document, hash: documentHash(document) };
  } finally {
    window.close();
  }
}
