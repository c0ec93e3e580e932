/**
 * A live file that a power failure has set back to when it had just been made: nothing was folded into it, and so nothing in it is
 * wrong.
 */
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { coreRegistry } from '../../src/projections/registry.js';
import { PartitionState } from '../../src/store/partition-state.js';
import { openStateForReading, readIdentity } from '../../src/store/state-file.js';
import { rebuilt } from '../support/rebuilds.js';
import { withHistory } from '../support/rebuild-history.js';

it('is compared at other positions than its own, which the outcome says', async () => {
  const embedded = await withHistory();
  const path = embedded.statePath(1);
  const db = openStateForReading(path);
  const identity = readIdentity(db);
  db.close();
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  new PartitionState(path, identity, coreRegistry).close();

  const document = await rebuilt(embedded);
  expect(document).toMatchObject({ swapped: true, compared_elsewhere: [1], not_compared: [] });
  expect(document.changed_users).toBeGreaterThan(0);
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, compared_elsewhere: [], changed_users: 0 });
});
