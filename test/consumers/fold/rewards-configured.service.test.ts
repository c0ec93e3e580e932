/** What reactions are worth, by settings.rewards: by the time of the request, however late the configure comes. */
import { describe, expect, it } from 'vitest';
import { decodeState } from '../../../src/policies/ridge-codec.js';
import { embeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedService } from '../../support/embedded/service.js';
import { verified } from '../../support/planted-state.js';

const DAY_MS = 86_400_000;
const AT = 100 * DAY_MS;
const clock = () => AT + 40 * DAY_MS;
const ANN = 'ann';

async function decide(embedded: EmbeddedService, decision_id: string, requested_at_ms: number, reaction: string, after: number) {
  const tip_id = `tip-${decision_id}`;
  await embedded.produce('tip.candidates', {
    decision_id,
    user_id: ANN,
    requested_at_ms,
    candidates: [{ tip_id, is_overdue: true, task_age_days: 3, priority: 2 }],
  });
  await embedded.produce('tip.served', { tip_id, user_id: ANN, served_at_ms: requested_at_ms, decision_id });
  await embedded.produce('tip.feedback', { tip_id, user_id: ANN, action: reaction, reacted_at_ms: requested_at_ms + after });
}

const configure = (control_id: string, effective_at_ms: number, rewards: object) => ({
  topic: 'policy.control',
  key: null,
  value: Buffer.from(JSON.stringify({ control_id, type: 'configure', effective_at_ms, settings: { rewards } })),
  partition: 0,
});

const rewardsOf = (embedded: EmbeddedService) =>
  Object.fromEntries(
    embedded
      .query<{ decision_id: string; reward: number | null }>(0, 'SELECT decision_id, reward FROM decision ORDER BY decision_id')
      .map(({ decision_id, reward }) => [decision_id, reward]),
  );

/** Sum of rewards: the vector's first entry is 1. */
function learned(embedded: EmbeddedService): [updates: number, sum: number] {
  const [row] = embedded.query<{ state: Buffer }>(0, "SELECT state FROM policy_state WHERE policy = 'egreedy-v1'");
  const { updates, b } = decodeState(row!.state, 7);
  return [updates, b[0]!];
}

describe('rewards as configured', () => {
  it('are those of the time of the request, also when the configure comes late, and verify finds the same', async () => {
    const embedded = await embeddedService({ partitions: 1, clock });
    await decide(embedded, 'a-done', AT, 'done', 5);
    await decide(embedded, 'b-dismissed', AT + 10, 'dismiss', 5);
    await decide(embedded, 'c-snoozed', AT + 20, 'snooze', 5);
    await decide(embedded, 'd-late', AT + 30, 'done', 8 * DAY_MS);
    await embedded.catchUp();
    expect(rewardsOf(embedded)).toEqual({ 'a-done': 1, 'b-dismissed': 0, 'c-snoozed': 0, 'd-late': null });
    expect(learned(embedded)).toEqual([3, 1]);

    await embedded.append(
      configure('c2', AT + 10, { done: 0.75, dismiss: -0.5 }),
      configure('c3', AT + 20, { snooze: 0.1, window_ms: 9 * DAY_MS }),
    );
    await embedded.catchUp();
    expect(rewardsOf(embedded)).toEqual({ 'a-done': 1, 'b-dismissed': -0.5, 'c-snoozed': 26 / 256, 'd-late': 0.75 });
    expect(learned(embedded)).toEqual([4, 1 - 0.5 + 26 / 256 + 0.75]);
    expect(await verified(embedded, { asOfMs: clock() })).toMatchObject({ equal: true, differences: [] });
  });

  it('end earlier with a shorter window, and take what was learned out again', async () => {
    const embedded = await embeddedService({ partitions: 1, clock });
    await decide(embedded, 'quick', AT, 'done', 5);
    await decide(embedded, 'slow', AT, 'done', DAY_MS);
    await embedded.catchUp();
    expect(learned(embedded)).toEqual([2, 2]);
    await embedded.append(configure('c1', 0, { window_ms: DAY_MS }));
    await embedded.catchUp();
    expect(rewardsOf(embedded)).toEqual({ quick: 1, slow: null });
    expect(learned(embedded)).toEqual([1, 1]);
    await embedded.append(configure('c2', 0, { window_ms: DAY_MS + 1 }));
    await embedded.catchUp();
    expect(learned(embedded)).toEqual([2, 2]);
  });

  it.each([
    ['above 1', { done: 1.1 }],
    ['below -1', { snooze: -2 }],
    ['without an end', { window_ms: 0 }],
    ['longer than tips are kept', { window_ms: 31 * DAY_MS }],
  ])('%s are refused', async (_, rewards) => {
    const embedded = await embeddedService({ partitions: 1, clock });
    await embedded.append(configure('c1', AT, rewards));
    await embedded.catchUp();
    expect(embedded.query(0, 'SELECT control_id FROM control')).toEqual([]);
    expect(await embedded.records('policy.control-dlt')).toHaveLength(1);
  });
});
