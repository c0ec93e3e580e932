/**
 * What many policies would have done on the same decisions, in one pass. Variants of a policy learn the same, so they share its sums: what
 * they have apart is the solution, one a lambda, and the probabilities.
 */
import { epsilonGreedy } from '../../policies/egreedy.js';
import { posterior } from '../../policies/ridge.js';
import { scoreOf } from '../../policies/score.js';
import type { LoggedDecision } from '../logged-decision.js';
import { PolicyLearner, possibleWeights, type Met, type PartsOf, type SetAside } from '../policy-learner.js';
import type { EvaluationRow } from '../row.js';
import type { Variant } from './variants.js';

export interface VariantsReplayOptions {
  readonly variants: readonly Variant[];
  /** Of decisions that do not say what they were made with. */
  readonly epsilon: number;
  /** What a policy starts from, and since when, Unix ms: it has learned from decisions before. Absent: from nothing. */
  readonly priorOf?: (policy: Variant['policy']) => Prior | null;
  /** Of a policy; undefined: everybody's decisions, as of a file. */
  readonly partsOf?: (policy: Variant['policy']) => PartsOf;
  /** Whether rows name the segments of their decisions, which takes time. */
  readonly withSegments: boolean;
}

interface Prior {
  readonly theta: readonly number[];
  readonly sinceMs: number;
}

/** Why a decision says nothing about a variant. */
export type VariantAside = SetAside | 'before its prior';

interface Family {
  readonly prior: Prior | null;
  readonly policy: Variant['policy'];
  readonly learner: PolicyLearner;
  readonly byLambda: readonly {
    readonly lambda: number;
    readonly members: readonly { readonly at: number; readonly epsilon: number | null }[];
  }[];
}

export class VariantsReplay {
  readonly #families: readonly Family[];
  readonly #options: VariantsReplayOptions;

  constructor(options: VariantsReplayOptions) {
    this.#options = options;
    const { variants, partsOf } = options;
    this.#families = [...new Set(variants.map(({ policy }) => policy))].map((policy) => {
      const own = variants.flatMap((variant, at) => (variant.policy === policy ? [{ ...variant, at }] : []));
      const byLambda = [...new Set(own.map(({ lambda }) => lambda))].map((lambda) => ({
        lambda,
        members: own.filter((variant) => variant.lambda === lambda).map(({ at, epsilon }) => ({ at, epsilon })),
      }));
      return { policy, prior: options.priorOf?.(policy) ?? null, learner: new PolicyLearner(policy, partsOf?.(policy)), byLambda };
    });
  }

  /** One a variant, in their order. `judge`: whether its row is wanted; it is learned from all the same. */
  next(decision: LoggedDecision, judge: boolean): (EvaluationRow | VariantAside)[] {
    const rows: (EvaluationRow | VariantAside)[] = [];
    for (const family of this.#families) {
      const met = family.learner.next(decision);
      if (!judge) continue;
      for (const { lambda, members } of family.byLambda) {
        const isBefore = decision.requestedAtMs < (family.prior?.sinceMs ?? 0);
        if (isBefore) for (const { at } of members) rows[at] = 'before its prior';
        else if (met === undefined || met.flaw !== null) for (const { at } of members) rows[at] = met?.flaw ?? 'no vectors';
        else this.#judge(decision, family, met, lambda, members, rows);
      }
    }
    return rows;
  }

  #judge(
    decision: LoggedDecision,
    { policy, prior }: Family,
    met: Met,
    lambda: number,
    members: Family['byLambda'][number]['members'],
    rows: (EvaluationRow | VariantAside)[],
  ): void {
    const { tipIds, vectors, state, served, loggedPropensity } = met;
    const known = posterior(state, lambda, prior?.theta ?? null);
    const scores = tipIds.map((tipId) => scoreOf(policy, known, vectors.get(tipId)!));
    const segments = this.#options.withSegments ? decision.segments(met.firstAtMs) : {};
    for (const { at, epsilon } of members) {
      const { propensities } = epsilonGreedy(scores, policy.fixedEpsilon ?? epsilon ?? decision.epsilon ?? this.#options.epsilon);
      const weights = possibleWeights(propensities, tipIds, decision.propensities);
      rows[at] =
        weights === undefined
          ? 'no exploration'
          : {
              decisionId: decision.decisionId,
              reward: decision.reward,
              loggedPropensity,
              newPropensity: propensities[tipIds.indexOf(served)]!,
              weights,
              expected: null,
              segments,
            };
    }
  }
}
