/** The shadow runs beside the live policy: after it, and without a say in it. */
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import type { ShadowScore } from '../../../src/consumers/fold/shadow.js';
import { decodeState } from '../../../src/policies/ridge-codec.js';
import { embeddedService } from '../../support/embedded/directory.js';

const DAY_MS = 86_400_000;
const AT = 100 * DAY_MS;
const clock = () => AT + 30 * DAY_MS;
const SHADOW = { shadow: 'egreedy-v2' };

const request = (decision_id: string, requested_at_ms = AT, user_id = 'ann') => ({
  decision_id,
  user_id,
  requested_at_ms,
  candidates: ['t1', 't2'].map((tip_id) => ({ tip_id, is_overdue: tip_id === 't1', task_age_days: 3, priority: 2 })),
});
const serving = (decision_id: string, tip_id: string, served_at_ms = AT + 1) => ({ user_id: 'ann', tip_id, served_at_ms, decision_id });
const reaction = (tip_id: string, action: string, reacted_at_ms = AT + 2) => ({ user_id: 'ann', tip_id, action, reacted_at_ms });
const learned = (embedded: Awaited<ReturnType<typeof embeddedService>>) =>
  embedded
    .query<{ policy: string }>(embedded.partitionOf('ann'), 'SELECT policy FROM policy_state ORDER BY policy')
    .map(({ policy }) => policy);

describe('the shadow', () => {
  it('is off unless it is turned on', async () => {
    const embedded = await embeddedService({ clock });
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.catchUp();
    expect(await embedded.scored()).toHaveLength(1);
    expect(await embedded.scored('tip.scored.shadow')).toEqual([]);
  });

  it('scores each decision once, with the same profile, under its own name, and learns nothing', async () => {
    const embedded = await embeddedService({ clock, settings: SHADOW });
    await embedded.produce('tip.candidates', request('d1'), request('d1'), request('d2', AT + DAY_MS));
    await embedded.produce('tip.served', serving('d1', 't2'));
    await embedded.produce('tip.feedback', reaction('t2', 'done'));
    await embedded.catchUp();
    const [live, shadow] = [await embedded.scored(), await embedded.scored('tip.scored.shadow')];
    expect(shadow.map(({ decision_id, policy, shadow_of }) => [decision_id, policy, shadow_of])).toEqual([
      ['d1', 'egreedy-v2-shadow', 'egreedy-v1'],
      ['d2', 'egreedy-v2-shadow', 'egreedy-v1'],
    ]);
    expect(shadow.map(({ profile, input, positions }) => ({ profile, input, positions }))).toEqual(
      live.map(({ profile, input, positions }) => ({ profile, input, positions })),
    );
    expect(live.every((event) => !('shadow_of' in event))).toBe(true);
    expect(learned(embedded)).toEqual(['egreedy-v1']);
    expect([embedded.countOf('shadow_compared'), embedded.service.status().counts.shadow_compared]).toEqual([2, 2]);
  });

  it('learns from the served candidate when told to, also when that is said later', async () => {
    const embedded = await embeddedService({ clock, settings: SHADOW, partitions: 1 });
    await embedded.produce('tip.candidates', request('d1'), request('d2', AT + DAY_MS));
    await embedded.produce('tip.served', serving('d1', 't2'), serving('d2', 't1', AT + DAY_MS));
    await embedded.produce('tip.feedback', reaction('t2', 'dismiss'), reaction('t1', 'done', AT + DAY_MS + 5));
    await embedded.catchUp();
    expect(learned(embedded)).toEqual(['egreedy-v1']);
    await embedded.produce('policy.control', {
      control_id: 'c1',
      type: 'configure',
      effective_at_ms: AT + DAY_MS,
      settings: { shadow_learning: true },
    });
    await embedded.catchUp();
    const { model } = (await scoredAfter(embedded, request('d3', AT + 2 * DAY_MS), 'tip.scored.shadow')).at(-1)!;
    expect(model.updates).toBe(1);
    await embedded.produce('policy.control', {
      control_id: 'c2',
      type: 'configure',
      effective_at_ms: AT,
      settings: { shadow_learning: true },
    });
    expect((await scoredAfter(embedded, request('d4', AT + 2 * DAY_MS), 'tip.scored.shadow')).at(-1)!.model.updates).toBe(2);
  });

  it('learns and unlearns with the option it is started with, to what a rebuild under that option gives', async () => {
    const embedded = await embeddedService({ clock, partitions: 1, settings: SHADOW });
    await embedded.produce('tip.candidates', request('d1'));
    await embedded.produce('tip.served', serving('d1', 't2'));
    await embedded.produce('tip.feedback', reaction('t2', 'done'));
    await embedded.catchUp();
    const sums = async (shadowLearning: boolean) => {
      await embedded.stop();
      await embedded.start({ settings: { ...SHADOW, shadowLearning } });
      await embedded.catchUp();
      return embedded
        .query<{ policy: string; state: Buffer }>(0, "SELECT policy, state FROM policy_state WHERE policy = 'egreedy-v2-shadow'")
        .map(({ state }) => decodeState(state, 12).updates);
    };
    const [learning, not] = [await sums(true), await sums(false)];
    expect([learning, not]).toEqual([[1], [0]]);
    await embedded.stop();
    await embedded.deleteState();
    expect(await sums(true)).toEqual(learning);
  });

  it('neither fails nor holds up the live answer when it throws', async () => {
    const shadow = vi.fn<ShadowScore>(() => {
      throw new Error('no theta today');
    });
    const embedded = await embeddedService({ clock, settings: SHADOW, shadow });
    await embedded.produce('tip.candidates', ...Array.from({ length: 300 }, (_, i) => request(`d${i}`)));
    await embedded.catchUp();
    expect(await embedded.scored()).toHaveLength(300);
    expect(await embedded.scored('tip.scored.shadow')).toEqual([]);
    expect(shadow).toHaveBeenCalledTimes(300);
    expect(embedded.countOf('shadow_failed')).toBe(300);
    expect(embedded.logged.filter(({ msg }) => msg.startsWith('the shadow failed'))).toHaveLength(300);
    expect(embedded.service.status()).toMatchObject({ ready: true });
  });

  it('does not take a failing disk for a failing shadow', async () => {
    const embedded = await embeddedService({
      clock,
      settings: SHADOW,
      partitions: 1,
      shadow: () => {
        throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
      },
    });
    await embedded.produce('tip.candidates', request('d1'));
    await expect(embedded.catchUp()).rejects.toMatchObject({ code: 'disk_full' });
    expect(embedded.query(0, 'SELECT seq FROM shadow_pending')).toHaveLength(1);
    await embedded.kill();
    const { shadow: _, ...mended } = embedded.options;
    await embedded.start({ ...mended, shadow: undefined as never });
    await embedded.catchUp();
    expect(await embedded.scored('tip.scored.shadow')).toHaveLength(1);
  });

  it('scores after a restart what a crash kept it from scoring', async () => {
    let broken = true;
    const embedded = await embeddedService({ clock, settings: SHADOW, partitions: 1 });
    await embedded.start({
      workerClock: () => {
        // The first time that jobs wait is when the live answers have just been committed.
        if (broken && embedded.query<{ n: number }>(0, 'SELECT count(*) AS n FROM shadow_pending')[0]!.n > 0)
          throw new Error('the power went');
        return clock();
      },
    });
    await embedded.produce('tip.candidates', request('d1'), request('d2'));
    await expect(embedded.catchUp()).rejects.toMatchObject({ code: 'internal' });
    await embedded.kill();
    broken = false;
    expect(await embedded.scored('tip.scored.shadow')).toEqual([]);
    await embedded.catchUp();
    expect((await embedded.scored('tip.scored.shadow')).map(({ decision_id }) => decision_id)).toEqual(['d1', 'd2']);
    expect((await embedded.scored()).map(({ decision_id }) => decision_id)).toEqual(['d1', 'd2']);
  });
});

async function scoredAfter(
  embedded: Awaited<ReturnType<typeof embeddedService>>,
  event: object,
  topic: 'tip.scored' | 'tip.scored.shadow',
) {
  await embedded.produce('tip.candidates', event);
  await embedded.catchUp();
  return embedded.scored(topic);
}
