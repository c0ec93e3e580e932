/** GET /v1/profiles/{user_id}: a user's features as of a time. */
import { parserOf, type Route } from '../route.js';
import { asOfQuery, profileSchema, userParameter } from '../schemas.js';

const parseUser = parserOf(userParameter);
const parseQuery = parserOf(asOfQuery);

export const profileRoute: Route = {
  method: 'GET',
  path: '/v1/profiles/{user_id}',
  operationId: 'getProfile',
  summary: "A user's features as of a time",
  pathParameters: userParameter,
  query: asOfQuery,
  answers: { 200: { description: 'The profile, exact for its time and positions.', schema: profileSchema } },
  async handle(request, _reply, application) {
    const { user_id: userId } = parseUser(request.params);
    const { as_of_ms: asOfMs } = parseQuery(request.query);
    return application.profile(userId, asOfMs);
  },
};
