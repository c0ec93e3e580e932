import type { FastifyRequest } from 'fastify';
import { traceContextOf, type TraceContext } from '../events/trace-context.js';

/** What was asked, with the trace that the request's headers name. Several of a name come joined by commas: two parents are none. */
export function withTrace<Asked extends object>(asked: Asked, { headers }: FastifyRequest): Asked & { readonly trace?: TraceContext } {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return asked;
  const trace = traceContextOf(traceparent, typeof tracestate === 'string' ? tracestate : tracestate?.join(','));
  return trace === undefined ? asked : { ...asked, trace };
}
