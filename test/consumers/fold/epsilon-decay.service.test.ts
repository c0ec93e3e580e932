/** Epsilon falls with what has been learned of a user, the event says which one was used, and nothing else needs to know. */
import { expect, it } from 'vitest';
import { embeddedService } from '../../support/embedded/directory.js';
import { verified } from '../../support/planted-state.js';
import { recompute } from '../../support/recompute.js';

const HOUR = 3_600_000;
const START = 2_400 * HOUR;
const candidates = ['a', 'b', 'c'].map((tip_id, i) => ({ tip_id, is_overdue: i === 0, task_age_days: i, priority: 1 + i }));

it('by updates while one policy is live alone, and held at its full size beside a shadow that learns', async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => START + 100 * HOUR });
  await embedded.start();
  await embedded.catchUp();
  const configure = (id: string, atMs: number, settings: object) =>
    embedded.produce('policy.control', { control_id: id, type: 'configure', effective_at_ms: atMs, settings });
  await configure('c1', START, { epsilon: 0.5, epsilon_min: 0.15, epsilon_decay: 0.6 });
  await configure('c2', START + 30 * HOUR, { shadow: 'egreedy-v2', shadow_learning: false });
  await configure('c3', START + 50 * HOUR, { shadow_learning: true });
  await embedded.catchUp();
  const epsilons: [updates: number, epsilon: number][] = [];
  for (const [i, hour] of [1, 2, 3, 4, 5, 31, 51].entries()) {
    const own = candidates.map((candidate) => ({ ...candidate, tip_id: `${candidate.tip_id}${i}` }));
    const request = { user_id: 'ann', decision_id: `d${i}`, requested_at_ms: START + hour * HOUR, candidates: own };
    const event = await embedded.service.score(request);
    expect(recompute({ ...event, decision_id: request.decision_id }).differences).toEqual([]);
    epsilons.push([event.model.updates, event.epsilon]);
    const served = { user_id: 'ann', tip_id: event.chosen_tip_id };
    await embedded.produce('tip.served', { ...served, decision_id: `d${i}`, served_at_ms: START + hour * HOUR });
    await embedded.produce('tip.feedback', { ...served, action: 'done', reacted_at_ms: START + hour * HOUR + 1 });
    await embedded.catchUp();
  }
  // 0.6 / updates, at most 0.5 and at least 0.15; all of it from the moment on when the shadow learns.
  expect(epsilons).toEqual([
    [0, 0.5],
    [1, 0.5],
    [2, 0.3],
    [3, 0.6 / 3],
    [4, 0.15],
    [5, 0.15],
    [6, 0.5],
  ]);
  await embedded.stop();
  expect((await verified(embedded, { asOfMs: START + 100 * HOUR })).differences).toEqual([]);
});
