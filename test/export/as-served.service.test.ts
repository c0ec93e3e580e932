/** `--as-served` says what a decision knew, whatever has come since. */
import { describe, expect, it } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';
import { exported, rowsOfNdjson } from '../support/exported.js';

const AT = Date.UTC(2026, 10, 20, 9);
const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];

describe('profiles as served', () => {
  it('are those stored with the decisions: late events change the profile of that time, not what was served', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => AT + 60_000 });
    const request = (user_id: string, decision_id: string) => ({ user_id, decision_id, requested_at_ms: AT, candidates });
    await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: AT - 10 });
    await embedded.catchUp();
    await embedded.produce('tip.candidates', request('ann', 'd2'), request('ann', 'd1'), request('zoë', 'd1'));
    await embedded.catchUp();
    await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't2', served_at_ms: AT - 5 });
    await embedded.catchUp();

    const all = rowsOfNdjson(await exported(embedded.directory, 'ndjson', { asServed: true }));
    expect(all.map(({ user_id, decision_id, as_of_ms, tip_volume_30d }) => [user_id, decision_id, as_of_ms, tip_volume_30d])).toEqual([
      ['ann', 'd1', AT, 1],
      ['ann', 'd2', AT, 1],
      ['zoë', 'd1', AT, 0],
    ]);
    const computed = rowsOfNdjson(
      await exported(embedded.directory, 'ndjson', { spine: `{"user_id":"ann","as_of_ms":${AT}}`, spineName: 's.ndjson' }),
    );
    expect(computed).toMatchObject([{ tip_volume_30d: 2 }]);

    const stored = new Map((await embedded.scored()).map((event) => [`${event.user_id} ${event.decision_id}`, event.profile]));
    for (const { user_id, decision_id, as_of_ms, ...features } of all)
      expect({ as_of_ms, features }).toEqual(stored.get(`${String(user_id)} ${String(decision_id)}`));
  });

  it('of a spine come in its order, with nothing said of decisions that are not known', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => AT + 60_000 });
    await embedded.produce('tip.candidates', { user_id: 'ann', decision_id: 'd1', requested_at_ms: AT, candidates });
    await embedded.catchUp();
    const spine = ['{"user_id":"ben","decision_id":"d1","label":0}', '{"user_id":"ann","decision_id":"d1","as_of_ms":5,"label":1}'].join(
      '\n',
    );
    const rows = rowsOfNdjson(await exported(embedded.directory, 'ndjson', { asServed: true, spine, spineName: 's.ndjson' }));
    expect(rows).toMatchObject([
      { user_id: 'ben', decision_id: 'd1', as_of_ms: null, tip_volume_30d: null, label: 0 },
      { user_id: 'ann', decision_id: 'd1', as_of_ms: AT, tip_volume_30d: 0, label: 1 },
    ]);
    await expect(
      exported(embedded.directory, 'csv', { asServed: true, spine: '{"user_id":"ann","as_of_ms":1}', spineName: 's.ndjson' }),
    ).rejects.toThrow(/line 1 has no decision_id/);
  });
});
