/** The evidence that `promote` is given, checked against what is here, and the state that it was about. */
import { TipstreamError } from '../../errors.js';
import { checkEvidence, parseEvidence, type Evidence } from '../../evaluation/evidence.js';
import { checkRolloutEvidence, isAboutRollout, parseRolloutEvidence } from '../../evaluation/rollout-verdict/evidence.js';
import { GATE_THRESHOLDS } from '../../evaluation/thresholds.js';
import type { PolicySettings } from '../../policies/controls/control.js';
import { migrationAt } from '../../policies/controls/migration.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { policyHash } from '../../policies/policy-hash.js';
import { promotionTerms, rolloutTerms, trainingControl } from '../../policies/controls/promotion-terms.js';
import type { StandingRollout } from '../../policies/controls/rollout.js';
import { DEFAULT_POLICY, policyNamed } from '../../policies/registry.js';
import { vectorFingerprint } from '../../policies/vector-fingerprint.js';
import type { ControlEvent } from '../../topics.js';
import type { ControlLog } from '../control-log.js';
import { readText } from '../input-file.js';
import { otherLog } from '../other-log.js';
import type { Output } from '../output/output.js';

export interface EvidenceQuestion {
  readonly path: string;
  readonly policy: PolicyDefinition;
  /** Of the features that state is folded with here. */
  readonly featureSet: string;
  /** Whether to go on without it where it does not allow the promotion. */
  readonly force: boolean;
  readonly control: ControlLog;
  readonly controls: readonly ControlEvent[];
  readonly settings: PolicySettings;
  /** The rollout that would be raised; undefined: the policy is live for nobody. */
  readonly raised: StandingRollout | undefined;
  readonly acceptedRisks: readonly string[];
  readonly effectiveAtMs: number;
  readonly nowMs: number;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What a promotion goes by: decisions that were logged, or the arms of the rollout that it raises. */
export interface UsedEvidence extends Pick<Evidence, 'hash' | 'evaluated_at_ms' | 'reasons' | 'trained' | 'baseline'> {
  /** Of a verdict on a rollout, whose policy goes on with the state that it has. */
  readonly rollout_id?: string;
}

/** undefined: it was refused, and the promotion is forced. Throws not_promotable, and invalid_argument for what is no evidence. */
export async function evidenceFrom(question: EvidenceQuestion): Promise<UsedEvidence | undefined> {
  const { path, policy, featureSet, force, control, controls, settings, acceptedRisks, effectiveAtMs, nowMs, output, signal } = question;
  const text = await readText(path, { signal });
  const about = { policy: policy.name, policyHash: policyHash(policy), vectors: vectorFingerprint(policy), featureSet };
  const usedBy = (hash: string) => controls.find((one) => one.type === 'promote' && hashIn(one.evidence) === hash)?.control_id;
  const document = rolloutDocument(text);
  let check: () => UsedEvidence;
  if (document === undefined) {
    const given = parseEvidence(text, path);
    const terms = promotionTerms(controls, effectiveAtMs, policy, DEFAULT_POLICY, settings);
    const stranger = await otherLog(control.log, given.records);
    const expected = { ...about, terms, usedBy: usedBy(given.hash), acceptedRisks, nowMs, otherLog: stranger };
    check = () => {
      checkEvidence(given, path, expected, GATE_THRESHOLDS);
      return given;
    };
  } else {
    const given = parseRolloutEvidence(document, path);
    const terms = rolloutTerms(controls, effectiveAtMs, policy, DEFAULT_POLICY, settings);
    const rolloutId = question.raised === undefined ? undefined : (question.raised.split ?? question.raised.promotes[0].control_id);
    const stranger = await otherLog(control.log, given.records);
    const raised = { rolloutId, reach: question.raised?.reach };
    const expected = {
      ...about,
      ...raised,
      terms,
      usedBy: usedBy(given.hash),
      acceptedRisks,
      nowMs,
      effectiveAtMs,
      otherLog: stranger,
    };
    check = () => {
      checkRolloutEvidence(given, path, expected);
      return { ...given, trained: false };
    };
  }
  try {
    return check();
  } catch (error) {
    if (!(error instanceof TipstreamError && error.code === 'not_promotable') || !force) throw error;
    output.note(`forced against the evidence: ${error.message}`);
    return undefined;
  }
}

/** undefined: it is something else. */
function rolloutDocument(text: string): Record<string, unknown> | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return isAboutRollout(document) ? document : undefined;
  } catch {
    return undefined; // said by whoever reads it as the other kind
  }
}

/** Anybody may write to the topic, so a control's evidence may be anything. */
function hashIn(evidence: unknown): unknown {
  return typeof evidence === 'object' && evidence !== null ? (evidence as { hash?: unknown }).hash : undefined;
}

/** The migrate that puts in effect the state that the evidence was about; null: it is in effect, or there is nothing to train. */
export function trainingFor(
  { trained, baseline }: UsedEvidence,
  policy: PolicyDefinition,
  controls: readonly ControlEvent[],
  { effectiveAtMs, controlId }: { readonly effectiveAtMs: number; readonly controlId: string },
): ControlEvent | null {
  if (!trained) return null;
  const standing = migrationAt(controls, effectiveAtMs, policy);
  if (standing?.trained === true && standing.from.name === baseline) return null;
  const training = trainingControl(policy, policyNamed(baseline), effectiveAtMs, controlId);
  return training === null ? null : { ...training, reason: `the state of ${policy.name} that was judged` };
}
