/** A verdict on a rollout as `promote` accepts it: of the rollout that is to be raised, as it is now, fresh, and as it was printed. */
import { z } from 'zod';
import { TipstreamError } from '../../errors.js';
import type { PromotionTerms } from '../../policies/controls/promotion-terms.js';
import { documentHash, isSame, verdictSchema, whyOtherSettings } from '../evidence.js';
import { ROLLOUT_VERDICT_THRESHOLDS } from './thresholds.js';

const schema = verdictSchema.extend({ rollout_id: z.string(), percent: z.number(), next_look_ms: z.int().nullable() });

export interface RolloutEvidence extends z.output<typeof schema> {
  /** What `hash` is, unless the document was altered. */
  readonly actualHash: string;
}

export interface ExpectedRollout {
  readonly policy: string;
  readonly policyHash: string;
  readonly vectors: string;
  readonly featureSet: string;
  /** That of the policy that stands; undefined: none does. */
  readonly rolloutId: string | undefined;
  /** Percent of the users that it covers. */
  readonly reach: number | undefined;
  /** When the promotion takes effect: see `rolloutTerms`. */
  readonly terms: PromotionTerms;
  /** control_id of the promote that this evidence has been used for; undefined: none. */
  readonly usedBy: string | undefined;
  /** The verdict's risks that somebody accepts, as dimension=segment. */
  readonly acceptedRisks: readonly string[];
  readonly nowMs: number;
  /** Of the promotion, Unix ms. */
  readonly effectiveAtMs: number;
  /** Where the log holds other records than the evidence was made from, in words; undefined: nowhere. */
  readonly otherLog: string | undefined;
}

/** Whether somebody meant it to be one. */
export function isAboutRollout(document: unknown): document is Record<string, unknown> {
  return typeof document === 'object' && document !== null && 'rollout_id' in document;
}

/** Throws invalid_argument for what is none. */
export function parseRolloutEvidence(document: Record<string, unknown>, file: string): RolloutEvidence {
  const parsed = schema.safeParse(document);
  if (parsed.success) return { ...parsed.data, actualHash: documentHash(document) };
  throw new TipstreamError('invalid_argument', `${file} is not what \`tipstream evaluate --rollout --json\` prints`, {
    hint: 'Give the whole document.',
    cause: parsed.error,
  });
}

/** Throws not_promotable saying what is missing in `evidence`, which was read from `file`. */
export function checkRolloutEvidence(evidence: RolloutEvidence, file: string, expected: ExpectedRollout): void {
  const again = `Run \`tipstream evaluate --rollout --json > ${file}\` again.`;
  const refuse = (why: string, hint = again): never => {
    throw new TipstreamError('not_promotable', `${file} does not allow promoting ${expected.policy}: ${why}`, {
      hint: `${hint} Or promote with --force and a --reason, which is recorded.`,
    });
  };
  const { rollout_id: id, risks } = evidence;
  if (evidence.hash !== evidence.actualHash) refuse('it is not as it was printed');
  if (evidence.policy !== expected.policy) refuse(`it is about ${evidence.policy}`);
  if (expected.rolloutId === undefined) refuse(`it is about the rollout ${id}, and ${expected.policy} is live for nobody`);
  if (id !== expected.rolloutId) refuse(`it is about the rollout ${id}, and ${expected.rolloutId} is the one to be raised`);
  if (evidence.percent !== expected.reach) refuse(`it judges ${evidence.percent} percent of the users, and ${expected.reach} are covered`);
  if (evidence.policy_hash !== expected.policyHash || evidence.vectors !== expected.vectors) refuse('the policy has changed since');
  if (evidence.feature_set !== expected.featureSet) refuse('the features have changed since');
  const other = whyOtherTerms(evidence, expected.terms);
  if (other !== undefined) refuse(other);
  if (!isSame(evidence.thresholds, ROLLOUT_VERDICT_THRESHOLDS)) refuse('the thresholds of verdicts on rollouts have changed since');
  const stranger = expected.acceptedRisks.find((risk) => !risks.includes(risk));
  if (stranger !== undefined) refuse(`${stranger} is none of its risks: ${risks.join(', ') || 'there are none'}`);
  const open = risks.filter((risk) => !expected.acceptedRisks.includes(risk));
  if (evidence.verdict !== 'PROMOTE' && (evidence.verdict_with_risks !== 'PROMOTE' || open.length > 0))
    refuse(`its verdict is ${evidence.verdict}: ${evidence.reasons.join('; ')}`, whatToDo(evidence, open));
  const { nowMs } = expected;
  const { max_verdict_age_ms: oldest } = ROLLOUT_VERDICT_THRESHOLDS;
  const ageMs = nowMs - evidence.evaluated_at_ms;
  if (ageMs < 0) refuse(`it says that it was made ${Math.ceil(-ageMs / 60_000)} minutes from now: the clocks differ`);
  if (ageMs > oldest) refuse(`it is ${Math.floor(ageMs / 3_600_000)} hours old, and may be ${Math.floor(oldest / 3_600_000)}`);
  if (evidence.next_look_ms !== null && expected.effectiveAtMs >= evidence.next_look_ms)
    refuse(
      `another look at the rollout is due at ${new Date(evidence.next_look_ms).toISOString()}`,
      `${again} It takes that look once events have come so far.`,
    );
  if (expected.otherLog !== undefined) refuse(`it was made from another log: ${expected.otherLog}`);
  if (expected.usedBy !== undefined) refuse(`${expected.usedBy} was promoted with it: a verdict is used once`);
}

function whatToDo({ verdict_with_risks: otherwise }: RolloutEvidence, risks: readonly string[]): string {
  if (otherwise !== 'PROMOTE') return 'Wait for the next look, or for more users.';
  return `Wait for more users, or accept what may happen: ${risks.map((risk) => `--accept-risk '${risk}'`).join(' ')} --reason TEXT.`;
}

/** Where what goes on, or what it was compared with, is not what was judged. */
function whyOtherTerms(evidence: RolloutEvidence, terms: PromotionTerms): string | undefined {
  if (evidence.baseline !== terms.baseline) return `it compares with ${evidence.baseline}, and ${terms.baseline} decides for the others`;
  const other = whyOtherSettings(evidence, terms, 'go on');
  if (other !== undefined) return other;
  if (!isSame(evidence.sums, terms.sums))
    return `it judges a policy that goes on with ${evidence.sums.join(' + ')}, and it would go on with ${terms.sums.join(' + ')}`;
  if (evidence.since_ms < terms.changedAtMs)
    return (
      `it compares decisions since ${new Date(evidence.since_ms).toISOString()}, and who is live, the settings, a prior or a ` +
      `migration have changed at ${new Date(terms.changedAtMs).toISOString()}`
    );
  return undefined;
}
