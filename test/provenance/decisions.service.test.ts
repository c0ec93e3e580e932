/** Decisions piece by piece: what is computed again is what was recorded, live and shadow, with the records behind the reward. */
import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import type { Choice, DecisionDocument } from '../../src/service/application.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';

const HOUR_MS = 3_600_000;
const START_MS = 1_700_000_000_000;
const NOW_MS = START_MS + 20 * 24 * HOUR_MS;

/** Some requests, each served and some rewarded, so that the later ones find something learned. */
async function learned(livePolicy: string, requests = 12): Promise<EmbeddedService> {
  const embedded = await embeddedService({
    partitions: 2,
    clock: () => NOW_MS,
    livePolicy,
    settings: { shadow: 'egreedy-v2', epsilon: 0.3 },
    publishProfiles: false,
  });
  for (let at = 0; at < requests; at++) {
    const requestedAtMs = START_MS + at * 24 * HOUR_MS;
    const candidates = [0, 1, 2].map((one) => ({
      tip_id: `t${at}-${one}`,
      is_overdue: (at + one) % 2 === 0,
      task_age_days: (at * 7 + one) % 31,
      priority: 1 + ((at + one) % 4),
    }));
    await embedded.produce('tip.candidates', { user_id: 'ana', decision_id: `d/${at}`, requested_at_ms: requestedAtMs, candidates });
    await embedded.catchUp();
    if (at % 4 === 3) continue;
    const served = { user_id: 'ana', tip_id: `t${at}-0`, served_at_ms: requestedAtMs + 1_000, category: 'home' };
    await embedded.produce('tip.served', served, { ...served, decision_id: `d/${at}` });
    const action = ['done', 'dismiss', 'snooze'][at % 4]!;
    await embedded.produce('tip.feedback', { user_id: 'ana', tip_id: `t${at}-0`, action, reacted_at_ms: requestedAtMs + HOUR_MS });
    await embedded.catchUp();
  }
  return embedded;
}

function checkChoice({ candidates, theta, names, u, chosen_tip_id: chosen, draw_adds_up: drawAddsUp, updates }: Choice): void {
  expect([drawAddsUp, theta.length]).toEqual([true, names.length]);
  const sum = candidates.reduce((total, { propensity }) => total + propensity, 0);
  expect(sum).toBeCloseTo(1, 12);
  for (const { tip_id: tipId, vector, terms, score, drawn, adds_up: addsUp, sum: total, bonus } of candidates) {
    expect([addsUp, total + bonus]).toEqual([true, score]);
    expect(terms).toEqual(vector.map((entry, at) => entry * theta[at]!));
    for (const entry of vector) expect(Number.isInteger(entry * 4096)).toBe(true);
    if (tipId === chosen) expect(drawn.from <= u && u < drawn.to).toBe(true);
  }
  expect(updates).toBeGreaterThanOrEqual(0);
}

describe('a decision', () => {
  it.each(['egreedy-v1', 'linucb'])(
    'of %s adds up to the bit, beside its shadow, with the records that it came from',
    async (policy) => {
      const embedded = await learned(policy);
      const { service } = embedded;
      const partition = embedded.partitionOf('ana');
      const { decisions } = await service.decisions('ana', { limit: 50 });
      expect(decisions.map(({ decision_id: id }) => id)).toEqual(Array.from({ length: 12 }, (_, at) => `d/${11 - at}`));
      const documents: DecisionDocument[] = [];
      for (const { decision_id: id } of decisions) documents.push(await service.decision('ana', id));
      for (const [at, { live, shadow, request, reward, served, search, ...document }] of documents.toReversed().entries()) {
        expect([live.policy, shadow!.policy]).toEqual([policy, 'egreedy-v2-shadow']);
        for (const choice of [live, shadow!]) {
          checkChoice(choice);
          const { effect } = await service.record(choice.record!);
          expect(effect).toMatchObject({ kind: 'decision', decision_id: `d/${at}`, is_this: true });
        }
        expect(request).toEqual({ topic: 'tip.candidates', partition, offset: at });
        expect(document).toMatchObject({ decision_id: `d/${at}`, partition, is_closed: false });
        if (at % 4 === 3) {
          expect([served, reward, document.rewardable_until_ms]).toEqual([null, null, null]);
          continue;
        }
        const servedAtMs = live.profile.as_of_ms + 1_000;
        expect(document.rewardable_until_ms).toBe(servedAtMs + 7 * 24 * HOUR_MS);
        expect(served).toMatchObject({ tip_id: `t${at}-0`, served_at_ms: servedAtMs, record: { topic: 'tip.served' } });
        expect(reward).toMatchObject({ value: at % 4 === 0 ? 1 : 0, happening: ['done', 'dismiss', 'snooze'][at % 4] });
        expect(reward!.at_ms).toBe(live.profile.as_of_ms + HOUR_MS);
        expect((await service.record(reward!.record!)).effect).toMatchObject({
          decisions: [{ decision_id: `d/${at}`, reward: reward!.value }],
        });
        expect(search.state).toBe('found');
      }
      // Something was learned, so that the scores are not all 0.
      expect(documents[0]!.live.updates).toBeGreaterThan(5);
      expect(documents[0]!.live.candidates.some(({ score }) => score !== 0)).toBe(true);
      if (policy === 'linucb') expect(documents[0]!.live.candidates.every(({ bonus }) => bonus > 0)).toBe(true);
    },
    60_000,
  );

  it('keeps its reward when a prune has taken its serving, and says that it stays so', async () => {
    let nowMs = START_MS + HOUR_MS;
    const retainMs = 90 * 24 * HOUR_MS;
    const embedded = await embeddedService({ partitions: 1, clock: () => nowMs, retainMs });
    const candidates = [{ tip_id: 't', is_overdue: true, task_age_days: 1, priority: 1 }];
    await embedded.produce('tip.candidates', { user_id: 'ana', decision_id: 'd', requested_at_ms: START_MS, candidates });
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: START_MS + 1, decision_id: 'd' });
    await embedded.produce('tip.feedback', { user_id: 'ana', tip_id: 't', action: 'done', reacted_at_ms: START_MS + 2 });
    await embedded.catchUp();
    expect(await embedded.service.decision('ana', 'd')).toMatchObject({ reward: { value: 1, at_ms: START_MS + 2 }, is_closed: false });
    nowMs += retainMs + HOUR_MS;
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 'new', served_at_ms: nowMs });
    await embedded.catchUp();
    expect(await embedded.service.decision('ana', 'd')).toMatchObject({
      served: null,
      reward: { value: 1, tip_id: 't', happening: null, at_ms: null, record: null },
      rewardable_until_ms: null,
      is_closed: true,
    });
    const { effect } = await embedded.service.record({ topic: 'tip.served', partition: 0, offset: 0 });
    expect(effect).toMatchObject({ kind: 'tip', is_kept: false, kept_at_ms: null, counted_in: [], decisions: [] });
  });

  it('is listed page after page, as of a time, and asked for over HTTP', async () => {
    const embedded = await learned('egreedy-v1', 5);
    const server = buildServer(embedded.service, { host: '127.0.0.1' });
    const asked = async (rest: string) => (await server.inject(`/v1/users/ana/decisions${rest}`)).json<Record<string, unknown>>();
    const ids = ({ decisions }: Record<string, unknown>) => (decisions as { decision_id: string }[]).map(({ decision_id: id }) => id);
    const first = await asked('?limit=2');
    expect([ids(first), first['next_after']]).toEqual([['d/4', 'd/3'], 'd/3']);
    const second = await asked(`?limit=2&after=${encodeURIComponent('d/3')}`);
    expect([ids(second), second['next_after']]).toEqual([['d/2', 'd/1'], 'd/1']);
    const third = await asked(`?limit=2&after=${encodeURIComponent('d/1')}`);
    expect([ids(third), third['next_after']]).toEqual([['d/0'], null]);
    expect(ids(await asked(`?as_of_ms=${START_MS + 24 * HOUR_MS}`))).toEqual(['d/0']);
    expect(ids(await asked('?after=nothing'))).toEqual([]);
    expect((await asked('?limit=201'))['error']).toMatchObject({ code: 'invalid_argument' });
    expect(await asked('/d%2F1')).toMatchObject({ decision_id: 'd/1', live: { policy: 'egreedy-v1' }, reward: { value: 0 } });
    expect((await asked('/d%2F9'))['error']).toMatchObject({ code: 'not_found' });
  });
});
