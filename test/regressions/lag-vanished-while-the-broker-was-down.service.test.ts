/** With the broker down, /readyz stayed 200, /v1/status said lag 0, and every tipstream_lag series vanished: no alert could fire. */
import { expect, test, vi } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import type { LagRow } from '../../src/log/lag.js';
import { embeddedService } from '../support/embedded/directory.js';
import { samples } from '../support/exposition.js';

test.each(['hangs', 'refuses'] as const)(
  'a log that %s is said within 10 s, lag stays and grows, and all returns with the log',
  async (how) => {
    const embedded = await embeddedService({ partitions: 2, logTimeoutMs: 200 });
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: 1 });
    const service = await embedded.start();
    await service.caughtUp();
    const server = buildServer(service, { host: '127.0.0.1' });
    const get = (url: string) => server.inject({ method: 'GET', url, headers: { host: 'localhost' } });
    await vi.waitFor(async () => expect((await get('/readyz')).statusCode).toBe(200), 10_000);
    const before = (await get('/v1/lag')).json<LagRow[]>();
    const seriesBefore = [...samples(await service.metrics()).keys()].filter((name) => name.startsWith('tipstream_lag'));
    expect(seriesBefore.length).toBeGreaterThan(0);

    const answerAgain = how === 'hangs' ? embedded.faults.hang() : embedded.faults.refuse();
    const exposed = samples(await service.metrics());
    expect([...exposed.keys()].filter((name) => name.startsWith('tipstream_lag'))).toEqual(seriesBefore);
    const beganMs = performance.now();
    await vi.waitFor(async () => expect((await get('/readyz')).statusCode).toBe(503), { timeout: 12_000, interval: 200 });
    expect(performance.now() - beganMs).toBeLessThan(11_000);
    expect((await get('/readyz')).json<{ error: { message: string } }>().error.message).toMatch(/the log has not answered for \d+ s/);
    expect((await get('/livez')).statusCode).toBe(200);
    const status = service.status();
    expect(status).toMatchObject({ ready: false, log_reachable: false });
    expect(status.log_silent_ms).toBeGreaterThan(7_000);
    const rows = (await get('/v1/lag')).json<LagRow[]>();
    expect(rows.map(({ topic, partition, lag_records }) => [topic, partition, lag_records])).toEqual(
      before.map(({ topic, partition, lag_records }) => [topic, partition, lag_records]),
    );
    for (const { status: verdict, reason, lag_seconds: seconds } of rows) {
      expect(verdict).not.toBe('ok');
      expect(reason).toMatch(/the log has not answered for \d+ s/);
      expect(seconds).toBeGreaterThan(7);
    }
    const silent = samples(await service.metrics());
    expect(silent.get('tipstream_log_reachable')).toBe(0);
    expect([...silent.keys()].filter((name) => name.startsWith('tipstream_lag'))).toEqual(seriesBefore);
    const of = 'tipstream_lag_seconds{topic="tip.served",partition="0"}';
    expect(silent.get(of)).toBeGreaterThan(7);

    const said = (start: string) => embedded.logged.filter(({ msg }) => msg.startsWith(start)).length;
    await vi.waitFor(() => expect(said('the log does not answer')).toBe(1), 10_000);

    answerAgain();
    await vi.waitFor(async () => expect((await get('/readyz')).statusCode).toBe(200), 10_000);
    const again = samples(await service.metrics());
    expect([again.get('tipstream_log_reachable'), again.get(of)]).toEqual([1, 0]);
    expect([said('the log does not answer'), said('the log answers again')]).toEqual([1, 1]);
    await server.close();
  },
);
