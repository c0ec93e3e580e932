/** POST /score: candidates in, the live policy's decision out. The hot route: one validation, one call, one stringify. */
import { parserOf, type Route } from '../route.js';
import { noQuery, scoreRequestSchema, scoreResponseSchema } from '../schemas.js';

const parseQuery = parserOf(noQuery);
const parseBody = parserOf(scoreRequestSchema);

export const scoreRoute: Route = {
  method: 'POST',
  path: '/score',
  operationId: 'score',
  summary: 'Score candidates with the live policy',
  description: 'With a decision_id the decision is appended to tip.scored before the answer, and asking again gives the same decision. Without one nothing is recorded.',
  query: noQuery,
  body: { kind: 'json', schema: scoreRequestSchema },
  answers: { 200: { description: 'The decision.', schema: scoreResponseSchema } },
  handle(request, _reply, application) {
    parseQuery(request.query);
    return application.score(parseBody(request.body));
  },
};
