/** Whoever could POST events could promote a policy, or write its decisions, without the gate and without a reason. */
import { expect, test } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { Tokens } from '../../src/http/tokens.js';
import { embeddedService } from '../support/embedded/directory.js';

const NOW_MS = Date.UTC(2026, 0, 31);
const OWN = 'w'.repeat(16);
const promotion = { control_id: 'p', type: 'promote', policy: 'egreedy-v2', percent: 100, effective_at_ms: NOW_MS, reason: 'because' };
const served = { tip_id: 't', user_id: 'ana', served_at_ms: NOW_MS - 1 };
const profile = { user_id: 'ana', as_of_ms: NOW_MS, features: {}, feature_set: 'x' };
const scored = {
  decision_id: 'd',
  user_id: 'ana',
  policy: 'egreedy-v1',
  scored_at_ms: NOW_MS,
  epsilon: 0.1,
  explored: false,
  chosen_tip_id: 't',
  ranking: [{ tip_id: 't', score: 0, propensity: 1 }],
  features: { names: ['bias'], vectors: { t: [1] } },
  model: { updates: 0, theta: [0] },
  salt: '0',
  profile: { as_of_ms: NOW_MS, features: {} },
  feature_set: 'x',
  input: null,
  positions: {},
};
const lines = [
  { topic: 'policy.control', value: promotion },
  { topic: 'tip.served', value: served },
  { topic: 'tip.scored', value: scored },
  { topic: 'tip.scored.shadow', value: { ...scored, shadow_of: 'egreedy-v1' } },
  { topic: 'profile.features', value: profile },
];
const payload = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const headers = { 'content-type': 'application/x-ndjson' };

test('only a token of the role own may write what the gate and the workers write', async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW_MS, publishProfiles: false });
  await embedded.catchUp();
  const guarded = lines.map(({ topic }) => topic).filter((topic) => topic !== 'tip.served');
  const written = async () => (await Promise.all(guarded.map((topic) => embedded.records(topic)))).flat().length;

  const open = buildServer(embedded.service, { host: '127.0.0.1' });
  const refused = await open.inject({ method: 'POST', url: '/v1/events', headers, payload });
  expect(refused.statusCode).toBe(403);
  expect(refused.json()).toMatchObject({
    accepted: 1,
    rejected: 4,
    errors: guarded.map((topic) => ({ code: 'forbidden', message: `this caller may not write to ${topic}` })),
    error: { code: 'forbidden', details: { needed: 'own' } },
  });
  const atomic = await open.inject({ method: 'POST', url: '/v1/events?atomic=true', headers, payload });
  expect([atomic.statusCode, atomic.json<{ accepted: number }>().accepted]).toEqual([403, 0]);
  expect([await written(), (await embedded.records('tip.served')).length]).toEqual([0, 1]);

  const secured = buildServer(embedded.service, { host: '127.0.0.1', tokens: () => Tokens.ofOwner(OWN) });
  const taken = await secured.inject({
    method: 'POST',
    url: '/v1/events',
    headers: { ...headers, authorization: `Bearer ${OWN}` },
    payload,
  });
  expect([taken.statusCode, taken.json()]).toEqual([200, { accepted: 5, rejected: 0, errors: [] }]);
  expect(await written()).toBe(4);
});
