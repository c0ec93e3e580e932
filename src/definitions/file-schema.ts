/** The form of a file of features, before anything is known of topics: which keys there are, and what kind of value each takes. */
import { createRequire } from 'node:module';
import type * as Zod from 'zod';
import type { z } from 'zod';
import { SHAPES } from '../events/feature-choice.js';

const require = createRequire(import.meta.url);

function makeForm() {
  const { z } = require('zod') as typeof Zod;

  const literal = z.union([z.string(), z.number()], { error: 'must be a text or a number' });
  const number = z.number({ error: 'must be a number' });
  const comparisons = z.strictObject({
    in: z.array(literal, { error: 'must be a list of values' }).min(1, { error: 'must have a value' }).optional(),
    lt: number.optional(),
    lte: number.optional(),
    gt: number.optional(),
    gte: number.optional(),
    present: z.boolean({ error: 'must be true or false' }).optional(),
  });
  const COMPARISONS = Object.keys(comparisons.shape);

  /** What an event's field must be: a value that it equals, or comparisons that all hold. */
  const condition = z.unknown().transform((given, context): z.infer<typeof literal> | z.infer<typeof comparisons> => {
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    const parsed = isObject ? comparisons.safeParse(given) : literal.safeParse(given);
    if (parsed.success) return parsed.data;
    if (given === null) context.addIssue({ code: 'custom', message: 'must not be null', params: { hint: 'Write {present: false}.' } });
    else if (Array.isArray(given))
      context.addIssue({ code: 'custom', message: 'must be one value, not a list', params: { hint: 'Write {in: [...]}.' } });
    else for (const issue of parsed.error.issues) context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
    return z.NEVER;
  });
  const filter = z.record(z.string(), condition, { error: 'must be an object: field -> what it must be' });

  const text = (most: number) =>
    z
      .string({ error: 'must be a text' })
      .min(1, { error: 'must not be empty' })
      .max(most, { error: `must be at most ${most} characters` });
  const duration = z.union([z.string(), z.number()], { error: 'must be a duration such as 7d, 36h or whole milliseconds' });

  const featureSchema = z.strictObject({
    name: text(63),
    description: text(1_000),
    unit: text(40),
    topic: text(200),
    shape: z.enum(SHAPES, { error: `must be one of ${SHAPES.join(', ')}` }),
    field: text(100).optional(),
    filter: filter.optional(),
    counts: filter.optional(),
    window: duration,
    ttl: duration.optional(),
  });
  const fileSchema = z.strictObject(
    { features: z.array(featureSchema, { error: 'must be a list of features' }).min(1, { error: 'must have a feature' }) },
    { error: 'must be an object with the key features' },
  );

  return { COMPARISONS, condition, featureSchema, fileSchema, filter };
}

type Form = ReturnType<typeof makeForm>;
let form: Form | undefined;
/** Made when a file is read: every command comes here, and few read one. */
export const fileForm = (): Form => (form ??= makeForm());

export type GivenFeature = z.infer<Form['featureSchema']>;
export type GivenFilter = z.infer<Form['filter']>;
export type GivenCondition = z.infer<Form['condition']>;
