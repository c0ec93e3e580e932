/** What a simulation's document says of a policy, for the gate. */
import { z } from 'zod';
import { documentHash } from '../../evaluation/evidence.js';
import type { SimulatedGain } from '../../evaluation/gate.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { policyHash } from '../../policies/policy-hash.js';
import { POLICIES } from '../../policies/registry.js';
import { isObject, readJson } from '../input-file.js';

const count = z.number();
const simulatedSchema = z.object({
  low: count,
  high: count,
  users: count,
  epsilon: count,
  epsilon_min: count.nullable(),
  epsilon_decay: count.nullable(),
  candidates: count,
});

/**
 * Reward per decision of `policy` less that of the first policy simulated. Throws invalid_argument for a file that does not say it, or
 * says it of another definition.
 */
export async function simulatedGain(
  path: string,
  policy: PolicyDefinition,
  signal: AbortSignal,
): Promise<{ readonly gain: SimulatedGain; readonly hash: string }> {
  const { json, wrong } = await readJson(path, { hint: `Make it with \`tipstream simulate --json > ${path}\`.`, signal });
  const comparisons: unknown[] = isObject(json) && Array.isArray(json.comparisons) ? json.comparisons : [];
  const { low, high, against } = comparisons.filter(isObject).find((one) => one.policy === policy.name && one.persona === 'all') ?? {};
  const { policy_hashes: hashes, ...of } = isObject(json) ? json : {};
  const found = simulatedSchema.safeParse({ ...of, low, high });
  if (typeof against !== 'string' || !found.success) throw wrong(`has no comparison of ${policy.name}`);
  const first = POLICIES.find(({ name }) => name === against);
  if (first === undefined) throw wrong(`compares with ${against}: name a policy alone as the first of --policies`);
  for (const one of [policy, first])
    if (!isObject(hashes) || hashes[one.name] !== policyHash(one)) throw wrong(`is about another definition of ${one.name}`);
  return { gain: { against, ...found.data }, hash: documentHash(json as Record<string, unknown>) };
}
