/** What forgetting a user had not reckoned with: records of the user in other partitions, and an event whose acknowledgement was lost. */
import { expect, it } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded/service.js';
import { forgottenBy } from '../support/forgotten-by.js';
import { named, verified } from '../support/planted-state.js';

const NOW_MS = Date.UTC(2026, 10, 20);
const clock = () => NOW_MS;
const served = (user_id: string, tip_id = 't1') => recordOf('tip.served', { user_id, tip_id, served_at_ms: NOW_MS - 10 });

it('verify allows for records that were counted in a partition which is not that of the forgotten user', async () => {
  const embedded = await lived();
  const other = 1 - embedded.partitionOf('ana');
  await embedded.log.append([{ ...served('ana', 'astray'), partition: other }, served('otto')]);
  await embedded.catchUp();
  expect(embedded.query(other, "SELECT count FROM tally WHERE name = 'rejected:tip.served:wrong_partition'")).toEqual([{ count: 1 }]);
  const { result } = await forgottenBy(embedded.service, 'ana');
  expect(result!.receipt!.removed.records).toContainEqual({ topic: 'tip.served', partition: other, records: 1 });
  expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);
});

it('an event whose acknowledgement is lost is applied before what lies beyond it', async () => {
  const embedded = await lived();
  embedded.faults.failAppends(0, 'unacknowledged');
  const job = await forgottenBy(embedded.service, 'ana');
  expect(job).toMatchObject({ state: 'done', result: { found: true } });
  await embedded.log.append([served('ana', 'later')]);
  await expect.poll(async () => (await embedded.service.profile('ana')).features['tip_volume_30d']).toBe(1);
});

async function lived(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ clock, partitions: 2, publishProfiles: false });
  await embedded.append(served('ana'));
  await embedded.start();
  await embedded.catchUp();
  return embedded;
}
