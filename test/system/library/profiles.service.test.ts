/** What a program gets from `openTipstream`, beside the state that the service has folded. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  createRegistry,
  defaultRegistry,
  defineFeature,
  hasHappened,
  isInWindow,
  openTipstream,
  WINDOW_MS,
  type CounterFamily,
  type TipstreamOptions,
} from '../../../src/index.js';
import { embeddedService, newDirectory } from '../../support/embedded/directory.js';

const T = Date.UTC(2026, 10, 20);
const HOUR_MS = 3_600_000;

async function opened(options: TipstreamOptions) {
  const tipstream = await openTipstream(options);
  onTestFinished(() => tipstream.close());
  return tipstream;
}

/** How many tips were snoozed and done, whichever came first. */
const snoozedAndDone: CounterFamily = {
  id: 'snoozed_and_done',
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.servedAtMs, asOfMs) && hasHappened(tip.snoozeAtMs, asOfMs) && hasHappened(tip.doneAtMs, asOfMs))
      add('snoozed_and_done', 1);
  },
};
const secondChances30d = defineFeature({
  name: 'second_chances_30d',
  dtype: 'numeric',
  unit: 'tips',
  sources: ['tip.served', 'tip.feedback'],
  windowMs: WINDOW_MS,
  ttlMs: HOUR_MS,
  invalidatedBy: ['tip.feedback', 'time'],
  description: 'Tips served in the last 30 days that were snoozed and done.',
  sql: `SELECT uid, count(*) AS value FROM tip
        WHERE served_at_ms >= :as_of_ms - ${WINDOW_MS} AND served_at_ms < :as_of_ms
          AND snooze_at_ms < :as_of_ms AND done_at_ms < :as_of_ms GROUP BY uid`,
  counters: [snoozedAndDone],
  value: (read) => read.count('snoozed_and_done'),
});

test('what the producer sends is folded, and read as of any time', async () => {
  const embedded = await embeddedService({ partitions: 3, clock: () => T });
  const tipstream = await opened({ data: embedded.directory });
  expect(await tipstream.producer.send('tip.served', { user_id: 'ana', tip_id: 'tip-1', served_at_ms: T - 2 * HOUR_MS })).toEqual([
    { topic: 'tip.served', partition: embedded.partitionOf('ana'), offset: 0 },
  ]);
  await tipstream.producer.send('tip.feedback', { user_id: 'ana', tip_id: 'tip-1', action: 'done', reacted_at_ms: T - HOUR_MS });
  await embedded.catchUp();
  expect(await tipstream.getProfile('ana', { asOf: T })).toMatchObject({
    user_id: 'ana',
    as_of_ms: T,
    feature_set: defaultRegistry.featureSet,
    features: { completion_rate_30d: 1 },
  });
  expect((await tipstream.getProfile('ana', { asOf: new Date(T - HOUR_MS) })).features).toMatchObject({
    tip_volume_30d: 1,
    completion_rate_30d: 0,
  });
  await expect(tipstream.getProfile('ana', { asOf: T - 3 * HOUR_MS })).rejects.toMatchObject({ code: 'user_not_found' });
});

test('a partitioner that is not known asks every file', async () => {
  const embedded = await embeddedService({ partitions: 3, partitioner: 'any', clock: () => T });
  const elsewhere = (embedded.partitionOf('ana') + 1) % 3;
  await embedded.append({
    topic: 'tip.served',
    key: Buffer.from('ana'),
    value: Buffer.from(JSON.stringify({ user_id: 'ana', tip_id: 'tip-1', served_at_ms: T - HOUR_MS })),
    partition: elsewhere,
  });
  await embedded.catchUp();
  expect((await (await opened({ data: embedded.directory, partitioner: 'any' })).getProfile('ana', { asOf: T })).features).toMatchObject({
    tip_volume_30d: 1,
  });
  await expect((await opened({ data: embedded.directory })).getProfile('ana', { asOf: T })).rejects.toMatchObject({
    code: 'state_mismatch',
  });
});

test('features of your own are computed from state that was folded without them', async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => T });
  const tips = Array.from({ length: 150 }, (_, i) => ({ user_id: 'ana', tip_id: `tip-${i}`, served_at_ms: T - (i + 1) * HOUR_MS }));
  await embedded.produce('tip.served', ...tips);
  await embedded.produce(
    'tip.feedback',
    ...tips.flatMap(({ user_id, tip_id, served_at_ms }, i) => [
      ...(i % 2 === 0 ? [{ user_id, tip_id, action: 'snooze', reacted_at_ms: served_at_ms + 1 }] : []),
      ...(i % 5 === 0 ? [{ user_id, tip_id, action: 'done', reacted_at_ms: served_at_ms + 2 }] : []),
    ]),
  );
  await embedded.catchUp();
  const registry = createRegistry([...defaultRegistry.features, secondChances30d]);
  const builtIn = await (await opened({ data: embedded.directory })).getProfile('ana', { asOf: T });
  const own = await (await opened({ data: embedded.directory, registry })).getProfile('ana', { asOf: T });
  expect(own).toMatchObject({ feature_set: registry.featureSet, features: { ...builtIn.features, second_chances_30d: 15 } });
  expect(own.feature_set).not.toBe(builtIn.feature_set);
});

describe('what makes no sense is refused', () => {
  test.each([NaN, -1, 0.5, Infinity, 8e15, new Date('tomorrow')])('asOf %s', async (asOf) => {
    const tipstream = await opened({ data: (await embeddedService()).directory });
    await expect(tipstream.getProfile('ana', { asOf })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('asOf') as string,
    });
  });

  test('an event that its topic does not take, before anything is written', async () => {
    const embedded = await embeddedService();
    const { producer } = await opened({ data: embedded.directory });
    const served = { user_id: 'ana', tip_id: 'tip-1', served_at_ms: T };
    await expect(producer.send('tip.served', { ...served, served_at_ms: 1.5 })).rejects.toMatchObject({
      code: 'invalid_event',
      message: expect.stringContaining('served_at_ms') as string,
    });
    await expect(
      producer.sendAll([
        { topic: 'tip.served', event: served },
        { topic: 'tip.served', event: { ...served, tip_id: '' } },
      ]),
    ).rejects.toMatchObject({ code: 'invalid_event' });
    expect(await embedded.records('tip.served')).toEqual([]);
  });

  test('a number of partitions that is not that of the topics', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    await expect(openTipstream({ data: embedded.directory, partitions: 3 })).rejects.toMatchObject({ code: 'partition_count_changed' });
  });

  test('profiles where nothing has been folded', async () => {
    const embedded = await embeddedService();
    await expect((await opened({ data: embedded.directory })).getProfile('ana')).rejects.toMatchObject({
      code: 'no_data',
      hint: expect.stringContaining('tipstream start') as string,
    });
  });
});

test('the embedded log and its topics are made where there are none', async () => {
  const parent = newDirectory();
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const data = join(parent, 'new', 'data');
  const tipstream = await opened({ data, partitions: 1 });
  await tipstream.producer.send('tip.served', { user_id: 'ana', tip_id: 'tip-1', served_at_ms: T });
  expect(existsSync(join(data, 'log.db'))).toBe(true);
});
