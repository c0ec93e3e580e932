/** What the schemas of several events have in common. */
import { z } from 'zod';
import { isId, isLabel, MAX_CODE_POINTS } from './events/strings.js';

export const MAX_TIME_MS = 253_402_300_799_999;
const MAX_OFFSET_MIN = 840;

export const id = z
  .string()
  .refine(isId, { error: 'must be 1 to 128 code points of well-formed Unicode without control characters' })
  .meta({ minLength: 1, maxLength: MAX_CODE_POINTS, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });
export const label = z.string().refine(isLabel, { error: 'must be at most 128 code points' }).meta({ maxLength: MAX_CODE_POINTS });
export const timeMs = z.int().min(0).max(MAX_TIME_MS).meta({ description: 'Unix milliseconds' });
export const utcOffsetMin = z
  .int()
  .min(-MAX_OFFSET_MIN)
  .max(MAX_OFFSET_MIN)
  .meta({ description: "minutes the user's local time is ahead of UTC" });
export const optional = <T extends z.ZodType>(schema: T) => schema.nullish();
