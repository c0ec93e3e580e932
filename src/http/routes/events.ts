/**
 * POST /v1/events: NDJSON as `produce` takes it, read as it comes. 200 when every line was accepted, 422 when any was rejected, as produce
 * exits with 1; the counts are in the body either way, and without `atomic` the valid lines have been written.
 */
import { ERROR_KINDS, TipstreamError } from '../../errors.js';
import { linesOf } from '../../producer/line-reader.js';
import type { ProduceSummary } from '../../service/application.js';
import { CLOSED_TOPICS, GUARDED_TOPICS, type TopicName } from '../../topics.js';
import { closedTopicsOf } from '../access.js';
import { addProduced } from '../recorded/audit-requests.js';
import { errorBody } from '../error-answer.js';
import { defineRoute } from '../route.js';
import { atomicQuery, produceLineSchema, produceRefusalSchema, produceSummarySchema } from '../schemas.js';

export const eventsRoute = defineRoute({
  method: 'POST',
  path: '/v1/events',
  operationId: 'produceEvents',
  audited: { action: 'events.produce', logged: 'own', appendsEvents: true },
  summary: 'Append events',
  description:
    'One event a line, as `tipstream produce` takes them, of any length: lines are checked and ' +
    'appended while they arrive. An answer other than 200' +
    ', 403 and 422 can come after some lines were written; sending the same events again changes nothing but offsets. ' +
    'policy.control and the topics that tipstream writes itself need the role own, and nobody may write to tipstream.audit.',
  query: atomicQuery,
  body: { kind: 'ndjson', schema: produceLineSchema },
  answers: {
    200: { description: 'Every line was accepted.', schema: produceSummarySchema },
    403: {
      description: 'Lines were rejected because their topic needs the role own; without atomic=true the others were written.',
      schema: produceRefusalSchema,
    },
    422: { description: 'Lines were rejected; without atomic=true the others were written.', schema: produceRefusalSchema },
  },
  async handle({ query: { atomic = false }, body }, reply, application) {
    const { caller } = reply.request;
    const closedTopics = closedTopicsOf(caller);
    try {
      // The socket must outlive a reader that stops early: the answer goes out on it.
      const lines = linesOf(body.iterator({ destroyOnReturn: false }));
      const onWritten = (written: ReadonlyMap<string, number>) => addProduced(reply.request, { written, rejected: 0 });
      const summary = await application.produce(lines, { atomic, closedTopics, by: caller?.name ?? undefined, onWritten });
      if (summary.rejected === 0) return summary;
      const error = refusal(summary, closedTopics);
      addProduced(reply.request, { written: new Map(), rejected: summary.rejected });
      reply.request.failure = { code: error.code, message: error.message };
      void reply.code(ERROR_KINDS[error.code].http);
      return { ...summary, ...errorBody(error) };
    } finally {
      body.resume(); // what was not read goes nowhere, so that the connection gets to its next request
    }
  },
});

/** A line that its caller may not write says more of what to do than one that is wrong. */
function refusal({ accepted, rejected, errors }: ProduceSummary, closedTopics: readonly TopicName[] | undefined): TipstreamError {
  const [first, closed] = [errors[0], errors.find(({ code }) => code === 'forbidden')];
  const what = `${rejected} of ${accepted + rejected} lines ${rejected === 1 ? 'was' : 'were'} rejected`;
  if (closed !== undefined && closedTopics === undefined)
    return new TipstreamError('forbidden', `${what}; line ${closed.line}: ${closed.message}`, {
      hint: `Leave out lines for ${CLOSED_TOPICS.join(', ')}: tipstream itself writes there what callers change.`,
    });
  if (closed !== undefined)
    return new TipstreamError('forbidden', `${what}; line ${closed.line}: ${closed.message}`, {
      hint:
        `Only a token of the role own may write to ${GUARDED_TOPICS.join(', ')}. ` +
        'On this machine, use the commands, or tipstream produce.',
      details: { needed: 'own' },
    });
  return new TipstreamError('invalid_event', first === undefined ? what : `${what}; line ${first.line}: ${first.message}`);
}
