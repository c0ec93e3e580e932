/** A state file that another program keeps locked for longer than SQLite waits (5 s). */
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';

const served = (user_id: string, i: number) => ({ user_id, tip_id: `tip-${i}`, served_at_ms: 1_000 + i });

describe('a state file that another program has locked', () => {
  it('delays its partition alone, says what to do, and goes on once the lock is gone', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => 5_000 });
    await embedded.produce('tip.served', served('a', 1), served('d', 1));
    await embedded.catchUp();
    const other = new Database(embedded.statePath(0));
    other.exec('BEGIN IMMEDIATE');
    await embedded.produce('tip.served', served('a', 2), served('d', 2));
    await expect.poll(async () => (await embedded.service.profile('d')).features.tip_volume_30d).toBe(2);
    await expect.poll(() => embedded.logged.some(({ msg }) => msg.includes('trying again')), { timeout: 20_000 }).toBe(true);
    expect(JSON.stringify(embedded.logged)).toMatch(/data_in_use.*sqlite3/);
    other.close();
    await embedded.service.caughtUp();
    expect((await embedded.service.profile('a')).features.tip_volume_30d).toBe(2);
  });
});
