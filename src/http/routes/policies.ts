/** The policies as upstream callers know them: one path a policy for scores, rewards and statistics, and a reset of one user. */
import { LEARNING_POLICIES, policyPath } from '../../policies/registry.js';
import type { ResetReceipt } from '../../service/application.js';
import { addProduced } from '../recorded/audit-requests.js';
import { allBut } from '../entity-tag.js';
import { defineRoute, type Route, type RouteInput } from '../route.js';
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

const rewardRoutes = PATHS.map(([path, policy]) =>
  defineRoute({
    method: 'POST',
    path: `/reward/${path}`,
    operationId: `reward${title(policy)}`,
    summary: 'Say what came of a tip',
    description:
      'Appends a tip.feedback event. Its reward goes to the policy that made the decision under which the ' +
      'tip was served (tip.served names it), whichever path is called.',
    audited: { action: 'events.produce', logged: 'never', appendsEvents: true },
    query: noQuery,
    body: { kind: 'json', schema: rewardRequestSchema },
    answers: { 200: { description: 'The feedback is in the log.', schema: rewardReceiptSchema } },
    async handle({ body }, reply, application) {
      const receipt = await application.reward(body);
      addProduced(reply.request, { written: new Map([[receipt.appended.topic, 1]]), rejected: 0 });
      return receipt;
    },
  }),
);

const statsRoutes = PATHS.map(([path, policy]) =>
  defineRoute({
    method: 'GET',
    path: `/stats/${path}`,
    operationId: `stats${title(policy)}`,
    summary: `What ${policy} has decided and learned`,
    query: statsQuery,
    answers: { 200: { description: 'Of one user, or of all users held by this member.', schema: policyStatsSchema } },
    handle: ({ query }, _reply, application) => application.policyStats(policy, query.user_id),
  }),
);

const policiesRoute = defineRoute({
  method: 'GET',
  path: '/v1/policies',
  operationId: 'listPolicies',
  summary: 'The policies: who is live, their rewards, their cards, and how it came to be so',
  query: noQuery,
  answers: { 200: { description: 'As far as the partitions held by this member go.', schema: policiesSchema } },
  says: allBut('counted_at_ms'),
  handle: (_input, _reply, application) => application.policies(),
});

const resetRoute = defineRoute({
  method: 'POST',
  path: '/reset',
  operationId: 'resetUser',
  audited: {
    action: 'policy.reset',
    logged: 'always',
    target: ({ body }: RouteInput<unknown, unknown, { readonly user_id: string }>) => ({ kind: 'user', id: body.user_id }),
    details: ({ control_id: controlId, effective_at_ms: effectiveAtMs }: ResetReceipt) => ({
      control_id: controlId,
      effective_at_ms: effectiveAtMs,
    }),
  },
  summary: 'Let every policy forget what it has learned of a user',
  description:
    'Appends a reset to policy.control. It holds for decisions requested from effective_at_ms on; profiles and decisions stay as they are.',
  query: noQuery,
  body: { kind: 'json', schema: resetRequestSchema },
  answers: { 200: { description: 'The reset is in the log.', schema: resetReceiptSchema } },
  handle: ({ body }, reply, application) => application.resetUser(body.user_id, reply.request.caller?.name ?? undefined),
});

export const policyRoutes: readonly Route[] = [...scoreRoutes, ...rewardRoutes, ...statsRoutes, policiesRoute, resetRoute];
