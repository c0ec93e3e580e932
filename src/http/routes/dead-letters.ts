/** GET /v1/dead-letters lists the records that were refused; GET /v1/dead-letters/{topic}/{partition}/{offset} shows one whole. */
import { printFields } from '../../producer/json-form.js';
import { deadLetterSchema, deadLettersQuery, deadLettersSchema, letterParameters, rowsAsked } from '../dead-letters-schemas.js';
import { everything } from '../entity-tag.js';
import { JSON_TYPE, defineRoute } from '../route.js';
import { noQuery } from '../schemas.js';

export const deadLettersRoute = defineRoute({
  method: 'GET',
  path: '/v1/dead-letters',
  operationId: 'getDeadLetters',
  summary: 'Records that were refused',
  description:
    'One row for each refused record, however many owners of its partition sent it, with counts by topic and code. ' +
    'At most the newest 20000 dead letters of the log are known, and what can be read in half of --log-timeout-ms: `read` says ' +
    'whether that was all, and asking again reads on. Keys and messages are cut at 300 characters.',
  query: deadLettersQuery,
  answers: { 200: { description: 'The records, newest first.', schema: deadLettersSchema } },
  says: everything,
  handle: ({ query: { topic, code, since_ms: sinceMs, limit, cursor } }, _reply, application) =>
    application.deadLetters({ topic, code, sinceMs, limit: rowsAsked(limit), cursor }),
});

export const deadLetterRoute = defineRoute({
  method: 'GET',
  path: '/v1/dead-letters/{topic}/{partition}/{offset}',
  operationId: 'getDeadLetter',
  summary: 'One dead letter whole',
  description:
    'As `tipstream dead-letters show --json`: why, where from, its bytes as they read and in hexadecimal, and what the schema wants.',
  pathParameters: letterParameters,
  query: noQuery,
  answers: { 200: { description: 'The dead letter.', schema: deadLetterSchema } },
  async handle({ params }, reply, application) {
    const letter = await application.deadLetter(params);
    void reply.type(`${JSON_TYPE}; charset=utf-8`);
    return printFields(letter);
  },
});
