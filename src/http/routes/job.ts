/** Routes that look at a job, or end it: the two are alike for every kind of job. */
import type { z } from 'zod';
import type { Application } from '../../service/application.js';
import type { AuditTarget } from '../../events/audit-event.js';
import { defineRoute, type Route, type RouteInput } from '../route.js';
import { noQuery } from '../schemas.js';

type JobParameter = z.ZodObject<{ job_id: z.ZodType<string> }>;

export interface JobKind<Job> {
  /** As in OpenAPI, with {job_id}. */
  readonly path: string;
  readonly parameter: JobParameter;
  readonly schema: z.ZodType<Job>;
}

type Named = Pick<Route, 'method' | 'operationId' | 'summary' | 'description' | 'audited'>;

/** Of an entry of the audit trail about a job. */
export function jobTarget({ params }: RouteInput<{ readonly job_id: string }>): AuditTarget {
  return { kind: 'job', id: params.job_id };
}

/** `answer`: what the answer is, in words. */
export function jobRoute<Job>(
  { path, parameter, schema }: JobKind<Job>,
  named: Named,
  answer: string,
  ask: (application: Application, jobId: string) => Job,
): Route {
  return defineRoute({
    ...named,
    path,
    pathParameters: parameter,
    query: noQuery,
    answers: { 200: { description: answer, schema } },
    handle: ({ params }, _reply, application) => ask(application, params.job_id),
  });
}
