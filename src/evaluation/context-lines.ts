/**
 * Logged decisions with their contexts: what a policy would have done with them is computed here, where rows (row-lines.ts) bring it
 * along. A line is what tip.candidates asks, with each candidate's propensity, and what came of it.
 */
import { z } from 'zod';
import { localHour } from '../policies/local-time.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { givenProfileSchema } from '../projections/given-profile.js';
import { MAX_CANDIDATES } from '../topics.js';
import { candidateSchema, candidatesSchema } from '../topic-schemas.js';
import type { LineKind } from './decision-lines.js';
import type { LoggedDecision } from './logged-decision.js';
import { segmentsOf } from './segment-of.js';

/** How far propensities may be from adding up to 1. */
const ROUNDING = 1e-6;
const tipId = candidateSchema.shape.tip_id;
const timeMs = candidatesSchema.shape.requested_at_ms;

const contextSchema = candidatesSchema
  .extend({
    candidates: z
      .array(candidateSchema.extend({ propensity: z.number().min(0).max(1) }))
      .min(1)
      .max(MAX_CANDIDATES),
    profile_features: givenProfileSchema.nullish(),
    chosen_tip_id: tipId,
    served_tip_id: tipId.nullish(),
    reward: z.number().min(0).max(1).nullish(),
    reacted_at_ms: timeMs.nullish(),
    segments: z.record(z.string(), z.string()).nullish(),
  })
  .superRefine(({ candidates, chosen_tip_id: chosen, served_tip_id: served }, context) => {
    const wrong = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    const propensities = new Map(candidates.map(({ tip_id, propensity }) => [tip_id, propensity]));
    const total = candidates.reduce((sum, { propensity }) => sum + propensity, 0);
    if (propensities.size < candidates.length) wrong('candidates', 'tip_ids must be distinct');
    else if (Math.abs(total - 1) > ROUNDING) wrong('candidates', `propensities must add up to 1, not ${total}`);
    else if (!propensities.has(chosen)) wrong('chosen_tip_id', 'must be one of the candidates');
    else if (propensities.get(chosen) === 0)
      wrong('chosen_tip_id', 'must have a propensity above 0: what the logged policy never does cannot have been logged');
    else if (served != null && !propensities.has(served)) wrong('served_tip_id', 'must be one of the candidates');
  });

type ContextLine = z.output<typeof contextSchema>;

export const CONTEXT_LINES: LineKind = {
  schema: contextSchema.transform((line) => ({ identity: `${line.user_id} ${line.decision_id}`, decision: decisionOf(line) })),
  hint:
    'Each line is {"decision_id", "user_id", "requested_at_ms", "candidates": [{"tip_id", "is_overdue", "task_age_days", ' +
    '"priority", "propensity"}], "chosen_tip_id", "reward": 0 to 1 or null}, and may have "profile_features", ' +
    '"utc_offset_min", "served_tip_id" and "reacted_at_ms".',
};

/** Whether a line is of this kind, rather than a row. */
export function hasContext(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'candidates' in json;
}

/** What was served is what was chosen, unless the line says otherwise. */
function decisionOf(line: ContextLine): LoggedDecision {
  const {
    requested_at_ms: requestedAtMs,
    candidates,
    profile_features,
    utc_offset_min,
    chosen_tip_id: chosenTipId,
    reward,
    reacted_at_ms,
    segments,
  } = line;
  const profile = profile_features ?? {};
  const utcOffsetMin = utc_offset_min ?? 0;
  const servedTipId = line.served_tip_id ?? chosenTipId;
  const category = candidates.find(({ tip_id }) => tip_id === servedTipId)?.category ?? null;
  return {
    decisionId: line.decision_id,
    userId: line.user_id,
    requestedAtMs,
    chosenTipId,
    servedTipId,
    reward: reward ?? null,
    reactedAtMs: reacted_at_ms ?? null,
    resetAtMs: null,
    epsilon: null,
    propensities: new Map(candidates.map(({ tip_id, propensity }) => [tip_id, propensity])),
    vectorsUnder(policy: PolicyDefinition) {
      const vectorOf = policy.vectorizer({ requestedAtMs, utcOffsetMin }, profile);
      return new Map(candidates.map((candidate) => [candidate.tip_id, vectorOf(candidate)]));
    },
    // A file does not say who decided.
    exampleFor: () => undefined,
    segments: (firstAtMs) => ({
      ...segmentsOf({ profile, hour: localHour(requestedAtMs, utcOffsetMin), category, tenureMs: requestedAtMs - firstAtMs }),
      ...segments,
    }),
  };
}
