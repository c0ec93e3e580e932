/** What is refused in a topic that the live state was not folded from gets its dead letter, though nothing of it was pending there. */
import { expect, it } from 'vitest';
import { coreRegistry, registryOf } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf } from '../support/embedded/service.js';
import { named, verified } from '../support/planted-state.js';
import { rebuilt, setBack } from '../support/rebuilds.js';

const NOW = 1_795_000_000_000;

it('when a rebuild moves to a set of features with more topics', async () => {
  const embedded = await embeddedService({ registry: registryOf({ sets: ['core', 'activity'] }), partitions: 1, clock: () => NOW });
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: NOW - 1_000 });
  await embedded.log.append([recordOf('app.session', { user_id: 'ann', session_id: 's1' })]);
  await embedded.start({ registry: coreRegistry });
  await embedded.catchUp();
  await embedded.stop();
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, changed_users: 0 });
  await embedded.catchUp();
  expect(await embedded.records('app.session-dlt')).toHaveLength(1);
  await embedded.stop();
  expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, difference_count: 0 });
});

it('when a power failure has set the live file back to when it had just been made', async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW });
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: NOW - 1_000 });
  await embedded.catchUp();
  await embedded.stop();
  setBack(embedded, 0);
  // Refused before the failure, and its dead letter was lost with the file.
  await embedded.log.append([recordOf('tip.served', { user_id: 'ann', tip_id: 't2' })]);

  expect(await rebuilt(embedded)).toMatchObject({ swapped: true });
  await embedded.catchUp();
  expect(await embedded.records('tip.served-dlt')).toHaveLength(1);
  await embedded.stop();
  expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, difference_count: 0 });
});
