/** GET /v1/events/{topic}/{partition}/{offset}: a record of the log, and what it did. */
import { callerGone } from '../caller-gone.js';
import { allBut } from '../entity-tag.js';
import { recordParameter, recordSchema } from '../provenance-schemas.js';
import { defineRoute } from '../route.js';
import { noQuery } from '../schemas.js';

export const recordRoute = defineRoute({
  method: 'GET',
  path: '/v1/events/{topic}/{partition}/{offset}',
  operationId: 'getEvent',
  summary: 'A record of the log, and what it did',
  description:
    'Of the topics of this service and their dead-letter topics, any record that the log still holds; another topic or ' +
    'partition is topic_not_found, an offset beyond either end offset_out_of_range. What it did is said as far as this member ' +
    'holds the partition, as the state stands now.',
  pathParameters: recordParameter,
  query: noQuery,
  answers: { 200: { description: 'The record.', schema: recordSchema } },
  says: allBut('as_of_ms'),
  handle: ({ params }, reply, application) => application.record(params, callerGone(reply)),
});
