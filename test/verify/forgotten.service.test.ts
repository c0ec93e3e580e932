/** A forgotten user whose records the log still has, as Kafka's does: what replays the log passes over them, as the state did. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Definition } from '../../src/events/feature-choice.js';
import { userDigest } from '../../src/events/user-digest.js';
import { forgottenRecord } from '../../src/producer/forgotten-record.js';
import { registryOf } from '../../src/projections/registry.js';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { skewOf, verified } from '../support/planted-state.js';

const DAY_MS = 86_400_000;
const NOW_MS = 100 * DAY_MS;
const USER = 'a';
const TOPICS = ['tip.served', 'tip.candidates', 'tip.scored'] as const;

const servedOften: Definition = {
  name: 'served_often',
  description: 'Tips served in a week.',
  unit: 'tips',
  topic: 'tip.served',
  shape: 'count',
  field: null,
  filter: [],
  counts: null,
  windowMs: 7 * DAY_MS,
  ttlMs: DAY_MS,
};
const registry = registryOf({ sets: ['core'], definitions: [servedOften] });

describe('a user who was forgotten and begins anew, in a log that still has their records', () => {
  let embedded: EmbeddedService;
  beforeAll(async () => {
    embedded = await EmbeddedService.open(newDirectory(), { partitions: 1, clock: () => NOW_MS, registry });
    await serve('before');
    const ends = await Promise.all(TOPICS.map(async (topic) => [topic, (await embedded.log.offsets(topic)).get(0)!.end] as const));
    await embedded.append(
      forgottenRecord('', 0, {
        forget_id: 'f1',
        user_digest: userDigest(USER),
        forgotten_at_ms: NOW_MS,
        positions: Object.fromEntries(ends),
      }),
    );
    await embedded.catchUp();
    await serve('after');
    await embedded.stop();
  });
  afterAll(() => embedded.close());

  async function serve(tipId: string): Promise<void> {
    await embedded.produce('tip.served', { user_id: USER, tip_id: tipId, served_at_ms: NOW_MS - DAY_MS });
    await embedded.catchUp();
    const candidates = [{ tip_id: `next-${tipId}`, is_overdue: false, task_age_days: 1, priority: 2 }];
    await embedded.produce('tip.candidates', { user_id: USER, decision_id: `d-${tipId}`, requested_at_ms: NOW_MS, candidates });
    await embedded.catchUp();
  }

  it('has the features of a file that verify reads from the log', async () => {
    const document = await verified(embedded, { asOfMs: NOW_MS });
    expect(document.differences).toEqual([]);
    expect(document).toMatchObject({ equal: true, unproven_count: 0 });
  });

  it('was served the profile that the log gives', async () => {
    const skew = await skewOf(embedded);
    expect(skew).toMatchObject({ compared: 1, differing: 0, differences: [] });
  });
});
