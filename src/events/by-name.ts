/**
 * Objects whose keys are anybody's ids. They are not z.record, which drops a key "__proto__": that is an id like any other, and what
 * stands under it must not be lost.
 */
import { z } from 'zod';

/** The vectors of a decision's candidates, as tip.scored has them: tip_id -> finite numbers. */
export const vectorsByTip = z
  .unknown()
  .refine(
    everyValue((vector) => Array.isArray(vector) && vector.every((entry) => Number.isFinite(entry))),
    {
      error: 'must be an object of arrays of finite numbers',
    },
  )
  .meta({ type: 'object', additionalProperties: { type: 'array', items: { type: 'number' } } }) as unknown as z.ZodType<
  Record<string, number[]>
>;

/** A feature of dtype object: name -> finite number. */
export const numbersByName = z
  .unknown()
  .refine(
    everyValue((value) => Number.isFinite(value)),
    { error: 'must be an object of finite numbers' },
  )
  .meta({ type: 'object', additionalProperties: { type: 'number' } }) as unknown as z.ZodType<Record<string, number>>;

function everyValue(isRight: (value: unknown) => boolean): (given: unknown) => boolean {
  return (given) => typeof given === 'object' && given !== null && !Array.isArray(given) && Object.values(given).every(isRight);
}
