/** Forgetting where values are behind a Schema Registry: what serializers wrote of the user goes, and an outage changes nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { embeddedService } from '../../support/embedded/directory.js';
import { withRegistry } from '../../support/embedded/registry.js';
import { recordOf, type EmbeddedService } from '../../support/embedded/service.js';
import { forgottenBy } from '../../support/forgotten-by.js';
import { named, verified } from '../../support/planted-state.js';
import { rebuilt } from '../../support/rebuilds.js';
import { FIXTURE_RECORDS, fixture, framed } from '../../support/registry-fixtures.js';

const NOW_MS = 1_796_000_900_000;
const question = { asOfMs: NOW_MS };

it('all that serializers wrote of the user is gone, keyed or not, decodable or not, and others stay', async () => {
  const { embedded } = await lived();
  const before = await profileOf(embedded, 'cem');
  const { result, error } = await forgottenBy(embedded.service, 'ana');
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ found: true, in_state: true, receipt: { remains: { records: [] } } });
  await expect(embedded.service.profile('ana', NOW_MS)).rejects.toMatchObject({ code: 'user_not_found' });
  expect((await profileOf(embedded, 'cem')).features).toEqual(before.features);
  expect(await embedded.records('tip.served-dlt')).toEqual([]);
  expect(await embedded.scored()).toEqual([]);
  // As Avro, Protobuf and JSON write the id.
  for (const written of ['\u0006ana', '\u0003ana', '"ana"'])
    expect(readFileSync(join(embedded.directory, 'log.db')).includes(written), written).toBe(false);
  expect(named(await verified(embedded, question))).toEqual([]);
  await embedded.append(...FIXTURE_RECORDS.filter(({ name }) => name === 'avro'));
  await embedded.catchUp();
  expect((await profileOf(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 1, snooze_rate_30d: 0 });
  await embedded.stop();
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, changed_users: 0 });
  expect(named(await verified(embedded, question))).toEqual([]);
});

it('while the registry is away nobody is forgotten, and nothing has changed', async () => {
  const { embedded, registry } = await lived();
  await embedded.stop();
  await registry.goAway();
  await embedded.start();
  const { error } = await forgottenBy(embedded.service, 'ana');
  expect(error).toMatchObject({ code: 'schema_registry_unavailable' });
  expect(await embedded.log.offsets('user.forgotten')).toEqual(new Map([[0, { low: 0, end: 0 }]]));
  await registry.comeBack();
  await embedded.catchUp();
  expect((await profileOf(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 1 });
  expect((await forgottenBy(embedded.service, 'ana')).result).toMatchObject({ found: true });
  await expect(embedded.service.profile('ana', NOW_MS)).rejects.toMatchObject({ code: 'user_not_found' });
});

it('without the option, when all of it became dead letters', async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW_MS });
  await embedded.append(...RECORDS);
  await embedded.start();
  await embedded.catchUp();
  expect((await embedded.records('tip.served-dlt')).length).toBeGreaterThan(2);
  expect((await forgottenBy(embedded.service, 'ana')).result).toMatchObject({ found: true });
  for (const written of ['\u0006ana', '\u0003ana', '"ana"'])
    expect(readFileSync(join(embedded.directory, 'log.db')).includes(written), written).toBe(false);
  expect(named(await verified(embedded, question))).toEqual([]);
});

const RECORDS = [
  ...FIXTURE_RECORDS.map(({ topic, key, value, headers }) => ({ topic, key, value, headers })),
  { topic: 'tip.served', key: null, partition: 0, value: fixture('avro').value, headers: fixture('avro').headers },
  { topic: 'tip.served', key: null, partition: 0, value: framed(1, '\u0006ana\u0004t'), headers: [] },
];

async function lived() {
  const { embedded, registry } = await withRegistry(NOW_MS);
  await embedded.append(...RECORDS, recordOf('tip.served', { user_id: 'cem', tip_id: 't9', served_at_ms: NOW_MS - 1 }));
  await embedded.start();
  await embedded.catchUp();
  return { embedded, registry };
}

const profileOf = async ({ service }: EmbeddedService, userId: string) => service.profile(userId, NOW_MS);
