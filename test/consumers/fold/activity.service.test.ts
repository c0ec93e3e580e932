/** Sessions and signals through the service: profiles are the oracle's, verify agrees, and a prune takes what no later time needs. */
import { expect, it } from 'vitest';
import { registryOf } from '../../../src/projections/registry.js';
import { PartitionReader } from '../../../src/store/queries/partition-reader.js';
import { type ActivityEvent, oracleActivity } from '../../oracle/activity.js';
import { oracleText } from '../../oracle/profile.js';
import { embeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedService } from '../../support/embedded/service.js';
import { verified } from '../../support/planted-state.js';

const DAY = 86_400_000;
const NOW = 1_795_000_000_000;
const registry = registryOf({ sets: ['core', 'activity'] });

const events = Array.from({ length: 200 }, (_, i): ActivityEvent => {
  const at = NOW - ((i * 37) % 100) * DAY - i * 1_000 - 1;
  if (i % 3 === 0) return { topic: 'signal.synced', value: { user_id: 'ann', source: `source-${i % 4}`, synced_at_ms: at } };
  const value = { user_id: 'ann', session_id: `s${i % 150}`, started_at_ms: at, ended_at_ms: at + ((i * 7_919) % 5_000) };
  return { topic: 'app.session', value: { ...value, utc_offset_min: (i % 5) * 60 } };
});

function expectOracle(embedded: EmbeddedService, asOfMs: number): void {
  const reader = new PartitionReader(embedded.statePath(0), registry);
  const { features } = reader.profile('ann', asOfMs)!;
  for (const [name, value] of Object.entries(oracleActivity(events, 'ann', asOfMs)))
    expect([name, oracleText(features[name]!)]).toEqual([name, oracleText(value)]);
  reader.close();
}

it.each([undefined, 60 * DAY])('with --retain of %s ms they are what the oracle gives', async (retainMs) => {
  const embedded = await embeddedService({ registry, partitions: 1, clock: () => NOW, ...(retainMs === undefined ? {} : { retainMs }) });
  await embedded.produce('tip.served', { tip_id: 't1', user_id: 'ann', served_at_ms: NOW - 1_000 });
  for (const { topic, value } of events) await embedded.produce(topic, value, value);
  await embedded.produce('app.session', { user_id: 'ann', session_id: 'wrong', started_at_ms: 2, ended_at_ms: 1 });
  await embedded.catchUp();
  expect(await embedded.records('app.session-dlt')).toHaveLength(1);
  await embedded.stop();
  for (const asOfMs of [NOW, NOW - 10 * DAY, NOW + 20 * DAY]) expectOracle(embedded, asOfMs);
  const rows = (table: string) => embedded.query<{ n: number }>(0, `SELECT count(*) AS n FROM ${table}`)[0]!.n;
  const old = events.filter(({ topic, value }) => topic === 'app.session' && value.ended_at_ms < NOW - 61 * DAY);
  if (retainMs === undefined) expectOracle(embedded, NOW - 50 * DAY);
  else {
    expect(old.length).toBeGreaterThan(20);
    expect(rows('session')).toBeLessThan(100);
    // The newest of each source stays, however old.
    expect(rows('signal')).toBeGreaterThan(3);
  }
  const document = await verified(embedded, { asOfMs: NOW });
  expect(document).toMatchObject({ equal: true });
});
