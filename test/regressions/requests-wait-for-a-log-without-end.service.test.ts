/** POST /score, /reward, /reset, /v1/events and GET /v1/lag waited for minutes while the log did not answer. */
import { expect, test } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import type { ScoredEvent } from '../../src/topics.js';
import { embeddedService } from '../support/embedded/directory.js';

const LIMIT_MS = 400;
const score = {
  user_id: 'ana',
  decision_id: 'd1',
  requested_at_ms: 1_795_900_000_000,
  candidates: [
    { tip_id: 'a', is_overdue: true, task_age_days: 1, priority: 4 },
    { tip_id: 'b', is_overdue: false, task_age_days: 2, priority: 1 },
  ],
};

test('every request that waits for the log ends in time, and a decision made meanwhile keeps its content', async () => {
  const embedded = await embeddedService({ partitions: 2, logTimeoutMs: LIMIT_MS });
  const service = await embedded.start();
  await service.caughtUp();
  const server = buildServer(service, { host: '127.0.0.1' });
  const call = async (method: 'GET' | 'POST', url: string, payload?: unknown) => {
    const beganMs = performance.now();
    const headers = { host: 'localhost', 'content-type': url === '/v1/events' ? 'application/x-ndjson' : 'application/json' };
    const answer = await server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload: payload as object }) });
    return { answer, tookMs: performance.now() - beganMs };
  };
  const answerAgain = embedded.faults.hang();
  const event = JSON.stringify({ topic: 'tip.served', value: { user_id: 'ana', tip_id: 't', served_at_ms: 1_795_900_000_000 } });
  const waiting = [
    call('POST', '/score', score),
    call('POST', '/reward/egreedy/v1', { user_id: 'ana', tip_id: 't', reward: 1 }),
    call('POST', '/reset', { user_id: 'ana' }),
    call('POST', '/v1/events', `${event}\n`),
    call('GET', '/v1/lag'),
  ];
  for (const { answer, tookMs } of await Promise.all(waiting)) {
    expect([503, 504], answer.body).toContain(answer.statusCode);
    expect(tookMs).toBeLessThan(LIMIT_MS * 5);
    expect(answer.headers['retry-after']).toBe('1');
    const { error } = answer.json<{ error: { code: string; details: { hint: string } } }>();
    expect(['timeout', 'log_unavailable']).toContain(error.code);
    expect(error.details.hint).toMatch(/\.$/);
  }
  expect((await call('GET', '/metrics')).answer.statusCode).toBe(200);
  expect((await call('GET', '/livez')).answer.statusCode).toBe(200);

  answerAgain();
  const [again, oncemore] = [
    await call('POST', '/score', { ...score, candidates: score.candidates.slice(1) }),
    await call('POST', '/score', score),
  ];
  expect(again.answer.statusCode, again.answer.body).toBe(200);
  expect(oncemore.answer.json()).toEqual(again.answer.json());
  const scored = (await embedded.scored()).filter(({ decision_id }) => decision_id === 'd1');
  const { recorded, ...content } = again.answer.json<ScoredEvent & { recorded: boolean }>();
  expect(recorded).toBe(true);
  expect(scored).toEqual([content]);
  await server.close();
});
