/** A verdict as `promote` accepts it: of this policy, of these definitions, of this log, fresh, and as it was printed. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import { compareCodePoints } from '../events/strings.js';
import { explorationWords, type PromotionTerms } from '../policies/controls/promotion-terms.js';
import type { GateThresholds } from './thresholds.js';

/** topic -> partition -> value. */
const byPartition = <Value extends z.ZodType>(value: Value) => z.record(z.string(), z.record(z.string(), value));
const verdict = z.enum(['PROMOTE', 'HOLD', 'UNEVALUABLE']);
/** What a verdict is about and what it says, whether it goes by logged decisions or by a rollout. */
export const verdictSchema = z.object({
  policy: z.string(),
  policy_hash: z.string(),
  vectors: z.string(),
  feature_set: z.string(),
  baseline: z.string(),
  sums: z.array(z.string()),
  epsilon: z.number(),
  epsilon_min: z.number().nullable(),
  epsilon_decay: z.number().nullable(),
  salt: z.string(),
  rewards: z.record(z.string(), z.number()),
  lambda: z.number(),
  prior: z.string().nullable(),
  since_ms: z.int(),
  /** The records applied last: another log has others there, however long it is. */
  records: byPartition(z.object({ offset: z.int().min(0), hash: z.string() })),
  evaluated_at_ms: z.int(),
  verdict,
  reasons: z.array(z.string()),
  risks: z.array(z.string()),
  verdict_with_risks: verdict,
  thresholds: z.record(z.string(), z.number()),
  hash: z.string(),
});
const evidenceSchema = verdictSchema.extend({
  trained: z.boolean(),
  /** Earlier versions knew none. */
  prior: z.string().nullable().default(null),
  until_ms: z.int(),
  positions: byPartition(z.int().min(0)),
  simulated: z.boolean(),
  simulation: z
    .object({ against: z.string(), epsilon: z.number(), epsilon_min: z.number().nullable(), epsilon_decay: z.number().nullable() })
    .nullable(),
});

export type Evidence = z.output<typeof evidenceSchema>;

export interface GivenEvidence extends Evidence {
  /** What `hash` is, unless the document was altered. */
  readonly actualHash: string;
}

/** Of everything in a document but its own `hash`, in whatever order and layout: 64 hex digits. */
export function documentHash(document: Readonly<Record<string, unknown>>): string {
  const { hash: _, ...rest } = document;
  return createHash('sha256')
    .update(canonical(JSON.parse(JSON.stringify(rest))))
    .digest('hex');
}

/** Whether two values are the same as JSON, in whatever order their members are. */
export function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  return `{${Object.entries(value)
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
    .join()}}`;
}

export interface Expected {
  readonly policy: string;
  readonly policyHash: string;
  /** vectorFingerprint of the policy. */
  readonly vectors: string;
  readonly featureSet: string;
  /** When the promotion takes effect. */
  readonly terms: PromotionTerms;
  /** control_id of the promote that this evidence has been used for; undefined: none. */
  readonly usedBy: string | undefined;
  /** The verdict's risks that somebody accepts, as dimension=segment. */
  readonly acceptedRisks: readonly string[];
  readonly nowMs: number;
  /** Where the log holds other records than the evidence was made from, in words; undefined: nowhere. */
  readonly otherLog: string | undefined;
}

/** Throws not_promotable saying what is missing in `evidence`, which was read from `file`. */
export function checkEvidence(evidence: GivenEvidence, file: string, expected: Expected, thresholds: GateThresholds): void {
  const refuse = (
    why: string,
    hint = `Run \`tipstream evaluate --policy ${expected.policy} --simulation FILE --json > ${file}\` again.`,
  ): never => {
    throw new TipstreamError('not_promotable', `${file} does not allow promoting ${expected.policy}: ${why}`, {
      hint: `${hint} Or promote with --force and a --reason, which is recorded.`,
    });
  };
  if (evidence.hash !== evidence.actualHash) refuse('it is not as it was printed');
  if (evidence.policy !== expected.policy) refuse(`it is about ${evidence.policy}`);
  if (evidence.policy_hash !== expected.policyHash || evidence.vectors !== expected.vectors) refuse('the policy has changed since');
  if (evidence.feature_set !== expected.featureSet) refuse('the features have changed since');
  const other = whyOtherTerms(evidence, expected.terms);
  if (other !== undefined) refuse(other);
  if (!isSame(evidence.thresholds, thresholds)) refuse('the thresholds of the gate have changed since');
  const stranger = expected.acceptedRisks.find((risk) => !evidence.risks.includes(risk));
  if (stranger !== undefined) refuse(`${stranger} is none of its risks: ${evidence.risks.join(', ') || 'there are none'}`);
  const open = evidence.risks.filter((risk) => !expected.acceptedRisks.includes(risk));
  if (evidence.verdict !== 'PROMOTE' && (evidence.verdict_with_risks !== 'PROMOTE' || open.length > 0))
    refuse(`its verdict is ${evidence.verdict}: ${evidence.reasons.join('; ')}`, whatToDo(evidence, open));
  if (!evidence.simulated)
    refuse(
      'it was made without a simulation',
      'Make one: `tipstream simulate --json > simulation.json`, then `tipstream evaluate --policy ' +
        `${expected.policy} --simulation simulation.json --json > ${file}\`.`,
    );
  const ageMs = expected.nowMs - evidence.evaluated_at_ms;
  if (ageMs < 0) refuse(`it says that it was made ${minutes(-ageMs)} minutes from now: the clocks differ`);
  if (ageMs > thresholds.max_verdict_age_ms)
    refuse(`it is ${Math.floor(ageMs / 3_600_000)} hours old, and may be ${Math.floor(thresholds.max_verdict_age_ms / 3_600_000)}`);
  if (expected.nowMs - evidence.until_ms > thresholds.max_verdict_age_ms)
    refuse(`it judges decisions up to ${new Date(evidence.until_ms).toISOString()} only`);
  if (expected.otherLog !== undefined) refuse(`it was made from another log: ${expected.otherLog}`);
  if (expected.usedBy !== undefined)
    refuse(
      `${expected.usedBy} was promoted with it: a verdict is used once`,
      `For the next step, run \`tipstream evaluate --policy ${expected.policy} --simulation FILE --json > ${file}\` again.`,
    );
}

function whatToDo({ verdict_with_risks: otherwise }: Evidence, risks: readonly string[]): string {
  if (otherwise !== 'PROMOTE') return 'Wait for more decisions.';
  return `Wait for more decisions, or accept what may happen: ${risks.map((risk) => `--accept-risk ${risk}`).join(' ')} --reason TEXT.`;
}

/** Where what would go live now, or what is live, is not what was judged. */
function whyOtherTerms(evidence: Evidence, terms: PromotionTerms): string | undefined {
  const { baseline, trained, sums, simulation } = evidence;
  if (baseline !== terms.baseline) return `it compares with ${baseline}, and ${terms.baseline} is live`;
  const other = whyOtherSettings(evidence, terms, 'start');
  if (other !== undefined) return other;
  if (trained !== terms.trained || !isSame(sums, terms.sums))
    return `it judges a policy that starts from ${sums.join(' + ')}, and it would start from ${terms.sums.join(' + ')}`;
  if (evidence.since_ms < terms.changedAtMs)
    return (
      `it judges decisions since ${new Date(evidence.since_ms).toISOString()}, and who is live, the settings, a prior or a migration ` +
      `changed at ${new Date(terms.changedAtMs).toISOString()}`
    );
  if (simulation === null) return undefined;
  const [simulated, now] = [explorationWords(simulation), explorationWords(terms.exploration)];
  if (simulation.against !== terms.baseline || simulated !== now)
    return `its simulation compares with ${simulation.against} at epsilon ${simulated}, and ${terms.baseline} is live at epsilon ${now}`;
  return undefined;
}

/** Where other settings are in effect than those judged. `begins`: how the policy would, with its prior or without one. */
export function whyOtherSettings(
  { salt, rewards, lambda, prior, ...exploration }: z.output<typeof verdictSchema>,
  terms: PromotionTerms,
  begins: 'start' | 'go on',
): string | undefined {
  const [judged, now] = [explorationWords(exploration), explorationWords(terms.exploration)];
  if (judged !== now) return `it was made for epsilon ${judged}, and ${now} is in effect`;
  if (salt !== terms.salt) return `it was made for the salt ${JSON.stringify(salt)}, and ${JSON.stringify(terms.salt)} is in effect`;
  if (!isSame(rewards, terms.rewards)) return 'reactions are worth something else since';
  if (prior !== terms.prior) return `it judges the policy ${priorWords(prior)}, and it would ${begins} ${priorWords(terms.prior)}`;
  if (lambda !== terms.lambda) return `it was made for lambda ${lambda}, and ${terms.lambda} is in effect`;
  return undefined;
}

/** `with the prior c1` */
const priorWords = (prior: string | null): string => (prior === null ? 'without a prior' : `with the prior ${prior}`);
const minutes = (ms: number): number => Math.ceil(ms / 60_000);

/** The evidence in `text`. Throws invalid_argument for what is none. */
export function parseEvidence(text: string, file: string): GivenEvidence {
  try {
    const document: unknown = JSON.parse(text);
    return { ...evidenceSchema.parse(document), actualHash: documentHash(document as Record<string, unknown>) };
  } catch (error) {
    throw new TipstreamError('invalid_argument', `${file} is not what \`tipstream evaluate --policy NAME --json\` prints`, {
      hint: 'Give the whole document.',
      cause: error,
    });
  }
}
