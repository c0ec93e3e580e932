/** POST /v1/forgets begins a job that forgets a user; GET /v1/forgets/{job_id} looks at it. The id is in the body: paths are logged. */
import { z } from 'zod';
import { callerActor } from '../../audit-trail/actor.js';
import { userDigest } from '../../events/user-digest.js';
import type { ForgetJob } from '../../forgetting/job.js';
import { receiptSchema } from '../../forgetting/receipt.js';
import { defineRoute, type RouteInput } from '../route.js';
import { count, id, jobError, timeMs } from '../schema-parts.js';
import { jobParameter } from '../schemas.js';
import { jobRoute } from './job.js';

const forgetRequestSchema = z.object({
  user_id: id,
  dry_run: z.boolean().nullish().meta({ description: 'say what there is, and change nothing' }),
  reason: z.string().max(500).nullish().meta({ description: 'recorded with the event and in the receipt: it must not name the user' }),
});

const forgetJobSchema = z.object({
  job_id: z.string(),
  user_digest: z.string().meta({ description: 'SHA-256 of the user_id in UTF-8' }),
  state: z.enum(['running', 'done', 'failed']),
  dry_run: z.boolean(),
  progress: z.object({ done: count, total: count.nullable() }).meta({ description: 'offsets of the log' }),
  started_at_ms: timeMs,
  result: z
    .object({
      found: z.boolean().meta({ description: 'whether anything of the user was there; else nothing was written' }),
      user_digest: z.string(),
      in_state: z.boolean(),
      records: z.array(z.object({ topic: z.string(), partition: count, records: count })),
      dead_letter_files: count,
      other_generations: z
        .array(z.string())
        .meta({ description: 'earlier generations and unfinished rebuilds whose files have the user, or cannot be read' }),
      receipt: receiptSchema.nullable(),
    })
    .optional()
    .meta({ description: 'when it is done' }),
  error: jobError,
}) satisfies z.ZodType<ForgetJob>;

type Asked = RouteInput<undefined, undefined, { readonly user_id: string; readonly dry_run?: boolean | undefined }>;

export const forgetRoute = defineRoute({
  method: 'POST',
  path: '/v1/forgets',
  operationId: 'forgetUser',
  audited: {
    action: 'user.forget',
    logged: 'always',
    changes: ({ body }: Asked) => body.dry_run !== true,
    target: ({ body }: Asked) => ({ kind: 'user', id: userDigest(body.user_id) }),
    details: ({ job_id: jobId }: ForgetJob) => ({ job_id: jobId }),
  },
  summary: 'Forget a user',
  description:
    'Begins a job. Everything of the user that the log and the state have so far does not exist any more when it is ' +
    'done; what comes later starts from nothing. It cannot be undone. With dry_run it says what there is, and changes nothing.',
  body: { kind: 'json', schema: forgetRequestSchema },
  answers: { 202: { description: 'The job, which the header Location names.', schema: forgetJobSchema } },
  async handle({ body: { user_id: userId, dry_run: dryRun = false, reason } }, reply, application) {
    const { caller } = reply.request;
    const by = caller === null ? undefined : callerActor(caller);
    const job = await application.forgetUser(userId, { dryRun, by, ...(reason === undefined ? {} : { reason }) });
    void reply.code(202).header('location', `/v1/forgets/${job.job_id}`);
    return job;
  },
});

export const forgetJobRoute = jobRoute(
  { path: '/v1/forgets/{job_id}', parameter: jobParameter, schema: forgetJobSchema },
  {
    method: 'GET',
    operationId: 'getForget',
    summary: 'A job that forgets a user',
    description: 'Jobs that are over are kept until 200 more are, or the service stops. Their receipts stay in the data directory.',
  },
  'The job, with the receipt when it is done.',
  (application, jobId) => application.forgetJob(jobId),
);
