/** POST /v1/dead-letters/redrive begins a job that puts refused records back; GET and DELETE with its id look at it and stop it. */
import { callerActor } from '../../audit-trail/actor.js';
import type { RedriveJob, RedriveRequest } from '../../service/application.js';
import { closedTopicsOf } from '../access.js';
import { redriveJobSchema, redriveParameter, redriveRequestSchema } from '../redrive-schemas.js';
import { defineRoute, type RouteInput } from '../route.js';
import { jobRoute, jobTarget } from './job.js';
import { noQuery } from '../schemas.js';

type Asked = RouteInput<unknown, unknown, RedriveRequest>;

export const redriveRoute = defineRoute({
  method: 'POST',
  path: '/v1/dead-letters/redrive',
  operationId: 'redriveDeadLetters',
  audited: {
    action: 'dead_letters.redrive',
    logged: 'always',
    changes: ({ body }: Asked) => !body.dry_run,
    target: ({ body }: Asked) => (body.dead_letter === undefined ? undefined : { kind: 'dead_letter', id: body.dead_letter }),
    details: ({ job_id: jobId, request: { value, dead_letter: _, ...request } }: RedriveJob) => ({
      job_id: jobId,
      ...request,
      edited: value !== undefined,
    }),
  },
  summary: 'Put refused records back on their topics',
  description:
    'Begins a job, as `tipstream dead-letters redrive` does it: byte for byte, no record twice, and a record that fails again does not ' +
    'loop. With dry_run nothing is sent. One job runs at a time, and none while the command runs on the same data directory. The same ' +
    'request again goes on where a job ended. policy.control and the topics that tipstream writes itself need the role own: ' +
    'for others their dead letters are left out, which `notes` says. More than 100000 matching dead letters are refused.',
  query: noQuery,
  body: { kind: 'json', schema: redriveRequestSchema },
  answers: { 202: { description: 'The job, which the header Location names.', schema: redriveJobSchema } },
  handle({ body }, reply, application) {
    const { caller } = reply.request;
    const job = application.redrive(body, closedTopicsOf(caller) ?? [], caller === null ? undefined : callerActor(caller));
    void reply.code(202).header('location', `/v1/dead-letters/redrive/${job.job_id}`);
    return job;
  },
});

const REDRIVES = { path: '/v1/dead-letters/redrive/{job_id}', parameter: redriveParameter, schema: redriveJobSchema };

export const redriveJobRoute = jobRoute(
  REDRIVES,
  {
    method: 'GET',
    operationId: 'getRedrive',
    summary: 'A redrive of dead letters',
    description: 'The last 20 jobs that are over are kept, until the service stops.',
  },
  'The job.',
  (application, jobId) => application.redriveJob(jobId),
);

export const stopRedriveRoute = jobRoute(
  REDRIVES,
  {
    method: 'DELETE',
    operationId: 'stopRedrive',
    audited: { action: 'dead_letters.redrive.stop', logged: 'always', target: jobTarget },
    summary: 'Stop a redrive of dead letters',
    description: 'What was sent stays sent. A job that is over stays as it is.',
  },
  'The job as it is then: stopping, until the batch under way is written.',
  (application, jobId) => application.stopRedrive(jobId),
);
