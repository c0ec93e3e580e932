/** GET /livez and /readyz, for orchestrators and load balancers: they need no token and tell nothing about users. */
import { TipstreamError } from '../../errors.js';
import { troubles } from '../../service/readiness.js';
import { defineRoute } from '../route.js';
import { liveSchema, readySchema } from '../schemas.js';

export const liveRoute = defineRoute({
  method: 'GET',
  path: '/livez',
  operationId: 'isLive',
  summary: 'Whether the process answers',
  open: true,
  answers: { 200: { description: 'It does.', schema: liveSchema } },
  handle: () => ({ live: true }),
});

export const readyRoute = defineRoute({
  method: 'GET',
  path: '/readyz',
  operationId: 'isReady',
  summary: 'Whether every partition is restored and running, has an owner, and the log answers',
  open: true,
  answers: { 200: { description: 'Ready.', schema: readySchema } },
  handle(_input, _reply, application) {
    const status = application.status();
    const found = troubles(status);
    const reasons = found.length === 0 && !status.ready ? ['the service is starting and has no partitions yet'] : found;
    if (reasons.length === 0) return { ready: true };
    throw new TipstreamError('not_ready', `not ready: ${reasons.join('; ')}`, {
      details: { reasons },
      hint: 'See GET /v1/status for more.',
    });
  },
});
