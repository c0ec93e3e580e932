/** Which policies are tried on one log, with which settings. */
import type { PolicyDefinition } from '../../policies/policy.js';

export interface Variant {
  readonly policy: PolicyDefinition;
  /** null: as each decision was made, or the policy has one of its own. */
  readonly epsilon: number | null;
  readonly lambda: number;
}

export interface Grid {
  readonly policies: readonly PolicyDefinition[];
  /** Absent: as each decision was made. */
  readonly epsilons?: readonly number[] | undefined;
  /** Absent: each policy's own. */
  readonly lambdas?: readonly number[] | undefined;
}

/**
 * Every policy with every epsilon and lambda, each once: a policy that chooses uniformly has neither, and one whose own epsilon is fixed
 * has that. `ownLambda`: of a policy with the prior that it starts from.
 */
export function variantsOf(
  { policies, epsilons, lambdas }: Grid,
  ownLambda: (policy: PolicyDefinition) => number = ({ hyperparameters: { lambda } }) => lambda,
): Variant[] {
  return policies.flatMap((policy) => {
    const isUniform = policy.fixedEpsilon === 1;
    const ownEpsilons = policy.fixedEpsilon === null ? (epsilons ?? [null]) : [null];
    const ownLambdas = isUniform ? [ownLambda(policy)] : (lambdas ?? [ownLambda(policy)]);
    return ownLambdas.flatMap((lambda) => ownEpsilons.map((epsilon) => ({ policy, epsilon, lambda })));
  });
}
