/** GET /metrics, for Prometheus. */
import { z } from 'zod';
import { defineRoute } from '../route.js';

const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';

export const metricsRoute = defineRoute({
  method: 'GET',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Metrics in the Prometheus text format',
  answers: { 200: { description: 'The text exposition.', contentType: 'text/plain', schema: z.string() } },
  async handle(_input, reply, application) {
    const text = await application.metrics();
    void reply.type(EXPOSITION);
    return text;
  },
});
