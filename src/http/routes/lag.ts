/** GET /v1/lag: how far each partition of each topic is behind, and by which rule. */
import { everything } from '../entity-tag.js';
import { defineRoute } from '../route.js';
import { lagSchema, noQuery } from '../schemas.js';

export const lagRoute = defineRoute({
  method: 'GET',
  path: '/v1/lag',
  operationId: 'getLag',
  summary: 'Consumer lag by topic and partition',
  query: noQuery,
  answers: { 200: { description: 'A row for each partition of each topic that is read.', schema: lagSchema } },
  says: everything,
  handle: (_input, _reply, application) => application.lag(),
});
