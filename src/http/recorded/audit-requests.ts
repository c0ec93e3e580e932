/**
 * What callers change, for the audit trail: each request to a route that is `audited` becomes an entry when its answer is about to leave,
 * so that whoever has the answer can read the entry. Whether the entry can be written does not change the answer.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerActor } from '../../audit-trail/actor.js';
import type { AuditedChange } from '../../audit-trail/record.js';
import type { AuditAction, AuditTarget } from '../../events/audit-event.js';
import { traceContextOf } from '../../events/trace-context.js';
import type { Application } from '../../service/application.js';
import { GUARDED_TOPICS } from '../../topics.js';

/** What the entry of a request says. `input` is what the route's schemas let through, and `answer` what the handler answered. */
export interface Audited {
  readonly action: AuditAction;
  /** Whose requests are lines of the log too: everybody's, those of the role own, or nobody's. */
  readonly logged: 'always' | 'own' | 'never';
  /** It appends events of upstream: all requests of a caller within some seconds are one entry. */
  readonly appendsEvents?: true;
  /** Whether the request would change anything; a dry run does not. Absent: it would. */
  changes?(input: never): boolean;
  /** undefined: everything, or many. */
  target?(input: never): AuditTarget | undefined;
  details?(answer: never): Readonly<Record<string, unknown>>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What the route's schemas let through; undefined: not so far yet. */
    asked: unknown;
    /** What the handler answered; undefined: it has not. */
    answered: unknown;
    /** What was answered instead. */
    failure: AuditedChange['error'];
    /** Events that it appended. */
    produced: ProducedByRequest;
    isNoted: boolean;
  }
}

interface ProducedByRequest {
  /** Full name of the topic -> lines. */
  readonly written: ReadonlyMap<string, number>;
  readonly rejected: number;
}

const NOTHING: ProducedByRequest = { written: new Map(), rejected: 0 };

export function auditRequests(server: FastifyInstance, application: Application): void {
  server.decorateRequest('asked');
  server.decorateRequest('answered');
  server.decorateRequest('failure');
  server.decorateRequest('produced');
  server.decorateRequest('isNoted', false);
  server.addHook('onSend', async (request, reply) => note(application, request, reply));
}

/** For routes that append events: called as often as there is something to add. */
export function addProduced(request: FastifyRequest, { written, rejected }: ProducedByRequest): void {
  const before = request.produced ?? NOTHING;
  const sum = new Map(before.written);
  for (const [topic, lines] of written) sum.set(topic, (sum.get(topic) ?? 0) + lines);
  request.produced = { written: sum, rejected: before.rejected + rejected };
}

function note(application: Application, request: FastifyRequest, reply: FastifyReply): void {
  const { audited } = request.routeOptions.config;
  const { caller, asked, isNoted } = request;
  // Who asks too often has asked for nothing yet.
  if (audited === undefined || caller === null || isNoted || reply.statusCode === 429) return;
  if (asked !== undefined && audited.changes?.(asked as never) === false) return;
  request.isNoted = true;
  const actor = callerActor(caller);
  const { written, rejected } = request.produced ?? NOTHING;
  const error = reply.statusCode >= 400 ? request.failure : undefined;
  if (audited.appendsEvents === true && ![...written.keys()].some(isGuarded) && error?.code !== 'forbidden')
    return application.noteProduced({ actor, written, rejected, ...(error === undefined || rejected > 0 ? {} : { error }) });
  application.noteChange({
    actor,
    action: audited.action,
    ...(asked === undefined || audited.target === undefined ? {} : { target: audited.target(asked as never) }),
    ...outcomeOf(reply.statusCode, written.size > 0),
    error,
    requestId: request.id,
    traceparent: traceparentOf(request),
    details: audited.appendsEvents === true ? { written: Object.fromEntries(written), rejected } : detailsOf(audited, request),
  });
}

function outcomeOf(status: number, wroteSome: boolean): Pick<AuditedChange, 'outcome'> {
  if (status >= 500) return { outcome: 'failed' };
  if (status >= 400) return { outcome: wroteSome ? 'done' : 'refused' };
  return { outcome: status === 202 ? 'begun' : 'done' };
}

function detailsOf({ details }: Audited, { answered }: FastifyRequest): AuditedChange['details'] {
  return answered === undefined ? undefined : details?.(answered as never);
}

/** With any topic prefix. */
function isGuarded(fullName: string): boolean {
  return GUARDED_TOPICS.some((topic) => fullName.endsWith(topic));
}

function traceparentOf({ headers: { traceparent } }: FastifyRequest): string | undefined {
  return typeof traceparent === 'string' ? traceContextOf(traceparent)?.traceparent : undefined;
}
