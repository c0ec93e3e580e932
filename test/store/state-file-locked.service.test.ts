/** A state file that another program keeps locked for longer than SQLite waits (5 s). */
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';

const served = (user_id: string, i: number) => ({ user_id, tip_id: `tip-${i}`, served_at_ms: 1_000 + i });

describe('a state file that another program has locked', () => {
  it('stops its partition with what to do; once that is over, a restart goes on', async () => {
    const embedded = await embeddedService({ partitions: 2, clock: () => 5_000 });
    await embedded.produce('tip.served', served('a', 1), served('d', 1));
    await embedded.catchUp();
    const other = new Database(embedded.statePath(0));
    other.exec('BEGIN IMMEDIATE');
    await embedded.produce('tip.served', served('a', 2), served('d', 2));
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({
      code: 'data_in_use',
      hint: expect.stringContaining('sqlite3') as string,
    });
    await expect.poll(async () => (await embedded.service.profile('d')).features.tip_volume_30d).toBe(2);
    other.close();
    await embedded.stop();
    await embedded.catchUp();
    expect((await embedded.service.profile('a')).features.tip_volume_30d).toBe(2);
  });
});
