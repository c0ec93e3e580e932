/** POST /v1/profiles:batch: the profiles of many users. */
import { z } from 'zod';
import type { ProfilesDocument } from '../service/application.js';
import { features, id, timeMs } from './schema-parts.js';

const MAX_USERS = 1_000;
export const profilesRequestSchema = z.object({
  user_ids: z.array(id).min(1).max(MAX_USERS).meta({ description: 'answered in this order; an id that comes twice is answered twice' }),
  as_of_ms: timeMs.nullish().meta({ description: 'Unix milliseconds; absent or null: now' }),
});
export const profilesSchema = z.object({
  as_of_ms: timeMs,
  feature_set: z.string(),
  profiles: z.array(
    z.object({
      user_id: id,
      found: z.boolean().meta({ description: 'whether the user is known as of then' }),
      features: features.nullable().meta({ description: 'null: the user is not known' }),
    }),
  ),
}) satisfies z.ZodType<ProfilesDocument>;
