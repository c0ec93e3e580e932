/** GET /v1/status: what the page at / shows, in one answer. */
import { allBut } from '../entity-tag.js';
import { defineRoute } from '../route.js';
import { noQuery, statusSchema } from '../schemas.js';

const NEWEST_SCORES = 20;

export const statusRoute = defineRoute({
  method: 'GET',
  path: '/v1/status',
  operationId: 'getStatus',
  summary: 'State of the service, its partitions and its newest decisions',
  query: noQuery,
  answers: { 200: { description: `The state, with the ${NEWEST_SCORES} newest decisions, newest first.`, schema: statusSchema } },
  says: allBut('now_ms', 'log_silent_ms'),
  handle: (_input, _reply, application) => ({
    ...application.status(),
    now_ms: Date.now(),
    newest_scores: application.newestScores(NEWEST_SCORES),
  }),
});
