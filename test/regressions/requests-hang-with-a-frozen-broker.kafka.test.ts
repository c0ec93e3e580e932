/** Against a broker that hangs, requests waited two minutes, and SIGTERM took up to 20 s with connections open. */
import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { decisionsInLog } from '../support/e2e/decisions.js';
import { Stream } from '../support/e2e/stream.js';
import { startBroker } from '../support/broker/broker.js';

const broker = await startBroker({ own: true });
afterAll(() => broker?.stop());

/** The limit is 5 s; a machine that is busy needs longer to say so. */
const LATE_MS = 9_000;
const decision = {
  user_id: 'ana',
  decision_id: 'd1',
  requested_at_ms: 1_795_900_000_000,
  candidates: [
    { tip_id: 'a', is_overdue: true, task_age_days: 1, priority: 4 },
    { tip_id: 'b', is_overdue: false, task_age_days: 2, priority: 1 },
  ],
};

describe.skipIf(broker === null)('a broker that hangs', () => {
  it('does not keep requests, nor the end of the service, and the decision is one', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 2 });
    let member = stream.start([], 'data');
    await member.untilRunning(2);
    const call = async (method: string, path: string, body?: string) => {
      const beganMs = performance.now();
      const headers = body === undefined ? {} : { 'content-type': path === '/v1/events' ? 'application/x-ndjson' : 'application/json' };
      const init = body === undefined ? { method, headers } : { method, headers, body };
      const answer = await fetch(`${await member.address()}${path}`, init);
      const text = await answer.text();
      return { status: answer.status, text, retryAfter: answer.headers.get('retry-after'), tookMs: performance.now() - beganMs };
    };
    const event = { topic: 'tip.served', value: { user_id: 'ana', tip_id: 't', served_at_ms: 1_795_900_000_000 } };
    broker!.freeze();
    const answers = await Promise.all([
      call('POST', '/score', JSON.stringify(decision)),
      call('POST', '/reward/egreedy/v2', JSON.stringify({ user_id: 'ana', tip_id: 't', action: 'done' })),
      call('POST', '/reset', JSON.stringify({ user_id: 'ana' })),
      call('POST', '/v1/events', JSON.stringify(event)),
      call('GET', '/v1/lag'),
    ]);
    for (const { status, text, retryAfter, tookMs } of answers) {
      expect([503, 504], text).toContain(status);
      expect(retryAfter).toBe('1');
      expect(tookMs).toBeLessThan(LATE_MS);
    }
    for (const path of ['/livez', '/readyz', '/metrics', '/v1/status', '/v1/policies', '/stats/egreedy/v1'])
      expect((await call('GET', path)).tookMs, path).toBeLessThan(LATE_MS);

    // A connection that is kept alive, and one whose body never comes to its end.
    await call('GET', '/livez');
    const { hostname, port } = new URL(await member.address());
    const upload = connect(Number(port), hostname).on('error', () => undefined);
    upload.write('POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n');
    const beganMs = performance.now();
    expect(await member.stop()).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(LATE_MS);
    upload.destroy();

    broker!.thaw();
    member = stream.start([], 'data');
    await member.untilRunning(2);
    const again = await call('POST', '/score', JSON.stringify(decision));
    expect(again.status, again.text).toBe(200);
    const { recorded, ...content } = JSON.parse(again.text) as { recorded: boolean };
    expect(recorded).toBe(true);
    expect(JSON.parse((await decisionsInLog(stream)).first.get('d1')!)).toEqual(content);
    expect(await member.stop()).toBe(0);
  });
});
