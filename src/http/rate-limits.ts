/**
 * How often a caller may ask, and how often an address may try tokens. @fastify/rate-limit counts, in memory: by the name of the token, or
 * by the address where there are no tokens.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TipstreamError } from '../errors.js';
import { OneAtATime } from '../one-at-a-time.js';

const SECOND_MS = 1_000;
/** Whoever mistypes a token gets by; whoever guesses does not. */
const WRONG_TOKENS = { max: 10, timeWindow: 10 * SECOND_MS };

type Limiter = ReturnType<FastifyInstance['createRateLimit']>;

export interface RateLimits {
  /** Counts a request of a caller who is known. Throws too_many_requests. */
  request(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Counts a request with a wrong token. Throws too_many_requests. */
  wrongToken(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** @param perSecond of one caller; 0: as many as there come */
export function rateLimits(server: FastifyInstance, perSecond: number): RateLimits {
  void server.register(rateLimit, { global: false });
  // Made by the first request: by then the plugin is there.
  let requests: Limiter | undefined;
  let wrongTokens: Limiter | undefined;
  // The plugin reads a count after it has let others count: of requests at one moment, each would be told the sum of all.
  const turns = new OneAtATime();
  return {
    async request(request, reply) {
      if (perSecond === 0) return;
      requests ??= server.createRateLimit({
        max: perSecond,
        timeWindow: SECOND_MS,
        keyGenerator: ({ caller, ip }) => (caller === null || caller.name === null ? ip : `token ${caller.name}`),
      });
      await count(
        turns.run(() => requests!(request)),
        reply,
        `this caller has asked more than ${perSecond} times within a second`,
      );
    },
    async wrongToken(request, reply) {
      wrongTokens ??= server.createRateLimit({ ...WRONG_TOKENS, keyGenerator: ({ ip }) => `wrong token ${ip}` });
      await count(
        turns.run(() => wrongTokens!(request)),
        reply,
        'too many requests with a wrong token came from this address',
      );
    },
  };
}

async function count(counting: ReturnType<Limiter>, reply: FastifyReply, what: string): Promise<void> {
  const counted = await counting;
  if (counted.isAllowed || !counted.isExceeded) return;
  const seconds = Math.max(1, counted.ttlInSeconds);
  void reply.header('retry-after', String(seconds));
  throw new TipstreamError('too_many_requests', what, {
    hint:
      `Wait ${seconds} s, as the header Retry-After says. ` +
      'POST /v1/events takes many events, and POST /v1/profiles:batch many users, in one request.',
    details: { retry_after_s: seconds },
  });
}
