/** What the schemas of several requests and answers have in common. */
import { z } from 'zod';
import { readTime } from '../time.js';
import { candidatesSchema, MAX_TIME_MS } from '../topics.js';

/** An id as events have it. */
export const id = candidatesSchema.shape.user_id;
export const count = z.int().min(0);
export const timeMs = z.int().min(0).max(MAX_TIME_MS).meta({ description: 'Unix milliseconds' });
export const positions = z.record(z.string(), z.record(z.string(), count)).meta({ description: 'topic -> partition -> next offset' });
export const features = z
  .record(z.string(), z.union([z.number(), z.string(), z.null()]))
  .meta({ description: 'feature name -> value; null where the feature is empty' });
/** Of a query: Unix ms or ISO 8601. */
export const time = z.string({ error: 'must be given once' }).transform((text, context) => {
  const read = readTime(text);
  if (read.ms !== undefined) return read.ms;
  const { guess } = read;
  const message = guess === undefined ? 'must be Unix milliseconds or ISO 8601, from 1970 to 9999' : `${guess.question} ${guess.advice}`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});
