/** `dead-letters redrive --dry-run` looks at the profiles of 1,000 users, and counted the records of the others as that many users. */
import { expect, it } from 'vitest';
import { coreRegistry } from '../../src/projections/registry.js';
import { partitionFunction } from '../../src/log/partitioner.js';
import { Preview } from '../../src/redrive/preview.js';
import { embeddedService } from '../support/embedded/directory.js';
import { stateIn } from '../support/state-in.js';

const AT = Date.UTC(2026, 10, 20);

it('users beyond the limit are counted once each', async () => {
  const embedded = await embeddedService({ partitions: 1 });
  await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: AT });
  await embedded.catchUp();
  const preview = new Preview({ partitioner: partitionFunction('murmur2'), maxValueBytes: 1_000_000 });
  const add = (user: string, tip: string) =>
    preview.add(
      'tip.served',
      {
        topic: 'tip.served',
        partition: 0,
        key: Buffer.from(user),
        value: Buffer.from(JSON.stringify({ user_id: user, tip_id: tip, served_at_ms: AT })),
      },
      1,
    );
  for (let user = 0; user < 1_002; user++) for (const tip of ['a', 'b', 'c']) expect(add(`u${user}`, tip)).toBeNull();
  expect(await preview.profiles(stateIn(embedded.directory), coreRegistry, AT + 1)).toMatchObject({ users_omitted: 2, users_elsewhere: 0 });
});
