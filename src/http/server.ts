/**
 * The HTTP server, not yet listening: fastify with tipstream's checks before the routes and one form of error after them. A request passes
 * headers, shutdown, token or Host, content type, body parser, handler; whatever is thrown on the way becomes {error: {...}}.
 */
import { METHODS as NODE_METHODS } from 'node:http';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify';
import { jsonText } from '../projections/object-value.js';
import { TipstreamError } from '../errors.js';
import { ANYBODY_HERE, SECURITY_HEADERS, callerOf, checkHost, checkOrigin, checkRole, isLoopback } from './access.js';
import type { Application } from '../service/application.js';
import { auditRequests } from './recorded/audit-requests.js';
import { readJsonBodies, streamNdjsonBodies } from './body-parsers.js';
import { answerBrokenRequest, refuseConnect } from './broken-request.js';
import { entityTag, isKnownToCaller } from './entity-tag.js';
import { errorAnswer } from './error-answer.js';
import { KnownPaths, type KnownPath } from './known-paths.js';
import { rateLimits, type RateLimits } from './rate-limits.js';
import { logRequests } from './recorded/request-log.js';
import { JSON_TYPE, NDJSON_TYPES, roleFor, routerPath, type Route } from './route.js';
import { routesOf } from './routes.js';
import type { Caller, Role, Tokens } from './tokens.js';

export interface ServerOptions {
  /** Where it will listen, which decides whether the Host header is checked. */
  readonly host: string;
  /** Given: callers must send one of these as bearer token. Asked at each request, because files of them change. */
  readonly tokens?: (() => Tokens) | undefined;
  /** Absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Whether every request is logged. */
  readonly accessLog?: boolean | undefined;
  /** Requests a second that a caller may make; 0, or absent: as many as there come. */
  readonly requestsPerSecond?: number | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** null: it has not been asked yet who it is, or the route answers everybody. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Answers without a token. */
    open?: boolean;
    /** What the caller must be allowed to do. */
    role?: Role;
    /** The route's name. */
    operation?: string;
    /** What is recorded of a request, and whether it is logged who asked. */
    audited?: Route['audited'];
    /** The content types of the body, for the answer to any other. */
    accepts?: readonly string[];
    /** Takes no body; what is sent as one is not read. */
    bodiless?: boolean;
  }
}

/** No byte in either direction for this long, and the connection goes. Longer than any answer takes. */
const IDLE_CONNECTION_MS = 300_000;
/** A connection that has not sent all headers by then holds nothing but a place. */
const HEADERS_WITHIN_MS = 10_000;
/** More than the longest percent-encoded id; a longer one is refused as an id, with a message. Node bounds the request line. */
const MAX_PARAMETER_LENGTH = 65_536;
/** They change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Of requests whose body nobody wants: it is not read to its end, which may be far. */
const CLOSING_STATUSES: ReadonlySet<number> = new Set([401, 403, 413, 415, 429]);
/** Every method that Node reads; CONNECT is for proxies, and reaches no route. */
const METHODS = NODE_METHODS.filter((method) => method !== 'CONNECT') as readonly HTTPMethods[];

export function buildServer(application: Application, options: ServerOptions): FastifyInstance {
  const server = fastify({
    ...(options.logger === undefined ? {} : { loggerInstance: options.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    connectionTimeout: IDLE_CONNECTION_MS,
    // Both are said by requestCheck, in our form.
    return503OnClosing: false,
    http: { requireHostHeader: false, headersTimeout: HEADERS_WITHIN_MS, connectionsCheckingInterval: HEADERS_WITHIN_MS / 2 },
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors: (error, request, reply) => sendError(error, request, reply.headers(SECURITY_HEADERS)),
    clientErrorHandler: answerBrokenRequest,
  });
  server.setReplySerializer((answer) => jsonText(answer));
  const routes = routesOf(options.tokens !== undefined);
  for (const method of METHODS) if (!server.supportedMethods.includes(method)) server.addHttpMethod(method);
  server.decorateRequest('caller', null);
  const limits = rateLimits(server, options.requestsPerSecond ?? 0);
  server.addHook('onRequest', requestCheck(server, { paths: new KnownPaths(routes), limits }, options));
  auditRequests(server, application);
  if (options.logger !== undefined) logRequests(server, { everyRequest: options.accessLog ?? false });
  server.setErrorHandler(sendError);
  server.setNotFoundHandler((request) => {
    throw noRoute(request);
  });
  refuseConnect(server.server);
  readJsonBodies(server);
  for (const route of routes) if (route.body?.kind !== 'ndjson') addRoute(server, route, application);
  void server.register(async (child) => {
    streamNdjsonBodies(child);
    for (const route of routes) if (route.body?.kind === 'ndjson') addRoute(child, route, application);
  });
  return server;
}

function addRoute(server: FastifyInstance, route: Route, application: Application): void {
  const accepts = route.body?.kind === 'ndjson' ? NDJSON_TYPES : [JSON_TYPE];
  server.route({
    method: route.method,
    url: routerPath(route.path),
    config: {
      open: route.open ?? false,
      role: roleFor(route),
      operation: route.operationId,
      audited: route.audited,
      accepts,
      bodiless: route.body === undefined,
    },
    handler: async (request, reply) => {
      const input = route.parse(request);
      request.asked = input;
      const answer = await route.handle(input, reply, application);
      request.answered = answer;
      if (route.says === undefined || !isKnownToCaller(entityTag(route.says(answer)), request, reply)) return answer;
      return reply.code(304).send();
    },
  });
}

function requestCheck(
  server: FastifyInstance,
  { paths, limits }: { readonly paths: KnownPaths; readonly limits: RateLimits },
  { host, tokens }: ServerOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const guarded = tokens === undefined && isLoopback(host);
  const callerOrLimit = async (request: FastifyRequest, reply: FastifyReply, given: Tokens): Promise<Caller> => {
    try {
      return callerOf(request.headers.authorization, given);
    } catch (error) {
      // Whoever presents none guesses nothing: a page that was just opened asks without one.
      if (request.headers.authorization !== undefined) await limits.wrongToken(request, reply);
      throw error;
    }
  };
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  return async (request, reply) => {
    void reply.headers(SECURITY_HEADERS);
    if (closing) throw new TipstreamError('not_ready', 'the service is shutting down');
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new TipstreamError('invalid_argument', 'the request has no Host header');
    const { accepts, bodiless, open, role } = request.routeOptions.config;
    const known = request.is404 ? paths.find(pathOf(request)) : undefined;
    const isQuestion = known !== undefined && request.method === 'OPTIONS';
    if (guarded) checkHost(request.headers.host);
    if (!SAFE_METHODS.has(request.method)) checkOrigin(request.headers);
    const isOpen = open === true || (isQuestion && known.open);
    if (tokens === undefined) request.caller = ANYBODY_HERE;
    else if (!isOpen) request.caller = await callerOrLimit(request, reply, tokens());
    if (!isOpen) await limits.request(request, reply); // never of probes, which would restart a busy service
    if (request.caller !== null && role !== undefined) checkRole(request.caller, role);
    // Before the framework looks for a body.
    if (isQuestion) return void reply.code(204).header('allow', known.allowed.join(', ')).send();
    if (known !== undefined) throw otherMethod(request, reply, known);
    if (request.is404) throw noRoute(request);
    if (accepts === undefined || request.method !== 'POST') return;
    // Whoever sends neither is no page: a browser names where a POST comes from.
    if (bodiless === true && request.headers['content-type'] === undefined && request.headers.origin === undefined) return;
    checkBodyHeaders(request, accepts);
  };
}

/**
 * A page of another origin can post forms and text without asking; JSON and NDJSON it cannot, so a POST has to say that it is one of these,
 * even when it has no body.
 */
function checkBodyHeaders({ headers }: FastifyRequest, accepts: readonly string[]): void {
  const type = headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase();
  if (type === undefined || !accepts.includes(type)) {
    throw new TipstreamError(
      'unsupported_media_type',
      type === undefined ? 'the request has no content-type' : `the content-type ${type} is not read here`,
      {
        details: { accepts },
        hint: `Send the header content-type: ${accepts[0]}.`,
      },
    );
  }
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    throw new TipstreamError('unsupported_media_type', `the content-encoding ${encoding} is not read here`, {
      hint: 'Send the body uncompressed.',
    });
  }
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, retryable, body } = errorAnswer(error);
  request.failure = { code: body.error.code, message: body.error.message };
  logFailure(error, status, body.error.code, request);
  if (CLOSING_STATUSES.has(status) && hasMoreBody(request)) void reply.header('connection', 'close');
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  if ((status === 503 || status === 504) && retryable) void reply.header('retry-after', '1');
  // As the gateway has said it: whoever asks on is refused there again.
  const retryAfter = body.error.code === 'gateway_rate_limited' ? body.error.details?.retry_after : undefined;
  if (typeof retryAfter === 'string') void reply.header('retry-after', retryAfter);
  void reply.code(status).type('application/json; charset=utf-8').send(body);
}

function hasMoreBody({ raw, headers }: FastifyRequest): boolean {
  return !raw.complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
}

/**
 * What the caller did wrong, or asked of a part that is not configured, is the caller's to know. What waited for others is a warning, and
 * what is ours an error. The path is the route's, because the caller's may hold the id of a user.
 */
function logFailure(error: unknown, status: number, code: string, { log, method, routeOptions }: FastifyRequest): void {
  if (status < 500 || status === 501 || status === 503) return;
  const line = { err: error, method, path: routeOptions.url ?? null, code };
  if (status === 502 || status === 504) log.warn(line, 'request failed');
  else log.error(line, 'request failed');
}

function otherMethod({ method }: FastifyRequest, reply: FastifyReply, { path, own, allowed }: KnownPath): TipstreamError {
  void reply.header('allow', allowed.join(', '));
  return new TipstreamError('method_not_allowed', `${path} takes ${own.join(' and ')}, not ${method}`, { details: { allowed } });
}

function noRoute(request: FastifyRequest): TipstreamError {
  return new TipstreamError('not_found', `there is no ${request.method} ${pathOf(request)}`, {
    hint: 'See GET /openapi.json for every route.',
  });
}

/** Without the query. */
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!;
}
