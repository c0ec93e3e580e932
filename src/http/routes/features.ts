/** GET /v1/features: what the profiles of this service are made of. */
import { z } from 'zod';
import type { FeaturesDocument } from '../../projections/feature-document.js';
import { FEATURE_DTYPES } from '../../projections/feature.js';
import { featureValueSchema } from '../../topic-schemas.js';
import { everything } from '../entity-tag.js';
import { defineRoute } from '../route.js';
import { noQuery } from '../schemas.js';

const ms = z.int().min(0);
const featuresSchema = z.object({
  feature_set: z.string(),
  features: z.array(
    z.object({
      name: z.string(),
      dtype: z.enum(FEATURE_DTYPES),
      unit: z.string(),
      window_ms: ms.nullable().meta({ description: 'how far back it looks; null: without an end' }),
      ttl_ms: ms.meta({ description: 'how long a value may be kept without asking again' }),
      sources: z.array(z.string()).meta({ description: 'topics' }),
      invalidated_by: z.array(z.string()).meta({ description: 'topics, or time' }),
      when_empty: featureValueSchema,
      description: z.string(),
      used_by: z.object({
        policies: z
          .array(z.object({ policy: z.string(), entries: z.array(z.string()) }))
          .meta({ description: 'entries of their vectors that are made of it' }),
        outputs: z.array(z.string()).meta({ description: 'topics, answers, files and tables that carry it' }),
      }),
      sql: z.string().meta({ description: 'for SQLite; the as-of time is :as_of_ms' }),
    }),
  ),
}) satisfies z.ZodType<FeaturesDocument>;

export const featuresRoute = defineRoute({
  method: 'GET',
  path: '/v1/features',
  operationId: 'listFeatures',
  summary: 'The features of a profile, and what each one means',
  query: noQuery,
  answers: { 200: { description: 'As `tipstream features list --json` prints it.', schema: featuresSchema } },
  says: everything,
  handle: (_input, _reply, application) => application.features(),
});
