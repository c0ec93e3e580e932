/**
 * What a route is: its method and path, what it takes and answers as zod schemas, and the function between. The server, its checks,
 * the 405s and /openapi.json are all made from these.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import { canonicalForm, type Canonical } from '../events/canonical.js';
import { describeIssues } from '../events/rejection.js';
import type { Application } from '../service/application.js';
import type { Audited } from './recorded/audit-requests.js';
import type { Role } from './tokens.js';

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
  /** The body is handed over as the stream it comes in; the schema is that of one line. */
  | { readonly kind: 'ndjson'; readonly schema: z.ZodType };

type Parsed<Schema> = Schema extends z.ZodType ? Canonical<z.output<Schema>> : undefined;
type ParsedBody<Body> = Body extends { readonly kind: 'json'; readonly schema: infer Schema }
  ? Parsed<Schema>
  : Body extends { readonly kind: 'ndjson' }
    ? IncomingMessage
    : undefined;

/** A request as its route's schemas say it, in canonical form; undefined where the route declares none. */
export interface RouteInput<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
}

export interface RouteDefinition<
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends RequestBody | undefined,
> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As in OpenAPI: /v1/profiles/{user_id} */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers without a token even where one is set: it tells nothing about users. */
  readonly open?: true;
  /** What the caller's token must be good for. Absent: read for GET, operate for anything else. */
  readonly role?: Role;
  /** It changes something: that is recorded with who asked. */
  readonly audited?: Audited;
  readonly pathParameters?: Params;
  /** Absent: a query is not looked at. */
  readonly query?: Query;
  readonly body?: Body;
  /** By status. Errors that every route can answer with are not listed. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Of an answer, what its ETag is made of: all but when it was made. Absent: it has no ETag. */
  says?(answer: unknown): unknown;
  /** Called with what the schemas have let through. */
  handle(
    input: RouteInput<Parsed<Params>, Parsed<Query>, ParsedBody<Body>>,
    reply: FastifyReply,
    application: Application,
  ): Promise<unknown> | unknown;
}

/** As `defineRoute` makes it, whatever its schemas. */
export interface Route extends Omit<RouteDefinition<z.ZodObject | undefined, z.ZodObject | undefined, RequestBody | undefined>, 'handle'> {
  /** Checks the parts of a request against the schemas, in the order of `RouteInput`. Throws invalid_argument. */
  parse(request: FastifyRequest): RouteInput;
  /** Takes what `parse` answers. */
  handle(input: RouteInput, reply: FastifyReply, application: Application): Promise<unknown> | unknown;
}

/** A route whose requests are parsed once, by the schemas it declares. */
export function defineRoute<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  const Body extends RequestBody | undefined = undefined,
>(definition: RouteDefinition<Params, Query, Body>): Route {
  const { pathParameters, query, body } = definition;
  const parseParams = pathParameters === undefined ? undefined : parserOf(pathParameters);
  const parseQuery = query === undefined ? undefined : parserOf(query);
  const parseBody = body?.kind === 'json' ? parserOf(body.schema) : body === undefined ? undefined : (stream: unknown) => stream;
  return {
    ...(definition as unknown as Route),
    parse: (request) => ({
      params: parseParams?.(request.params),
      query: parseQuery?.(request.query),
      body: parseBody?.(request.body),
    }),
  };
}

export function roleFor({ method, role }: Pick<Route, 'method' | 'role'>): Role {
  return role ?? (method === 'GET' ? 'read' : 'operate');
}

/** /v1/profiles/{user_id} -> /v1/profiles/:user_id, and /v1/profiles:batch -> /v1/profiles::batch, which is a colon to the router. */
export function routerPath(path: string): string {
  return path.replaceAll(':', '::').replaceAll(/\{(\w+)\}/g, ':$1');
}

/**
 * A function that checks a part of a request against its schema and answers it in canonical form: null is absent, -0 is 0. It throws
 * invalid_argument naming each field that is wrong.
 */
export function parserOf<Schema extends z.ZodType>(schema: Schema): (value: unknown) => Canonical<z.output<Schema>> {
  // With the first request, as most routes are never asked.
  let compiled: Schema | undefined;
  const canonical = canonicalForm(schema);
  return (value) => {
    const result = (compiled ??= z.compile(schema)).safeParse(value);
    if (result.success) return canonical(result.data) as Canonical<z.output<Schema>>;
    const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) => ({ path: issue.path.map(String), message: issue.message }));
    throw new TipstreamError('invalid_argument', describeIssues(result.error), { details: { issues } });
  };
}

const MAX_ISSUES = 20;
