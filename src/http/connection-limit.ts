/** How many connections are open at a time. Those beyond are closed at once, and the log says so, at most every ten seconds. */
import type { Server } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';

const SAYS_EVERY_MS = 10_000;

export function limitConnections(server: Server, most: number, logger: FastifyBaseLogger | undefined): void {
  server.maxConnections = most;
  let closed = 0;
  let saidAtMs = -Infinity;
  server.on('drop', () => {
    closed++;
    if (performance.now() - saidAtMs < SAYS_EVERY_MS) return;
    saidAtMs = performance.now();
    logger?.warn({ connections: most, closed }, 'HTTP connections beyond --http-connections were closed');
    closed = 0;
  });
}
