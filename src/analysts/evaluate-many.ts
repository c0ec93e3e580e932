/** Many policies and settings tried on the decisions that a data directory holds, in one pass. The service may run meanwhile. */
import { recordedDecision } from '../evaluation/logged-decision.js';
import { ManyComparison, type VariantReport } from '../evaluation/many/comparison.js';
import { variantsOf, type Grid, type Variant } from '../evaluation/many/variants.js';
import { VariantsReplay } from '../evaluation/many/variants-replay.js';
import { GATE_THRESHOLDS } from '../evaluation/thresholds.js';
import { baselineOf, newestChangeAt } from '../policies/controls/promotion-terms.js';
import { priorAt } from '../policies/controls/prior-settings.js';
import { rewardRange } from '../policies/controls/reward-rules.js';
import { rolloutAt } from '../policies/controls/rollout.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { policyNamed } from '../policies/registry.js';
import type { Positions } from '../store/queries/profiles.js';
import { LoggedWindow, type NotCompared, type WindowOptions } from './logged-window.js';

export interface ManyOptions extends WindowOptions {
  readonly grid: Grid;
  readonly withSegments: boolean;
}

export interface Many {
  /** How many are compared: m. Each is judged at alpha / m, so that all hold together at alpha. */
  readonly compared: number;
  readonly alpha: number;
  readonly correction: 'bonferroni';
  /** Best first. */
  readonly variants: readonly VariantReport[];
  /** The first of them that is better; null: none is surely better. */
  readonly best: Pick<VariantReport, 'policy' | 'epsilon' | 'lambda'> | null;
  /** It has been picked: `promote` wants a verdict about it alone, on decisions after the pick. */
  readonly evidence: false;
}

export interface LoggedMany extends Many {
  readonly baseline: string;
  /** In effect; what a variant without an epsilon explores with. */
  readonly epsilon: number;
  readonly since_ms: number;
  readonly until_ms: number;
  readonly evaluated_at_ms: number;
  readonly positions: Positions;
  readonly partitions_missing: readonly number[];
  /** From since_ms to until_ms, those that show nothing of the baseline, and by the policy that made them. */
  readonly decisions: number;
  readonly set_aside: Readonly<Partial<Record<NotCompared, number>>>;
  readonly decided_by: Readonly<Record<string, number>>;
  readonly baseline_share: number;
}

/** Throws no_data, state_mismatch, state_incomplete and the signal's reason. */
export async function evaluateMany(question: ManyOptions): Promise<LoggedMany> {
  const { grid, withSegments, defaultPolicy, settings, nowMs } = question;
  const window = new LoggedWindow(question);
  try {
    const { untilMs, controls, rules } = window;
    const { shares, settings: inEffect } = rolloutAt(controls, untilMs, defaultPolicy, settings);
    const baseline = policyNamed(baselineOf(shares, ''));
    const sinceMs = question.sinceMs ?? newestChangeAt(controls, untilMs, defaultPolicy, settings);
    const lambdaOf = (policy: PolicyDefinition): number => priorAt(controls, untilMs, policy)?.lambda ?? policy.hyperparameters.lambda;
    const variants = variantsOf(grid, lambdaOf);
    const replay = new VariantsReplay({
      variants,
      epsilon: inEffect.epsilon,
      priorOf: (policy) => window.priorOf(policy),
      partsOf: (policy) => window.partsOf(policy, baseline),
      withSegments,
    });
    const comparison = new ManyComparison(variants, GATE_THRESHOLDS, { withSegments, range: rewardRange([rules]) });
    const setAside: Partial<Record<NotCompared, number>> = {};
    const decidedBy: Record<string, number> = {};
    let decisions = 0;
    for await (const outcome of window.decisions()) {
      const { event } = outcome;
      const isIn = event.profile.as_of_ms >= sinceMs;
      const why = isIn ? window.whyNotCompared(event, baseline.name) : undefined;
      const rows = replay.next(recordedDecision(outcome), isIn && why === undefined);
      if (!isIn) continue;
      decisions++;
      decidedBy[event.policy] = (decidedBy[event.policy] ?? 0) + 1;
      if (why !== undefined) setAside[why] = (setAside[why] ?? 0) + 1;
      else comparison.add(rows);
    }
    const { positions, partitions_missing } = window.provenance();
    return {
      baseline: baseline.name,
      epsilon: baseline.fixedEpsilon ?? inEffect.epsilon,
      since_ms: sinceMs,
      until_ms: untilMs,
      evaluated_at_ms: nowMs,
      ...manyOf(comparison, variants),
      positions,
      partitions_missing,
      decisions,
      set_aside: setAside,
      decided_by: decidedBy,
      baseline_share: decisions === 0 ? 0 : (decidedBy[baseline.name] ?? 0) / decisions,
    };
  } finally {
    window.close();
  }
}

export function manyOf(comparison: ManyComparison, compared: readonly Variant[]): Many {
  const variants = comparison.reports();
  const best = variants.find(({ finding }) => finding === 'better');
  return {
    compared: compared.length,
    alpha: GATE_THRESHOLDS.alpha,
    correction: 'bonferroni',
    variants,
    best: best === undefined ? null : { policy: best.policy, epsilon: best.epsilon, lambda: best.lambda },
    evidence: false,
  };
}
