/**
 * POST /v1/events: NDJSON as `produce` takes it, read as it comes. 200 when every line was accepted, 422 when any was rejected, as produce
 * exits with 1; the counts are in the body either way, and without `atomic` the valid lines have been written.
 */
import { TipstreamError } from '../../errors.js';
import { linesOf } from '../../producer/line-reader.js';
import type { ProduceSummary } from '../../service/application.js';
import { errorBody } from '../error-answer.js';
import { defineRoute } from '../route.js';
import { atomicQuery, produceLineSchema, produceRefusalSchema, produceSummarySchema } from '../schemas.js';

export const eventsRoute = defineRoute({
  method: 'POST',
  path: '/v1/events',
  operationId: 'produceEvents',
  summary: 'Append events',
  description:
    'One event a line, as `tipstream produce` takes them, of any length: lines are checked and ' +
    'appended while they arrive. An answer other than 200 ' +
    'and 422 can come after some lines were written; sending the same events again changes nothing but offsets.',
  query: atomicQuery,
  body: { kind: 'ndjson', schema: produceLineSchema },
  answers: {
    200: { description: 'Every line was accepted.', schema: produceSummarySchema },
    422: { description: 'Lines were rejected; without atomic=true the others were written.', schema: produceRefusalSchema },
  },
  async handle({ query: { atomic = false }, body }, reply, application) {
    try {
      // The socket must outlive a reader that stops early: the answer goes out on it.
      const summary = await application.produce(linesOf(body.iterator({ destroyOnReturn: false })), { atomic });
      if (summary.rejected > 0) void reply.code(422);
      return summary.rejected > 0 ? { ...summary, ...errorBody(refusal(summary)) } : summary;
    } finally {
      body.resume(); // what was not read goes nowhere, so that the connection gets to its next request
    }
  },
});

function refusal({ accepted, rejected, errors }: ProduceSummary): TipstreamError {
  const first = errors[0];
  const what = `${rejected} of ${accepted + rejected} lines ${rejected === 1 ? 'was' : 'were'} rejected`;
  return new TipstreamError('invalid_event', first === undefined ? what : `${what}; line ${first.line}: ${first.message}`);
}
