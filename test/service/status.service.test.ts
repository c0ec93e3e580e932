import { expect, test } from 'vitest';
import { embeddedService } from '../support/embedded/directory.js';

test('events applied are those of producers and controls: decisions that are read back are not counted again', async () => {
  const embedded = await embeddedService({ partitions: 1, settings: { shadow: 'egreedy-v2' } });
  await embedded.produce('tip.served', ...[1, 2, 3].map((i) => ({ user_id: 'ana', tip_id: `t${i}`, served_at_ms: i })), {
    user_id: 'ana',
    tip_id: 't',
    served_at_ms: -1,
  });
  await embedded.produce('tip.feedback', { user_id: 'ana', tip_id: 't1', action: 'done', reacted_at_ms: 5 });
  await embedded.produce(
    'tip.candidates',
    ...[1, 2].map((i) => ({
      user_id: 'ana',
      decision_id: `d${i}`,
      requested_at_ms: 9,
      candidates: [{ tip_id: 'x', is_overdue: false, task_age_days: 0, priority: 1 }],
    })),
  );
  await embedded.produce('policy.control', { control_id: 'c', type: 'reset', user_id: 'ana', effective_at_ms: 1 });
  await embedded.catchUp();
  expect(embedded.countOf('applied:tip.scored')).toBe(2);
  expect(embedded.countOf('applied:tip.scored.shadow')).toBe(2);
  expect(embedded.service.status().counts).toMatchObject({ applied: 7, rejected: 1, decisions: 2 });
});
