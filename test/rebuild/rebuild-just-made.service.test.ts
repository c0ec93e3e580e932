/**
 * A live file that a power failure has set back to when it had just been made: nothing was folded into it, and so nothing in it is
 * wrong.
 */
import { expect, it } from 'vitest';
import { rebuilt, setBack } from '../support/rebuilds.js';
import { withHistory } from '../support/rebuild-history.js';

it('is compared at other positions than its own, which the outcome says', async () => {
  const embedded = await withHistory();
  setBack(embedded, 1);

  const document = await rebuilt(embedded);
  expect(document).toMatchObject({ swapped: true, compared_elsewhere: [1], not_compared: [] });
  expect(document.changed_users).toBeGreaterThan(0);
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, compared_elsewhere: [], changed_users: 0 });
});
