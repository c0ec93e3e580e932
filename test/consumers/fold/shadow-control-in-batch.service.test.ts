/**
 * Found by the simulation (seed 864): the user of the batch under way has no row yet, and a control in the same batch passed their
 * decisions over.
 */
import { expect, it } from 'vitest';
import { embeddedService } from '../../support/embedded/directory.js';

const AT = 8_640_000_000;

it('a control that forbids the shadow to learn holds for decisions folded in the same batch as it', async () => {
  const embedded = await embeddedService({
    partitions: 1,
    clock: () => AT + 1_000,
    settings: { shadow: 'egreedy-v2', shadowLearning: true },
    publishProfiles: false,
  });
  const append = (topic: string, key: string | null, event: object, timestampMs: number) =>
    embedded.append({
      topic,
      partition: 0,
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(JSON.stringify(event)),
      timestampMs,
    });
  await append(
    'tip.candidates',
    'ann',
    {
      user_id: 'ann',
      decision_id: 'd',
      requested_at_ms: AT,
      candidates: [{ tip_id: 't', is_overdue: true, task_age_days: 1, priority: 1 }],
    },
    1,
  );
  await append('tip.served', 'ann', { user_id: 'ann', tip_id: 't', decision_id: 'd', served_at_ms: AT + 1 }, 2);
  await append('tip.feedback', 'ann', { user_id: 'ann', tip_id: 't', action: 'done', reacted_at_ms: AT + 2 }, 3);
  await embedded.catchUp();
  // Behind all else, as far as timestamps go.
  await append(
    'policy.control',
    null,
    { control_id: 'c', type: 'configure', effective_at_ms: AT - 1, settings: { shadow_learning: false } },
    AT * 2,
  );
  await embedded.catchUp();
  await embedded.stop();
  await embedded.deleteState();
  await embedded.catchUp();
  expect(embedded.query(0, 'SELECT 1 FROM shadow_decision WHERE reward IS NOT NULL')).toEqual([]);
});
