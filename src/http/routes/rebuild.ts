/** POST /v1/profiles/{user_id}/rebuild begins a job; GET and DELETE /v1/rebuilds/{job_id} look at it and cancel it. */
import { callerActor } from '../../audit-trail/actor.js';
import type { RebuildJob } from '../../service/application.js';
import { defineRoute, type RouteInput } from '../route.js';
import { jobRoute, jobTarget } from './job.js';
import { dryRunQuery, jobParameter, rebuildJobSchema, userParameter } from '../schemas.js';

type Asked = RouteInput<{ readonly user_id: string }, { readonly dry_run?: boolean | undefined }>;

export const rebuildRoute = defineRoute({
  method: 'POST',
  path: '/v1/profiles/{user_id}/rebuild',
  operationId: 'rebuildProfile',
  audited: {
    action: 'profile.rebuild',
    logged: 'always',
    changes: ({ query }: Asked) => query.dry_run !== true,
    target: ({ params }: Asked) => ({ kind: 'user', id: params.user_id }),
    details: ({ job_id: jobId }: RebuildJob) => ({ job_id: jobId }),
  },
  summary: "Rebuild a user's profile from the log",
  description:
    'Begins a job that replays the user from the log while the service runs, puts right what differs and says ' +
    'what that was. Where one is under way for the user, that one is answered. It takes no body.',
  pathParameters: userParameter,
  query: dryRunQuery,
  answers: { 202: { description: 'The job, which the header Location names.', schema: rebuildJobSchema } },
  async handle({ params, query: { dry_run: dryRun = false } }, reply, application) {
    const { caller } = reply.request;
    const job = await application.rebuildUser(params.user_id, { dryRun, by: caller === null ? undefined : callerActor(caller) });
    void reply.code(202).header('location', `/v1/rebuilds/${job.job_id}`);
    return job;
  },
});

const REBUILDS = { path: '/v1/rebuilds/{job_id}', parameter: jobParameter, schema: rebuildJobSchema };

export const rebuildJobRoute = jobRoute(
  REBUILDS,
  {
    method: 'GET',
    operationId: 'getRebuild',
    summary: 'A rebuild of a user',
    description: 'Jobs that are over are kept until 200 more are, or the service stops.',
  },
  'The job.',
  (application, jobId) => application.rebuildJob(jobId),
);

export const cancelRebuildRoute = jobRoute(
  REBUILDS,
  {
    method: 'DELETE',
    operationId: 'cancelRebuild',
    audited: { action: 'profile.rebuild.cancel', logged: 'always', target: jobTarget },
    summary: 'Cancel a rebuild of a user',
    description: 'A job that is over, or that is replacing the tips already, stays as it is.',
  },
  'The job as it is then.',
  (application, jobId) => application.cancelRebuild(jobId),
);
