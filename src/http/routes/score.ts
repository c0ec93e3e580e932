/**
 * POST /score, and POST /score/... for a policy by its name: candidates in, a decision out. The hot route: one validation, one call,
 * one stringify.
 */
import type { Application, ScoreRequest, ScoreResponse } from '../../service/application.js';
import { defineRoute, type Route } from '../route.js';
import { withTrace } from '../with-trace.js';
import { noQuery, scoreRequestSchema, scoreResponseSchema } from '../schemas.js';

export function scoreRouteOf(
  named: Pick<Route, 'path' | 'operationId' | 'summary' | 'description'>,
  score: (application: Application, request: ScoreRequest) => Promise<ScoreResponse>,
): Route {
  return defineRoute({
    method: 'POST',
    ...named,
    query: noQuery,
    body: { kind: 'json', schema: scoreRequestSchema },
    answers: { 200: { description: 'The decision.', schema: scoreResponseSchema } },
    handle: ({ body }, { request }, application) => score(application, withTrace(body, request)),
  });
}

export const scoreRoute = scoreRouteOf(
  {
    path: '/score',
    operationId: 'score',
    summary: 'Score candidates with the live policy',
    description:
      'With a decision_id the decision is appended to tip.scored before the answer, and asking again ' +
      'gives the same decision. Without one nothing is recorded. The header traceparent is passed on to its record.',
  },
  (application, request) => application.score(request),
);
