/** GET /v1/profiles/{user_id}: a user's features as of a time; POST /v1/profiles:batch: those of many. */
import { callerGone } from '../caller-gone.js';
import { allBut } from '../entity-tag.js';
import { profilesRequestSchema, profilesSchema } from '../profiles-schemas.js';
import { defineRoute } from '../route.js';
import { asOfQuery, noQuery, profileSchema, userParameter } from '../schemas.js';

export const profileRoute = defineRoute({
  method: 'GET',
  path: '/v1/profiles/{user_id}',
  operationId: 'getProfile',
  summary: "A user's features as of a time",
  pathParameters: userParameter,
  query: asOfQuery,
  answers: { 200: { description: 'The profile, exact for its time and positions.', schema: profileSchema } },
  says: allBut('as_of_ms'),
  handle: ({ params, query }, _reply, application) => application.profile(params.user_id, query.as_of_ms),
});

export const profilesRoute = defineRoute({
  method: 'POST',
  path: '/v1/profiles:batch',
  operationId: 'getProfiles',
  summary: 'The features of many users as of one time',
  description:
    'Changes nothing. A user who is not known is answered with found: false. Where another member holds the partition of ' +
    'some of the users, the answer is not_owner, and details.elsewhere has their ids by owner: nothing is left out silently.',
  role: 'read',
  query: noQuery,
  body: { kind: 'json', schema: profilesRequestSchema },
  answers: { 200: { description: 'The profiles, in the order of the ids.', schema: profilesSchema } },
  handle: ({ body }, reply, application) => application.profiles(body.user_ids, body.as_of_ms, callerGone(reply)),
});
