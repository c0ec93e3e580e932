/** profile.features across restarts. */
import { describe, expect, it } from 'vitest';
import { embeddedService } from '../../support/embedded/directory.js';

const served = (user_id: string, i: number) => ({ user_id, tip_id: `t${i}`, served_at_ms: 1_000 });
const USERS = Array.from({ length: 30 }, (_, i) => `user-${i}`);

describe('changed profiles', () => {
  it('are published before an orderly end, so that the next start has none to say again', async () => {
    const embedded = await embeddedService({ clock: () => 5_000, partitions: 1 });
    await embedded.produce('tip.served', ...USERS.map((user) => served(user, 1)));
    await embedded.catchUp();
    expect(await embedded.records('profile.features')).toHaveLength(30);
    await embedded.produce('tip.served', served('user-3', 2));
    await expect.poll(() => embedded.query(0, "SELECT * FROM tip WHERE tip_id = 't2'")).toHaveLength(1);
    await embedded.stop();
    expect((await embedded.records('profile.features')).slice(30).map(({ key }) => key!.toString())).toEqual(['user-3']);
    await embedded.catchUp();
    expect(await embedded.records('profile.features')).toHaveLength(31);
  });

  it('are all published again after a crash that left some unsaid', async () => {
    const embedded = await embeddedService({ clock: () => 5_000, partitions: 1 });
    await embedded.produce('tip.served', ...USERS.map((user) => served(user, 1)));
    await embedded.catchUp();
    await embedded.produce('tip.served', served('user-3', 2));
    await expect.poll(() => embedded.query(0, "SELECT * FROM tip WHERE tip_id = 't2'")).toHaveLength(1);
    await embedded.kill();
    await embedded.catchUp();
    expect(await embedded.records('profile.features')).toHaveLength(60);
  });

  it('are not published where that is turned off', async () => {
    const embedded = await embeddedService({ clock: () => 5_000, publishProfiles: false });
    await embedded.produce('tip.served', served('a', 1));
    await embedded.catchUp();
    expect(await embedded.records('profile.features')).toEqual([]);
  });
});
