/** GET /livez and /readyz, for orchestrators and load balancers: they need no token and tell nothing about users. */
import { TipstreamError } from '../../errors.js';
import type { PartitionStatus, ServiceStatus } from '../../service/application.js';
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
  summary: 'Whether every partition is restored and running',
  open: true,
  answers: { 200: { description: 'Ready.', schema: readySchema } },
  handle(_input, _reply, application) {
    const reasons = unreadiness(application.status());
    if (reasons.length === 0) return { ready: true };
    throw new TipstreamError('not_ready', `not ready: ${reasons.join('; ')}`, {
      details: { reasons },
      hint: 'See GET /v1/status for more.',
    });
  },
});

/** Why the service is not ready, one sentence each; empty when it is. */
function unreadiness(status: ServiceStatus): string[] {
  const reasons = status.partitions.flatMap(reasonOf);
  return reasons.length === 0 && !status.ready ? ['the service is starting and has no partitions yet'] : reasons;
}

function reasonOf({ partition, state, error, lag_records: lag }: PartitionStatus): string[] {
  if (state === 'restoring') return [`partition ${partition} is restoring, ${lag} records to go`];
  if (state === 'stopped') return [`partition ${partition} stopped${error === null ? '' : ` (${error.code})`}`];
  return [];
}
