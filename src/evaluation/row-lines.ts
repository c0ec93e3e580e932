/** Logged decisions as rows: both probabilities of what was served are on the line. */
import { z } from 'zod';
import type { LineKind } from './decision-lines.js';
import type { EvaluationRow } from './row.js';

const probability = z.number().min(0).max(1);
/** Smaller ones are mistakes, and their weights leave the range of numbers. */
const LEAST_PROPENSITY = 1e-12;
/** Of a quotient that others computed. */
const ROUNDING = 1e-9;
const rowSchema = z
  .object({
    decision_id: z.string().min(1),
    reward: z.number().min(0).max(1).nullish(),
    logged_propensity: probability
      .refine((value) => value > 0, { error: 'must be above 0: what the logged policy never does cannot have been logged', abort: true })
      .refine((value) => value >= LEAST_PROPENSITY, { error: `must be at least ${LEAST_PROPENSITY}` }),
    new_propensity: probability,
    max_weight: z.number().min(0).nullish(),
    weight_variance: z.number().min(0).nullish(),
    expected: z.object({ served: z.number(), under_new: z.number(), under_logged: z.number() }).nullish(),
    segments: z.record(z.string(), z.string()).nullish(),
  })
  .refine((row) => row.max_weight == null || row.new_propensity <= row.max_weight * row.logged_propensity * (1 + ROUNDING), {
    error: 'must be at least new_propensity / logged_propensity',
    path: ['max_weight'],
  });

export const ROW_LINES: LineKind = {
  schema: rowSchema.transform((line) => ({ identity: line.decision_id, row: rowOf(line) })),
  hint: 'Each line is {"decision_id": ..., "reward": 0 to 1 or null, "logged_propensity": above 0 to 1, "new_propensity": 0 to 1}.',
};

function rowOf({
  decision_id: decisionId,
  reward,
  logged_propensity,
  new_propensity,
  max_weight,
  weight_variance,
  expected,
  segments,
}: z.output<typeof rowSchema>): EvaluationRow {
  return {
    decisionId,
    reward: reward ?? null,
    loggedPropensity: logged_propensity,
    newPropensity: new_propensity,
    weights: max_weight == null || weight_variance == null ? null : { largest: max_weight, variance: weight_variance },
    segments: segments ?? {},
    expected: expected == null ? null : { served: expected.served, underNew: expected.under_new, underLogged: expected.under_logged },
  };
}
