/** Where a user's numbers come from: GET /v1/users/{user_id}/provenance and the user's decisions. */
import { callerGone } from '../caller-gone.js';
import { allBut, everything } from '../entity-tag.js';
import {
  decisionParameter,
  decisionSchema,
  decisionsQuery,
  decisionsSchema,
  LISTED,
  provenanceQuery,
  provenanceSchema,
} from '../provenance-schemas.js';
import { defineRoute } from '../route.js';
import { noQuery, userParameter } from '../schemas.js';

export const provenanceRoute = defineRoute({
  method: 'GET',
  path: '/v1/users/{user_id}/provenance',
  operationId: 'getProvenance',
  summary: "Where a user's features come from: windows, next changes and the events behind each",
  description:
    'Values are those of GET /v1/profiles/{user_id}. The records of the events are looked for in the log, backwards from where the ' +
    'state stands, for about a second; search says how far that got, and the same question asked again goes on from there. ' +
    'With known_at the answer has no features until the log was read up to there: known_at.is_read says so.',
  pathParameters: userParameter,
  query: provenanceQuery,
  answers: { 200: { description: 'Exact for its time and positions; records as far as the log was searched.', schema: provenanceSchema } },
  handle: ({ params, query }, reply, application) =>
    application.provenance(params.user_id, { asOfMs: query.as_of_ms, knownAt: query.known_at }, callerGone(reply)),
});

export const decisionsRoute = defineRoute({
  method: 'GET',
  path: '/v1/users/{user_id}/decisions',
  operationId: 'listDecisions',
  summary: "A user's decisions, newest first",
  pathParameters: userParameter,
  query: decisionsQuery,
  answers: { 200: { description: 'Those requested before as_of_ms; none of a user of whom nothing is known.', schema: decisionsSchema } },
  says: allBut('as_of_ms'),
  handle: ({ params, query }, _reply, application) =>
    application.decisions(params.user_id, { asOfMs: query.as_of_ms, limit: query.limit ?? LISTED, after: query.after }),
});

export const decisionRoute = defineRoute({
  method: 'GET',
  path: '/v1/users/{user_id}/decisions/{decision_id}',
  operationId: 'getDecision',
  summary: 'A decision piece by piece: vectors, theta, propensities, the draw, the shadow beside it, and the reward',
  pathParameters: decisionParameter,
  query: noQuery,
  answers: { 200: { description: 'The decision.', schema: decisionSchema } },
  says: everything,
  handle: ({ params }, reply, application) => application.decision(params.user_id, params.decision_id, callerGone(reply)),
});
