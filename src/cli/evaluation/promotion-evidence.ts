/** The evidence that `promote` is given, checked against what is here, and the state that it was about. */
import { TipstreamError } from '../../errors.js';
import { checkEvidence, parseEvidence, type Evidence } from '../../evaluation/evidence.js';
import { GATE_THRESHOLDS } from '../../evaluation/thresholds.js';
import type { PolicySettings } from '../../policies/controls/control.js';
import { migrationAt } from '../../policies/controls/migration.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { policyHash } from '../../policies/policy-hash.js';
import { promotionTerms, trainingControl } from '../../policies/controls/promotion-terms.js';
import { DEFAULT_POLICY, policyNamed } from '../../policies/registry.js';
import { vectorFingerprint } from '../../policies/vector-fingerprint.js';
import { defaultRegistry } from '../../projections/registry.js';
import type { ControlEvent } from '../../topics.js';
import type { ControlLog } from '../control-log.js';
import { readText } from '../input-file.js';
import { otherLog } from '../other-log.js';
import type { Output } from '../output/output.js';

export interface EvidenceQuestion {
  readonly path: string;
  readonly policy: PolicyDefinition;
  /** Whether to go on without it where it does not allow the promotion. */
  readonly force: boolean;
  readonly control: ControlLog;
  readonly controls: readonly ControlEvent[];
  readonly settings: PolicySettings;
  readonly acceptedRisks: readonly string[];
  readonly effectiveAtMs: number;
  readonly nowMs: number;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** undefined: it was refused, and the promotion is forced. Throws not_promotable, and invalid_argument for what is no evidence. */
export async function evidenceFrom(question: EvidenceQuestion): Promise<Evidence | undefined> {
  const { path, policy, force, control, controls, settings, acceptedRisks, effectiveAtMs, nowMs, output, signal } = question;
  const given = parseEvidence(await readText(path, { signal }), path);
  const expected = {
    policy: policy.name,
    policyHash: policyHash(policy),
    vectors: vectorFingerprint(policy),
    featureSet: defaultRegistry.featureSet,
    terms: promotionTerms(controls, effectiveAtMs, policy, DEFAULT_POLICY, settings),
    usedBy: controls.find((one) => one.type === 'promote' && hashIn(one.evidence) === given.hash)?.control_id,
    acceptedRisks,
    nowMs,
    otherLog: await otherLog(control.log, given.records),
  };
  try {
    checkEvidence(given, path, expected, GATE_THRESHOLDS);
    return given;
  } catch (error) {
    if (!(error instanceof TipstreamError && error.code === 'not_promotable') || !force) throw error;
    output.note(`forced against the evidence: ${error.message}`);
    return undefined;
  }
}

/** Anybody may write to the topic, so a control's evidence may be anything. */
function hashIn(evidence: unknown): unknown {
  return typeof evidence === 'object' && evidence !== null ? (evidence as { hash?: unknown }).hash : undefined;
}

/** The migrate that puts in effect the state that the evidence was about; null: it is in effect, or there is nothing to train. */
export function trainingFor(
  { trained, baseline }: Evidence,
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
