/** A verdict as `promote` accepts it: of this policy, of these definitions, of this log, fresh, and as it was printed. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import type { GateThresholds } from './thresholds.js';

const positionsSchema = z.record(z.string(), z.record(z.string(), z.int().min(0)));
const evidenceSchema = z.object({
  policy: z.string(), policy_hash: z.string(), feature_set: z.string(), positions: positionsSchema, evaluated_at_ms: z.int(), verdict: z.enum(['PROMOTE', 'HOLD', 'UNEVALUABLE']),
  reasons: z.array(z.string()), simulated: z.boolean(), hash: z.string(),
});

export type Evidence = z.output<typeof evidenceSchema>;
type Signed = Omit<Evidence, 'hash' | 'reasons'>;

/** Of what the verdict depends on: an altered document does not have it. 64 hex digits. */
export function evidenceHash({ policy, policy_hash, feature_set, positions, evaluated_at_ms, verdict, simulated }: Signed): string {
  const sorted = Object.entries(positions).sort().map(([topic, offsets]) => [topic, Object.entries(offsets).sort()]);
  return createHash('sha256').update(JSON.stringify([policy, policy_hash, feature_set, sorted, evaluated_at_ms, verdict, simulated])).digest('hex');
}

export interface Expected {
  readonly policy: string;
  readonly policyHash: string;
  readonly featureSet: string;
  readonly nowMs: number;
  /** topic -> partition -> the log's end */
  readonly ends: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Throws not_promotable saying what is missing in `evidence`, which was read from `file`. */
export function checkEvidence(evidence: Evidence, file: string, expected: Expected, thresholds: GateThresholds): void {
  const refuse = (why: string, hint = `run \`tipstream evaluate --policy ${expected.policy} --simulation FILE --json > ${file}\` again`): never => {
    throw new TipstreamError('not_promotable', `${file} does not allow promoting ${expected.policy}: ${why}`, { hint: `${hint}; or promote with --force --reason TEXT, which is recorded` });
  };
  if (evidence.hash !== evidenceHash(evidence)) refuse('it is not as it was printed');
  if (evidence.policy !== expected.policy) refuse(`it is about ${evidence.policy}`);
  if (evidence.policy_hash !== expected.policyHash) refuse('the policy has changed since');
  if (evidence.feature_set !== expected.featureSet) refuse('the features have changed since');
  if (evidence.verdict !== 'PROMOTE') refuse(`its verdict is ${evidence.verdict}: ${evidence.reasons.join('; ')}`, 'wait for more decisions');
  if (!evidence.simulated) refuse('it was made without a simulation', `make one: tipstream simulate --json > simulation.json, then tipstream evaluate --policy ${expected.policy} --simulation simulation.json --json > ${file}`);
  const ageMs = expected.nowMs - evidence.evaluated_at_ms;
  if (ageMs > thresholds.max_verdict_age_ms || ageMs < 0) refuse(`it is ${Math.round(ageMs / 3_600_000)} hours old, and may be ${Math.round(thresholds.max_verdict_age_ms / 3_600_000)}`);
  for (const [topic, offsets] of Object.entries(evidence.positions)) {
    for (const [partition, next] of Object.entries(offsets)) if (next > (expected.ends[topic]?.[partition] ?? 0)) refuse(`it was made from another log: ${topic} partition ${partition} ends before offset ${next} here`);
  }
}

/** The evidence in `text`. Throws invalid_argument for what is none. */
export function parseEvidence(text: string, file: string): Evidence {
  try {
    return evidenceSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new TipstreamError('invalid_argument', `${file} is not what \`tipstream evaluate --policy NAME --json\` prints`, { hint: 'give the whole document', cause: error });
  }
}
