/** A state file that may not grow stops its partition with nothing half written; a log that may not grow is waited for. */
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import { embeddedService } from '../support/embedded/directory.js';
import { inPartition, profileEvents, profileOf, readHistory, upTo } from '../support/embedded/history.js';

const AT = 200 * 86_400_000;
const options = { partitions: 2, clock: () => AT, maxBatchRecords: 40, settings: { shadow: 'egreedy-v2' } };

/** From the next opening on, partition 0's file may have so many pages; Infinity: as many as it likes. */
let maxPages = Infinity;
const pragma = Database.prototype.pragma;
vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, more) {
  const result = pragma.call(this, source, more) as unknown;
  if (maxPages < Infinity && source.startsWith('temp_store') && this.name.endsWith('partition-0000.db'))
    pragma.call(this, `max_page_count = ${maxPages}`);
  return result;
});
afterEach(() => {
  maxPages = Infinity;
});

const events = Array.from({ length: 400 }, (_, i) => {
  const user_id = i % 4 === 0 ? 'd' : `user-${i % 23}`;
  return { user_id, tip_id: `a-tip-with-a-name-of-some-length-${i}`, served_at_ms: AT - 1_000 - i, decision_id: `decision-${i % 60}` };
});
const requests = Array.from({ length: 60 }, (_, i) => ({
  decision_id: `decision-${i}`,
  user_id: `user-${i % 23}`,
  requested_at_ms: AT - 500 + i,
  candidates: [0, 1, 2].map((n) => ({
    tip_id: `a-tip-with-a-name-of-some-length-${i + n}`,
    is_overdue: n === 0,
    task_age_days: n,
    priority: 1 + n,
  })),
}));

describe('a full disk', () => {
  it.each([30, 32, 40, 55])(
    'under a state file of at most %i pages rolls the batch back and stops that partition; with space again all goes on exactly',
    async (pages) => {
      const embedded = await embeddedService(options);
      for (let i = 0; i < 400; i += 50) {
        await embedded.produce('tip.served', ...events.slice(i, i + 50));
        await embedded.produce('tip.candidates', ...requests.slice((i * 60) / 400, ((i + 50) * 60) / 400));
      }
      maxPages = pages;
      await embedded.start();
      await expect(embedded.service.caughtUp()).rejects.toMatchObject({
        code: 'disk_full',
        hint: expect.stringContaining('Free space') as string,
        message: expect.stringContaining('partition-0000.db') as string,
      });
      await expect.poll(() => embedded.service.status().partitions[1]).toMatchObject({ state: 'running' });
      await expect.poll(async () => (await embedded.service.profile('d')).features.tip_volume_30d).toBe(100);

      // What is committed is what the log holds up to the committed positions.
      const positions = Object.fromEntries(
        embedded
          .query<{ topic: string; next_offset: number }>(0, 'SELECT * FROM position')
          .map(({ topic, next_offset }) => [topic, next_offset]),
      );
      const folded = upTo(inPartition(await readHistory(embedded), 0), 0, positions);
      expect(embedded.query(0, 'SELECT * FROM tip')).toHaveLength(
        new Set(folded.served.map(({ event }) => `${event.user_id} ${event.tip_id}`)).size,
      );

      maxPages = Infinity;
      await embedded.stop();
      await embedded.catchUp();
      const history = await readHistory(embedded);
      const expected = oracleProfiles(profileEvents(history), AT);
      expect(embedded.digest(AT)).toMatchObject({ digest: oracleDigest(expected), users: expected.size });
      // What was being sent when the disk was full is sent again; never with another content.
      for (const list of [history.scored, history.shadow]) {
        expect(new Set(list.map(({ event }) => event.decision_id)).size).toBe(60);
        expect(new Set(list.map(({ event }) => JSON.stringify(event))).size).toBe(60);
      }
      for (const { partition, event } of history.scored)
        expect(event.profile.features).toEqual(profileOf(upTo(history, partition, event.positions), event.user_id, event.profile.as_of_ms));
    },
  );

  it('under the log is waited for: what is owed is published when there is space again, once', async () => {
    const embedded = await embeddedService(options);
    await embedded.start();
    const full = () => new TipstreamError('disk_full', 'no space is left for the log');
    embedded.faults.refuseAppends(full(), full());
    await embedded.produce('tip.candidates', ...requests.slice(0, 3));
    await embedded.catchUp();
    expect(await embedded.scored()).toHaveLength(3);
    expect(embedded.logged.filter(({ msg }) => msg === 'publishing failed; trying again')).toHaveLength(2);
    expect(embedded.service.status().ready).toBe(true);
  });
});
