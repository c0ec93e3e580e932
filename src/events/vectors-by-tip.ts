/** The vectors of a decision's candidates, as tip.scored has them: tip_id -> finite numbers. */
import { z } from 'zod';

/** Not z.record, which drops a key "__proto__": that is a tip_id like any other, and its vector is what a reward is learned from. */
export const vectorsByTip = z
  .unknown()
  .refine(isVectorsByTip, { error: 'must be an object of arrays of finite numbers' })
  .meta({ type: 'object', additionalProperties: { type: 'array', items: { type: 'number' } } }) as unknown as z.ZodType<
  Record<string, number[]>
>;

function isVectorsByTip(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((vector) => Array.isArray(vector) && vector.every((entry) => Number.isFinite(entry)))
  );
}
