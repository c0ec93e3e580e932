/** The policies as upstream callers know them: one path a policy for scores, rewards and statistics, and a reset of one user. */
import { LEARNING_POLICIES, policyPath } from '../../policies/registry.js';
import { parserOf, type Route } from '../route.js';
import {
  noQuery,
  policiesSchema,
  policyStatsSchema,
  resetReceiptSchema,
  resetRequestSchema,
  rewardReceiptSchema,
  rewardRequestSchema,
  statsQuery,
} from '../schemas.js';
import { scoreRouteOf } from './score.js';

const parseNoQuery = parserOf(noQuery);
const parseReward = parserOf(rewardRequestSchema);
const parseReset = parserOf(resetRequestSchema);
const parseStats = parserOf(statsQuery);

/** The part of a path, and the policy's name. */
const PATHS = LEARNING_POLICIES.map(({ name }) => [policyPath(name), name] as const);

const title = (policy: string): string =>
  policy
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');

const scoreRoutes = PATHS.map(([path, policy]) =>
  scoreRouteOf(
    {
      path: `/score/${path}`,
      operationId: `score${title(policy)}`,
      summary: `Score candidates with ${policy}, live or not`,
      description:
        'As POST /score. With a decision_id the decision is appended to tip.scored before the answer, and is what this ' +
        'policy learns from; a decision_id that has been decided gives that decision, whoever made it.',
    },
    (application, request) => application.score(request, policy),
  ),
);

const rewardRoutes = PATHS.map(([path, policy]): Route => ({
  method: 'POST',
  path: `/reward/${path}`,
  operationId: `reward${title(policy)}`,
  summary: 'Say what came of a tip',
  description:
    'Appends a tip.feedback event. Its reward goes to the policy that made the decision under which the ' +
    'tip was served (tip.served names it), whichever path is called.',
  query: noQuery,
  body: { kind: 'json', schema: rewardRequestSchema },
  answers: { 200: { description: 'The feedback is in the log.', schema: rewardReceiptSchema } },
  handle(request, _reply, application) {
    parseNoQuery(request.query);
    return application.reward(parseReward(request.body));
  },
}));

const statsRoutes = PATHS.map(([path, policy]): Route => ({
  method: 'GET',
  path: `/stats/${path}`,
  operationId: `stats${title(policy)}`,
  summary: `What ${policy} has decided and learned`,
  query: statsQuery,
  answers: { 200: { description: 'Of one user, or of all users held by this member.', schema: policyStatsSchema } },
  handle: (request, _reply, application) => application.policyStats(policy, parseStats(request.query).user_id),
}));

const policiesRoute: Route = {
  method: 'GET',
  path: '/v1/policies',
  operationId: 'listPolicies',
  summary: 'The policies: who is live, what they earn, their cards, and how it came to be so',
  query: noQuery,
  answers: { 200: { description: 'As far as the partitions held by this member go.', schema: policiesSchema } },
  handle(request, _reply, application) {
    parseNoQuery(request.query);
    return application.policies();
  },
};

const resetRoute: Route = {
  method: 'POST',
  path: '/reset',
  operationId: 'resetUser',
  summary: 'Let every policy forget what it has learned of a user',
  description:
    'Appends a reset to policy.control. It holds for decisions requested from effective_at_ms on; profiles and decisions stay as they are.',
  query: noQuery,
  body: { kind: 'json', schema: resetRequestSchema },
  answers: { 200: { description: 'The reset is in the log.', schema: resetReceiptSchema } },
  handle(request, _reply, application) {
    parseNoQuery(request.query);
    return application.resetUser(parseReset(request.body).user_id);
  },
};

export const policyRoutes: readonly Route[] = [...scoreRoutes, ...rewardRoutes, ...statsRoutes, policiesRoute, resetRoute];
