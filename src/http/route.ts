/**
 * What a route is: its method and path, what it takes and answers as zod schemas, and the function between. The server, its checks,
 * the 405s and /openapi.json are all made from these.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import { canonicalForm, type Canonical } from '../events/canonical.js';
import { describeIssues } from '../events/rejection.js';
import type { Application } from '../service/application.js';

export const JSON_TYPE = 'application/json';
/** JSON on one line is NDJSON too. */
export const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', JSON_TYPE] as const;

export interface Answer {
  readonly description: string;
  /** application/json unless said otherwise. */
  readonly contentType?: string;
  readonly schema?: z.ZodType;
}

export type RequestBody =
  | { readonly kind: 'json'; readonly schema: z.ZodType }
  /** The handler reads `request.body`, a stream, itself; the schema is that of one line. */
  | { readonly kind: 'ndjson'; readonly schema: z.ZodType };

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As in OpenAPI: /v1/profiles/{user_id} */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers without a token even where one is set: it tells nothing about users. */
  readonly open?: true;
  readonly pathParameters?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: RequestBody;
  /** By status. Errors that every route can answer with are not listed. */
  readonly answers: Readonly<Record<number, Answer>>;
  readonly handle: (request: FastifyRequest, reply: FastifyReply, application: Application) => Promise<unknown> | unknown;
}

/** /v1/profiles/{user_id} -> /v1/profiles/:user_id */
export function routerPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/**
 * A function that checks a part of a request against its schema and answers it in canonical form: null is absent, -0 is 0. It throws
 * invalid_argument naming each field that is wrong.
 */
export function parserOf<Schema extends z.ZodType>(schema: Schema): (value: unknown) => Canonical<z.output<Schema>> {
  const compiled = z.compile(schema);
  const canonical = canonicalForm(schema);
  return (value) => {
    const result = compiled.safeParse(value);
    if (result.success) return canonical(result.data) as Canonical<z.output<Schema>>;
    const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) => ({ path: issue.path.map(String), message: issue.message }));
    throw new TipstreamError('invalid_argument', describeIssues(result.error), { details: { issues } });
  };
}

const MAX_ISSUES = 20;
