/** GET /v1/lag: how far each partition of each topic is behind, and by which rule. */
import { parserOf, type Route } from '../route.js';
import { lagSchema, noQuery } from '../schemas.js';

const parseQuery = parserOf(noQuery);

export const lagRoute: Route = {
  method: 'GET',
  path: '/v1/lag',
  operationId: 'getLag',
  summary: 'Consumer lag by topic and partition',
  query: noQuery,
  answers: { 200: { description: 'A row for each partition of each topic that is read.', schema: lagSchema } },
  async handle(request, _reply, application) {
    parseQuery(request.query);
    return application.lag();
  },
};
