/** GET /v1/prompts through the real service: what `tipstream policies prompts` counts, on the partitions held here. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { promptsDocument, servedPrompts } from '../../../src/service/policies/served-prompts.js';
import { startHttp, type HttpServer } from '../../../src/http/start.js';
import { EmbeddedService } from '../../support/embedded/service.js';

const NOW_MS = 1_795_219_200_000;
const users = Array.from({ length: 12 }, (_, i) => `user-${i}`);
let embedded: EmbeddedService;
let http: HttpServer;
beforeEach(async () => {
  embedded = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-prompts-')), { clock: () => NOW_MS, maxTaskIdleMs: 0 });
});
afterEach(async () => {
  await http?.close();
  await embedded.close();
});

async function open(): Promise<void> {
  await embedded.catchUp();
  http = await startHttp(embedded.service, { host: '127.0.0.1', port: 0 });
}
async function get(query = ''): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${http.address}/v1/prompts${query}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

it('compares what was served here, with whichever version one likes', async () => {
  await embedded.produce(
    'tip.candidates',
    ...users.map((user_id) => ({
      user_id,
      decision_id: 'd',
      requested_at_ms: NOW_MS - 9_000,
      candidates: [{ tip_id: 't', is_overdue: false, task_age_days: 1, priority: 2 }],
    })),
  );
  await embedded.catchUp();
  await embedded.produce(
    'tip.served',
    ...users.map((user_id, i) => ({
      user_id,
      tip_id: 't',
      decision_id: 'd',
      served_at_ms: NOW_MS - 8_000,
      ...(i % 3 === 2 ? {} : { prompt_version: ['v1', 'mine'][i % 3] }),
    })),
  );
  await embedded.produce(
    'tip.feedback',
    ...users.map((user_id, i) => ({ user_id, tip_id: 't', action: i % 3 === 1 ? 'done' : 'dismiss', reacted_at_ms: NOW_MS - 7_000 })),
  );
  await open();
  const { status, body } = await get();
  expect(status).toBe(200);
  expect(body).toMatchObject({
    against: 'v1',
    alpha: 0.05,
    counted_at_ms: NOW_MS,
    prompts: [
      { prompt_version: 'mine', served: 4, rewarded: 4, reward: { n: 4, mean: 1 }, difference: { reward: { mean: 1 } } },
      { prompt_version: 'v1', served: 4, reward: { mean: 0 }, difference: null },
      { prompt_version: null, served: 4, difference: null },
    ],
  });
  const counts = await servedPrompts(
    [0, 1].map((partition) => embedded.statePath(partition)),
    new AbortController().signal,
  );
  expect(body).toEqual(JSON.parse(JSON.stringify(promptsDocument(counts, NOW_MS))));
  expect(await get('?against=mine')).toMatchObject({
    status: 200,
    body: { against: 'mine', prompts: [{ difference: null }, { difference: { reward: { mean: -1 } } }, {}] },
  });
  expect(await get('?against=v9')).toMatchObject({
    status: 404,
    body: { error: { code: 'prompt_not_found', details: { hint: 'Choose one of those that were served: mine, v1.' } } },
  });
});

it('has nothing to compare where nothing was served', async () => {
  await open();
  expect(await get()).toEqual({ status: 200, body: { against: null, alpha: 0.05, prompts: [], counted_at_ms: NOW_MS } });
  expect(await get('?against=v1')).toMatchObject({
    status: 404,
    body: { error: { code: 'prompt_not_found', details: { hint: 'Serve tips with a prompt_version first: no serving names any.' } } },
  });
});

it.each([
  ['two at once', '?against=a&against=b'],
  ['another option', '?version=v1'],
  ['a name that none can have', `?against=${'x'.repeat(257)}`],
])('refuses %s', async (_, query) => {
  await open();
  expect(await get(query)).toMatchObject({ status: 400, body: { error: { code: 'invalid_argument' } } });
});

it('is not ready while no partition is held', async () => {
  await open();
  for (const partition of [0, 1]) embedded.service.group.revoked(partition);
  expect(await get()).toMatchObject({ status: 503, body: { error: { code: 'not_ready' } } });
});
