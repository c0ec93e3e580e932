import type { FastifyReply } from 'fastify';
import { TipstreamError } from '../errors.js';

/** Aborts when the connection closes before the answer is written: nobody waits for it any more. */
export function callerGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(new TipstreamError('invalid_argument', 'the caller left before the answer')));
  return gone.signal;
}
