/**
 * Lines about requests in the service's log. Who changed something is always said; every request only where the access log is on. A line
 * has the path of the route and never that of the request, which may hold the id of a user; no header and no body is in one.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { includesRole } from '../tokens.js';

export function logRequests(server: FastifyInstance, options: { readonly everyRequest: boolean }): void {
  server.addHook('onResponse', async (request, reply) => {
    if (isAudited(request)) request.log.info({ ...lineOf(request, reply), ...jobOf(request, reply) }, 'a change was asked for over HTTP');
    else if (reply.statusCode === 401) request.log.warn({ ...lineOf(request, reply), from: request.ip }, 'a request without a valid token');
    else if (options.everyRequest) request.log.info({ ...lineOf(request, reply), ms: Math.round(reply.elapsedTime) }, 'request');
  });
}

function isAudited({ routeOptions, caller }: FastifyRequest): boolean {
  const { audited } = routeOptions.config;
  if (audited === undefined || caller === null) return false;
  return audited.logged === 'always' || (audited.logged === 'own' && includesRole(caller.role, 'own'));
}

function lineOf({ method, routeOptions, caller }: FastifyRequest, { statusCode }: FastifyReply): Record<string, unknown> {
  const { operation } = routeOptions.config;
  return {
    ...(operation === undefined ? {} : { operation }),
    ...{ method, path: routeOptions.url ?? null, status: statusCode },
    ...(caller === null ? {} : { by: caller.name, role: caller.role }),
  };
}

/** The job that was begun, or that is in the path. */
function jobOf({ params }: FastifyRequest, reply: FastifyReply): Record<string, unknown> {
  const begun = /\/([^/]+)$/.exec(String(reply.getHeader('location') ?? ''))?.[1];
  const job = begun ?? (params as { readonly job_id?: string } | null)?.job_id;
  return job === undefined ? {} : { job_id: job };
}
