/** Users who follow overdue tips: decisions of the real service on the embedded log, served and reacted to. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProducer } from '../../../src/producer/producer.js';
import type { ControlEvent, ScoredEvent } from '../../../src/topics.js';
import { seededRandom } from '../seeded-random.js';
import { EmbeddedService } from './service.js';

export const START_MS = 1_795_000_000_000;
export const HOUR_MS = 3_600_000;

export interface HistoryBesides {
  readonly servesOther?: boolean;
  readonly controls?: readonly ControlEvent[];
}

/** To be closed. */
export async function openHistory(): Promise<EmbeddedService> {
  return EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-evaluate-')), {
    clock: () => START_MS + 1000 * HOUR_MS,
    maxTaskIdleMs: 0,
  });
}

/** Three users asked `decisions` times in all, an hour apart; one in ten has no reaction. */
export async function writeHistory(
  service: EmbeddedService,
  decisions: number,
  { servesOther = false, controls = [] }: HistoryBesides = {},
): Promise<ScoredEvent[]> {
  const random = seededRandom(3);
  await service.start();
  for (const control of controls) await createProducer(service.log).send('policy.control', control);
  for (let i = 0; i < decisions; i++) {
    const at = START_MS + i * HOUR_MS;
    const user = `u${i % 3}`;
    const overdue = random() < 0.5 ? 'a' : 'b';
    const candidates = ['a', 'b'].map((name) => ({ tip_id: `${name}${i}`, is_overdue: name === overdue, task_age_days: 1, priority: 2 }));
    await service.produce('tip.candidates', { decision_id: `d${i}`, user_id: user, requested_at_ms: at, candidates });
    await service.catchUp();
    const event = (await service.scored()).find(({ decision_id: id }) => id === `d${i}`)!;
    const tip = servesOther && i % 2 === 0 ? candidates.find(({ tip_id: id }) => id !== event.chosen_tip_id)!.tip_id : event.chosen_tip_id;
    await service.produce('tip.served', {
      tip_id: tip,
      user_id: user,
      decision_id: `d${i}`,
      served_at_ms: at + 1,
      category: i % 2 === 0 ? 'home' : 'work',
    });
    if (i % 10 < 9)
      await service.produce('tip.feedback', {
        tip_id: tip,
        user_id: user,
        action: tip.startsWith(overdue) ? 'done' : 'dismiss',
        reacted_at_ms: at + 2,
      });
  }
  await service.catchUp();
  return service.scored();
}
