/** GET /v1/status: what the page at / shows, in one answer. */
import { parserOf, type Route } from '../route.js';
import { noQuery, statusSchema } from '../schemas.js';

const NEWEST_SCORES = 20;
const parseQuery = parserOf(noQuery);

export const statusRoute: Route = {
  method: 'GET',
  path: '/v1/status',
  operationId: 'getStatus',
  summary: 'State of the service, its partitions and its newest decisions',
  query: noQuery,
  answers: { 200: { description: `The state, with the ${NEWEST_SCORES} newest decisions, newest first.`, schema: statusSchema } },
  handle(request, _reply, application) {
    parseQuery(request.query);
    return { ...application.status(), now_ms: Date.now(), newest_scores: application.newestScores(NEWEST_SCORES) };
  },
};
