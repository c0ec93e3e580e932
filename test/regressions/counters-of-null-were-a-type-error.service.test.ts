/** Cached counts that are JSON, but no list of names with counts, were a bare TypeError: of every reader, of the worker and of verify. */
import { expect, it } from 'vitest';
import { registryOf } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import { named, plant, verified } from '../support/planted-state.js';

const NOW = 1_795_000_000_000;
const registry = registryOf({ sets: ['core', 'activity'] });

it.each(['null', '7', '{"served":1}', '["served"]', '["served",null]', '[null,1]', 'none'])(
  'counters %s are damage: of which file, whose, and what to do',
  async (counters) => {
    const embedded = await embeddedService({ registry, partitions: 1, clock: () => NOW });
    await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: NOW - 2_000 });
    await embedded.produce('app.session', { user_id: 'ann', session_id: 's', started_at_ms: NOW - 2_000, ended_at_ms: NOW - 1_000 });
    await embedded.catchUp();
    await embedded.stop();
    const kept = embedded.query<{ counters: string }>(0, 'SELECT counters FROM user')[0]!.counters;
    const damaged = (whose: string) => ({
      code: 'state_corrupt',
      message: expect.stringMatching(new RegExp(`partition-0000\\.db is damaged: the cached counts of ${whose}: `)) as string,
      hint: expect.stringContaining('tipstream rebuild') as string,
    });

    plant(embedded, 'ann', 'UPDATE user SET counters = ?', counters);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('ann user counters');
    await embedded.start();
    await expect(embedded.service.profile('ann', NOW)).rejects.toMatchObject(damaged('the user "ann"'));
    await embedded.stop();

    plant(embedded, 'ann', 'UPDATE user SET counters = ?', kept);
    plant(embedded, 'ann', 'UPDATE row_aggregate SET counters = ?', counters);
    expect(named(await verified(embedded, { asOfMs: NOW }))).toContain('ann user counters');
    await embedded.start();
    await expect(embedded.service.profile('ann', NOW)).rejects.toMatchObject(damaged('the user with uid 1, of kind session'));
    await embedded.produce('app.session', { user_id: 'ann', session_id: 't', started_at_ms: NOW - 2_000, ended_at_ms: NOW - 1_000 });
    await expect(embedded.catchUp()).rejects.toMatchObject(damaged('the user with uid 1, of kind session'));
  },
);
