/** GET /v1/profiles/{user_id}: a user's features as of a time. */
import { defineRoute } from '../route.js';
import { asOfQuery, profileSchema, userParameter } from '../schemas.js';

export const profileRoute = defineRoute({
  method: 'GET',
  path: '/v1/profiles/{user_id}',
  operationId: 'getProfile',
  summary: "A user's features as of a time",
  pathParameters: userParameter,
  query: asOfQuery,
  answers: { 200: { description: 'The profile, exact for its time and positions.', schema: profileSchema } },
  handle: ({ params, query }, _reply, application) => application.profile(params.user_id, query.as_of_ms),
});
