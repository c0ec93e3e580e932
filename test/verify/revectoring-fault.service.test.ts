/** A fault in how the fold makes a decision's vector anew for another policy is found by `verify`, which does it in its own way. */
import { afterEach, expect, it, vi } from 'vitest';
import * as revectorise from '../../src/policies/revectorise.js';
import { embeddedService } from '../support/embedded/directory.js';
import { findDifference, verified } from '../support/planted-state.js';

afterEach(() => vi.restoreAllMocks());

function halveTheFourthEntry(): void {
  const real = revectorise.vectorUnder;
  vi.spyOn(revectorise, 'vectorUnder').mockImplementation((...question) =>
    real(...question)?.map((entry, i) => (i === 3 ? entry / 2 : entry)),
  );
}

const HOUR = 3_600_000;
const START = 2_400 * HOUR;

/** ann's decision by egreedy-v1 is rewarded, and egreedy-v2 then goes on from it, trained. */
async function migrated() {
  const embedded = await embeddedService({ partitions: 1, clock: () => START + 10 * HOUR });
  await embedded.start();
  await embedded.catchUp();
  const request = (decision: string, hour: number) => ({
    user_id: 'ann',
    decision_id: decision,
    requested_at_ms: START + hour * HOUR,
    candidates: [{ tip_id: `tip of ${decision}`, is_overdue: true, task_age_days: 3, priority: 4 }],
  });
  await embedded.service.score(request('d1', 1), 'egreedy-v1');
  const served = { user_id: 'ann', tip_id: 'tip of d1' };
  await embedded.produce('tip.served', { ...served, decision_id: 'd1', served_at_ms: START + 2 * HOUR });
  await embedded.produce('tip.feedback', { ...served, action: 'done', reacted_at_ms: START + 3 * HOUR });
  await embedded.produce('policy.control', {
    control_id: 'm1',
    type: 'migrate',
    policy: 'egreedy-v2',
    from: 'egreedy-v1',
    train_from_replay: true,
    effective_at_ms: START + 4 * HOUR,
  });
  await embedded.catchUp();
  const { model } = await embedded.service.score(request('d2', 5), 'egreedy-v2');
  expect(model.updates).toBe(1);
  await embedded.catchUp();
  await embedded.stop();
  return verified(embedded, { asOfMs: START + 10 * HOUR });
}

it('finds nothing in migrated sums that are right', async () => {
  expect((await migrated()).differences).toEqual([]);
});

it('finds migrated sums that were made with wrong vectors', async () => {
  halveTheFourthEntry();
  const document = await migrated();
  expect(document.equal).toBe(false);
  expect(findDifference(document, 'policy_sum', 'G[3][0]')).toMatchObject({
    user_id: 'ann',
    id: 'egreedy-v1>egreedy-v2',
    live: 0.5,
    replayed: 1,
  });
});
