/** Bodies: JSON is read whole, up to a limit; NDJSON is handed on as the stream it comes in. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { jsonProblem } from '../events/json-problem.js';
import { TipstreamError } from '../errors.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../topics.js';
import { JSON_TYPE, NDJSON_TYPES } from './route.js';

/** What the log takes as one record is also the most that one command may be. */
export const MAX_JSON_BYTES = DEFAULT_MAX_MESSAGE_BYTES;

export function readJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer', bodyLimit: MAX_JSON_BYTES }, (request, body, done) => {
    try {
      const isNone = body.length === 0 && request.routeOptions.config.bodiless === true;
      done(null, isNone ? undefined : parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

export function streamNdjsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser([...NDJSON_TYPES], (_request, body, done) => done(null, body));
}

/** `__proto__` becomes a field like any other, which no schema takes over. */
function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new TipstreamError('invalid_argument', 'the request body is empty; expected a JSON object');
  if (!isUtf8(bytes)) throw new TipstreamError('invalid_argument', 'the request body is not well-formed UTF-8');
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, '')) as unknown;
  } catch (error) {
    throw new TipstreamError('invalid_argument', `the request body is not JSON: ${jsonProblem(error)}`);
  }
}
