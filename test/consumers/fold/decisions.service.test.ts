/**
 * Decisions: answered once, recorded in the log, and learned from in whatever order their pieces come. The properties beside this
 * cover the mixtures.
 */
import { describe, expect, it } from 'vitest';
import { decodeState } from '../../../src/policies/ridge-codec.js';
import { oracleSums } from '../../oracle/policy.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf, turns, type EmbeddedService } from '../../support/embedded/service.js';

const DAY_MS = 86_400_000;
const AT = 100 * DAY_MS;
const clock = () => AT + 30 * DAY_MS;

const request = (decision_id: string, requested_at_ms = AT) => ({
  decision_id,
  user_id: 'ann',
  requested_at_ms,
  candidates: ['t1', 't2', 't3'].map((tip_id) => ({ tip_id, is_overdue: tip_id === 't1', task_age_days: 3, priority: 2 })),
});
const serving = (decision_id: string | undefined, tip_id: string, served_at_ms = AT + 1) => ({
  user_id: 'ann',
  tip_id,
  served_at_ms,
  decision_id,
});
const reaction = (tip_id: string, action: string, reacted_at_ms = AT + 2) => ({ user_id: 'ann', tip_id, action, reacted_at_ms });

/** The stored sums of v1, and those of `examples`. */
function expectLearned(embedded: EmbeddedService, examples: readonly { x: readonly number[]; reward: number }[]): void {
  const [row] = embedded.query<{ state: Buffer }>(
    embedded.partitionOf('ann'),
    "SELECT state FROM policy_state WHERE policy = 'egreedy-v1'",
  );
  const found = row === undefined ? undefined : decodeState(row.state, 7);
  const { g, b } = oracleSums(examples, 7);
  expect(found && { updates: found.updates, g: [...found.g], b: [...found.b] }).toEqual({
    updates: examples.length,
    g: g.flatMap((line, i) => line.slice(0, i + 1)),
    b,
  });
}

describe('decisions', () => {
  it('are made once, however often they are asked for, in one batch or in many', async () => {
    const embedded = await embeddedService({ clock, maxBatchRecords: 2 });
    await embedded.produce('tip.candidates', request('d1'), request('d1'), request('d1', AT + 5));
    await embedded.catchUp();
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.catchUp();
    expect(await embedded.scored()).toHaveLength(1);
    expect(embedded.countOf('candidates_repeated')).toBe(3);
  });

  it.each([0, 1, 2, 3])('stay pending until the log has them: a crash after %i appends loses none', async (after) => {
    const embedded = await embeddedService({ clock, maxBatchRecords: 1, publishProfiles: false });
    await embedded.start();
    embedded.faults.slowAppends(5);
    embedded.faults.failAppends(after, 'refused');
    const ids = Array.from({ length: 12 }, (_, i) => `d${i}`);
    await embedded.produce('tip.candidates', ...ids.map((id) => request(id)));
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({ code: 'log_failed' });
    await embedded.kill();
    await embedded.catchUp();
    expect([...new Set((await embedded.scored()).map(({ decision_id }) => decision_id))]).toEqual(ids);
  });

  it('say where every input of their partition stood, the empty ones too', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.catchUp();
    expect((await embedded.scored())[0]!.positions).toEqual({
      'user.forgotten': 0,
      'policy.control': 0,
      'tip.served': 0,
      'tip.feedback': 0,
      'tip.scored': 0,
      'tip.scored.shadow': 0,
      'tip.candidates': 1,
    });
  });

  it('are not made when the log holds one already, and the lowest offset is the decision', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.produce('tip.candidates', request('d0'));
    await embedded.catchUp();
    const [made] = await embedded.scored();
    await embedded.stop();
    const byHand = { ...made!, decision_id: 'd1', chosen_tip_id: 't3' };
    await embedded.produce('tip.scored', byHand, {
      ...byHand,
      chosen_tip_id: 't1',
      features: { names: [], vectors: { t1: [1, 1, 1, 1, 1, 1, 1] } },
    });
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.produce('tip.served', serving('d1', 't2'));
    await embedded.produce('tip.feedback', reaction('t2', 'done'));
    await embedded.catchUp();
    expect(await embedded.scored()).toHaveLength(3);
    expectLearned(embedded, [{ x: byHand.features.vectors.t2!, reward: 1 }]);
  });

  it('are learned from by the first served candidate, chosen or not, and by nothing else', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.produce('tip.feedback', reaction('t2', 'done'), reaction('t1', 'snooze', AT + 4));
    await embedded.produce(
      'tip.served',
      serving('d1', 'stranger', AT),
      serving('d1', 't2', AT + 2),
      serving('d1', 't1', AT + 3),
      serving('d9', 't1', AT + 1),
    );
    await embedded.catchUp();
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.catchUp();
    const [made] = await embedded.scored();
    expectLearned(embedded, [{ x: made!.features.vectors.t2!, reward: 1 }]);
    // An earlier serving of another candidate comes late: the decision answers for that one from now on.
    await embedded.produce('tip.served', serving('d1', 't1', AT + 1));
    await embedded.catchUp();
    expectLearned(embedded, [{ x: made!.features.vectors.t1!, reward: 0 }]);
  });

  it('move the sums exactly when their reward changes', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.produce('tip.served', serving('d1', 't3'));
    await embedded.produce('tip.feedback', reaction('t3', 'dismiss'));
    await embedded.catchUp();
    const x = (await embedded.scored())[0]!.features.vectors.t3!;
    expectLearned(embedded, [{ x, reward: 0 }]);
    await embedded.produce('tip.feedback', reaction('t3', 'done', AT + 7 * DAY_MS));
    await embedded.catchUp();
    expectLearned(embedded, [{ x, reward: 1 }]);
    // The tip was served a day earlier than was known: its done now lies outside the seven days, and so does the dismissal not.
    await embedded.produce('tip.served', serving(undefined, 't3', AT - DAY_MS));
    await embedded.catchUp();
    expectLearned(embedded, [{ x, reward: 0 }]);
    await embedded.produce('tip.served', serving(undefined, 't3', AT - 20 * DAY_MS));
    await embedded.catchUp();
    expectLearned(embedded, []);
  });

  it('before a reset no longer count after it, whenever it or their reward comes', async () => {
    const embedded = await embeddedService({ clock });
    const scored = async (event: object) => {
      await embedded.produce('tip.candidates', event);
      await embedded.catchUp();
      return (await embedded.scored()).at(-1)!;
    };
    await scored(request('d1'));
    await embedded.produce('tip.served', serving('d1', 't1'));
    await embedded.produce('tip.feedback', reaction('t1', 'done'));
    expect((await scored(request('d2', AT + 10))).model.updates).toBe(1);
    await embedded.produce('policy.control', { control_id: 'r', type: 'reset', user_id: 'ann', effective_at_ms: AT + 5 });
    expect((await scored(request('d3', AT + 20))).model).toMatchObject({ updates: 0, theta: [0, 0, 0, 0, 0, 0, 0] });
    expect((await scored(request('d4', AT + 4))).model.updates).toBe(1);
    // The reward of a decision before the reset changes after it.
    await embedded.produce('tip.served', serving('d2', 't2', AT + 11), serving(undefined, 't1', AT - 20 * DAY_MS));
    await embedded.produce('tip.feedback', reaction('t2', 'snooze', AT + 12));
    expect((await scored(request('d5', AT + 30))).model.updates).toBe(1);
    // d1 has no reward any more, and d2's counts there too: before a reset, everything that was rewarded by now does.
    expect((await scored(request('d6', AT + 4))).model.updates).toBe(1);
  });

  it('asked for over HTTP are in the log before the answer, once', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.start();
    await embedded.catchUp();
    const { recorded, ...first } = await embedded.service.score(request('d1'));
    expect(recorded).toBe(true);
    expect(await embedded.scored()).toEqual([first]);
    expect(first.input).toBeNull();
    for (const id of ['d2', 'd3', 'd4']) {
      await embedded.service.score(request(id));
      expect((await embedded.scored()).at(-1)!.decision_id).toBe(id);
    }
    expect((await embedded.service.score(request('d1'))).chosen_tip_id).toBe(first.chosen_tip_id);
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.catchUp();
    expect(await embedded.scored()).toHaveLength(4);
    const preview = await embedded.service.score({ ...request('d1'), decision_id: undefined });
    expect([preview.recorded, preview.decision_id]).toEqual([false, null]);
  });

  it('asked for many times at once, over HTTP and in the log, are made once', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.start();
    await embedded.catchUp();
    const asked = Array.from({ length: 20 }, (_, i) => embedded.service.score(request(`d${i % 2}`)));
    await embedded.produce('tip.candidates', request('d0'), request('d1'));
    const answers = await Promise.all(asked);
    await embedded.catchUp();
    const scored = await embedded.scored();
    expect(scored.map(({ decision_id }) => decision_id).sort()).toEqual(['d0', 'd1']);
    for (const answer of answers)
      expect(scored).toContainEqual(
        expect.objectContaining({ decision_id: answer.decision_id, chosen_tip_id: answer.chosen_tip_id, ranking: answer.ranking }),
      );
  });

  it('asked for over HTTP fail when the log fails, instead of waiting for ever', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.start();
    await embedded.catchUp();
    embedded.faults.failAppends(0, 'refused');
    await expect(embedded.service.score(request('d1'))).rejects.toMatchObject({ code: 'not_ready' });
    expect(embedded.service.status().partitions.map(({ error }) => error?.code)).toContain('log_failed');
    await expect(embedded.service.score(request('d2'))).rejects.toMatchObject({ code: 'not_ready' });
    await embedded.kill();
    await embedded.catchUp();
    expect((await embedded.scored()).map(({ decision_id }) => decision_id)).toEqual(['d1']);
  });

  it('asked for over HTTP fail when the partition is given up meanwhile', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.start();
    await embedded.catchUp();
    embedded.faults.failAppends(0, 'refused');
    const asked = embedded.service.score(request('d1')).catch((error: unknown) => error);
    await turns(1);
    await embedded.kill();
    expect(await asked).toMatchObject({ name: 'TipstreamError' });
  });

  it('written under the name of a tip like __proto__ are learned from too', async () => {
    const embedded = await embeddedService({ clock });
    const event = {
      ...request('d1'),
      candidates: [
        { tip_id: '__proto__', is_overdue: true, task_age_days: 1, priority: 4 },
        { tip_id: 'constructor', is_overdue: false, task_age_days: 1, priority: 1 },
      ],
    };
    await embedded.append(
      recordOf('tip.candidates', event),
      recordOf('tip.served', serving('d1', '__proto__')),
      recordOf('tip.feedback', reaction('__proto__', 'done')),
    );
    await embedded.catchUp();
    const [made] = await embedded.scored();
    expectLearned(embedded, [{ x: Object.getOwnPropertyDescriptor(made!.features.vectors, '__proto__')!.value as number[], reward: 1 }]);
  });
});
