/** The service with a Schema Registry: what producers' serializers wrote is folded, and an outage of the registry is waited out. */
import { expect, it, onTestFinished } from 'vitest';
import { verifyCommand } from '../../src/cli/commands/verify.js';
import { readWholeLetter } from '../../src/dead-letters/whole-letter.js';
import { readDeadLetterReason } from '../../src/events/dead-letter.js';
import type { NewRecord } from '../../src/log/port.js';
import { decodingLog } from '../../src/log/schema-registry/decoding-log.js';
import { redrive, type RedriveOptions } from '../../src/redrive/redrive.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { troubles } from '../../src/service/readiness.js';
import { runCommand } from '../support/cli-in-process.js';
import { embeddedService } from '../support/embedded/directory.js';
import { DEFAULT_SETTINGS, type EmbeddedOptions, type EmbeddedService } from '../support/embedded/service.js';
import { named, verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';
import { FIXTURE_RECORDS, FIXTURE_SCHEMAS, fixture, framed, type FixtureRecord } from '../support/registry-fixtures.js';
import { StandInRegistry, type StandInOptions } from '../support/stand-in-registry.js';
import { stateIn } from '../support/state-in.js';

const NOW = 1_796_000_900_000;

async function registryOf(options: StandInOptions = {}): Promise<StandInRegistry> {
  const registry = await StandInRegistry.open({ schemas: FIXTURE_SCHEMAS, ...options });
  onTestFinished(() => registry.goAway());
  return registry;
}

async function serviceWith(registry: StandInRegistry, more: EmbeddedOptions & { auth?: string } = {}): Promise<EmbeddedService> {
  const { auth, ...options } = more;
  return embeddedService({
    partitions: 2,
    clock: () => NOW,
    through: (log) =>
      decodingLog(log, {
        urls: [registry.url],
        patienceMs: 1_000,
        timeoutMs: 500,
        ...(auth === undefined ? {} : { auth }),
        log: (level, message, fields) => lines.push({ level, message, ...fields }),
      }),
    ...options,
  });
}
let lines: { level: string; message: string; [field: string]: unknown }[] = [];

const recordOf = ({ topic, key, value, headers }: FixtureRecord): NewRecord => ({ topic, key, value, headers });
const json = (topic: string, userId: string, event: object): NewRecord => ({
  topic,
  key: Buffer.from(userId),
  value: Buffer.from(JSON.stringify({ user_id: userId, ...event })),
});
const question = { asOfMs: NOW };
const lettersOf = async (embedded: EmbeddedService) =>
  (await embedded.records('tip.served-dlt')).map(({ headers }) => readDeadLetterReason(headers));
const redriven = ({ readLog, directory }: EmbeddedService, options: Partial<RedriveOptions> = {}) =>
  redrive(
    { log: readLog, registry: coreRegistry, state: stateIn(directory), rules: { partitioner: 'murmur2', maxValueBytes: 1_048_576 } },
    { prefix: '', max: 10, again: true, dryRun: false, repartition: false, nowMs: NOW, ...options },
  );
const profile = (embedded: EmbeddedService, userId: string) => embedded.service.profile(userId, NOW);

it('events of real serializers and plain JSON are folded side by side, verify and rebuild agree, and bytes stay as they were', async () => {
  const registry = await registryOf();
  const embedded = await serviceWith(registry);
  await embedded.append(...FIXTURE_RECORDS.map(recordOf), json('tip.served', 'ana', { tip_id: 't9', served_at_ms: NOW - 1 }));
  await embedded.catchUp();
  expect((await profile(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 2, snooze_rate_30d: 0.5 });
  expect((await profile(embedded, 'cem')).features).toMatchObject({ tip_volume_30d: 1 });
  expect((await embedded.scored()).map(({ decision_id: id, ranking }) => [id, ranking.length])).toEqual([['d1', 2]]);
  const [letter, ...more] = await embedded.records('tip.served-dlt');
  expect(more).toEqual([]);
  expect(letter!.value).toEqual(fixture('protobuf').value);
  expect(readDeadLetterReason(letter!.headers)).toMatchObject({ code: 'unsupported_schema' });
  expect(named(await verified(embedded, question))).toEqual([]);
  expect(await embedded.service.metrics()).toMatch(/tipstream_schema_registry_requests_total\{outcome="found"\} [1-9]/);
  await embedded.stop();
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true });
  expect(named(await verified(embedded, question))).toEqual([]);
});

it('while the registry is away the partition waits and says so; when it is back, all goes on without a dead letter', async () => {
  lines = [];
  const registry = await registryOf();
  const embedded = await serviceWith(registry);
  await embedded.start();
  await registry.goAway();
  const { key } = fixture('avro');
  const mine = embedded.partitionOf(key.toString());
  await embedded.append(
    recordOf(fixture('avro')),
    json('tip.feedback', 'ana', { tip_id: 't1', action: 'done', reacted_at_ms: NOW - 1 }),
    recordOf(fixture('json')),
  );
  const status = () => embedded.service.status();
  await expect
    .poll(() => status().partitions[mine]!.silent, { timeout: 5_000 })
    .toMatch(/^a record of tip.served waits for schema id 1: the Schema Registry at 127.0.0.1:\d+ cannot be asked: ECONNREFUSED$/);
  expect(troubles(status())).toContainEqual(expect.stringMatching(/^nothing comes of partition \d: a record of tip.served waits for/));
  const rows = await embedded.service.lag();
  expect(rows.find(({ topic, partition }) => topic === 'tip.served' && partition === mine)).toMatchObject({
    status: 'stall',
    reason: expect.stringContaining('waits for schema id 1') as string,
  });
  expect(await embedded.service.metrics()).toMatch(/tipstream_schema_registry_waiting_partitions [12]\n/);
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      partition: mine,
      topic: 'tip.served',
      schema: 'schema id 1',
      code: 'schema_registry_unavailable',
    }),
  );
  expect(await lettersOf(embedded)).toEqual([]);
  await registry.comeBack();
  await embedded.catchUp();
  expect((await profile(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 1, completion_rate_30d: 1 });
  expect((await profile(embedded, 'cem')).features).toMatchObject({ tip_volume_30d: 1 });
  expect(await lettersOf(embedded)).toEqual([]);
  expect(status().partitions.map(({ silent }) => silent)).toEqual([null, null]);
  expect(await embedded.service.metrics()).toContain('tipstream_schema_registry_waiting_partitions 0\n');
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'info', message: `partition ${mine} goes on: the Schema Registry answered` }),
  );
  expect(named(await verified(embedded, question))).toEqual([]);
});

it.each([
  ['refuses the password', { auth: 'ana:richtig' }, 'does not let tipstream read schemas (HTTP 401)'],
  ['hangs', {}, 'no answer within 0.5 s'],
])('a registry that %s is waited for, nothing becomes a dead letter, and the service still stops at once', async (_, options, why) => {
  const registry = await registryOf(options);
  if (!('auth' in options)) registry.fault = 'hangs';
  const embedded = await serviceWith(registry, { auth: 'ana:falsch' });
  await embedded.append(recordOf(fixture('avro')));
  await embedded.start();
  const mine = embedded.partitionOf('ana');
  await expect.poll(() => embedded.service.status().partitions[mine]!.silent, { timeout: 5_000 }).toContain(why);
  expect(await embedded.service.caughtUp({ silentForMs: 300, where: 'the log' }).catch((error: unknown) => error)).toMatchObject({
    code: 'schema_registry_unavailable',
    message: expect.stringContaining(why) as string,
  });
  expect(await lettersOf(embedded)).toEqual([]);
  const beganMs = performance.now();
  await embedded.stop();
  expect(performance.now() - beganMs).toBeLessThan(2_000);
  expect(await lettersOf(embedded)).toEqual([]);
});

it('an unknown id is a dead letter; once the registry knows it, redriving shows and puts back what it is', async () => {
  const registry = await registryOf({ schemas: [] });
  const embedded = await serviceWith(registry);
  await embedded.append(recordOf(fixture('avro')));
  await embedded.catchUp();
  expect(await lettersOf(embedded)).toMatchObject([
    {
      code: 'unknown_schema',
      message: expect.stringMatching(/^schema id 1 cannot be read: .*by default of subject tip.served-value\)$/) as string,
    },
  ]);
  await embedded.stop();
  registry.schemas = [...FIXTURE_SCHEMAS];
  const [letter] = await embedded.records('tip.served-dlt');
  const address = { topic: letter!.topic, partition: letter!.partition, offset: letter!.offset };
  expect(await readWholeLetter(embedded.readLog, address, 'tip.served')).toMatchObject({
    value: { text: JSON.stringify(fixture('avro').event) },
  });
  expect(await redriven(embedded, { dryRun: true })).toMatchObject({
    would_be_refused: 0,
    profiles: { users: [{ user_id: 'ana', before: null, after: { tip_volume_30d: 1 } }] },
  });
  expect(await redriven(embedded)).toMatchObject({ redriven: 1 });
  await embedded.catchUp();
  expect((await profile(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 1 });
  expect(await lettersOf(embedded)).toHaveLength(1);
});

it('an edited dead letter is JSON, and loses the header that named its schema', async () => {
  const registry = await registryOf();
  const embedded = await serviceWith(registry);
  const { headers } = fixture('avro, id in a header');
  await embedded.append({ topic: 'tip.served', key: Buffer.from('ana'), value: Buffer.from([9]), headers });
  await embedded.catchUp();
  const [letter] = await embedded.records('tip.served-dlt');
  expect(readDeadLetterReason(letter!.headers)).toMatchObject({ code: 'bad_payload' });
  const edit = Buffer.from(JSON.stringify({ user_id: 'ana', tip_id: 't1', served_at_ms: NOW - 5 }));
  const address = { topic: letter!.topic, partition: letter!.partition, offset: letter!.offset };
  await redriven(embedded, { address, edit });
  await embedded.catchUp();
  expect((await profile(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 1 });
  expect((await embedded.records('tip.served')).at(-1)!.headers.map(([name]) => name)).not.toContain('__value_schema_id');
});

it('a state that was folded with a registry is not gone on with without one; the other way round it is', async () => {
  const registry = await registryOf();
  const embedded = await serviceWith(registry);
  const without = { through: (log: Parameters<NonNullable<EmbeddedOptions['through']>>[0]) => log };
  await embedded.append(json('tip.served', 'ana', { tip_id: 't0', served_at_ms: NOW - 1 }));
  await embedded.start(without);
  await embedded.service.caughtUp();
  await embedded.stop();
  await embedded.append(recordOf(fixture('avro')));
  await embedded.catchUp();
  expect((await profile(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 2 });
  await embedded.stop();
  await embedded.start(without);
  await expect(embedded.service.caughtUp()).rejects.toMatchObject({
    code: 'state_mismatch',
    message: expect.stringContaining('was folded with --schema-registry URL; this process has --schema-registry off') as string,
  });
});

it('what was refused before there was a registry explains differences: verify and rebuild say so, and rebuild mends them', async () => {
  const registry = await registryOf();
  const embedded = await serviceWith(registry);
  await embedded.append(recordOf(fixture('avro')), recordOf(fixture('json')), recordOf(fixture('protobuf')));
  const broken = { topic: 'tip.served', key: Buffer.from('ana'), value: Buffer.from('{') };
  await embedded.append(broken);
  await embedded.start({ through: (log: Parameters<NonNullable<EmbeddedOptions['through']>>[0]) => log });
  await embedded.service.caughtUp();
  await embedded.stop();
  expect((await lettersOf(embedded)).map(({ code }) => code).sort()).toEqual(['not_json', 'wire_format', 'wire_format', 'wire_format']);
  await embedded.catchUp();
  const explained = [fixture('avro'), fixture('json')].map(({ key }) => embedded.partitionOf(key.toString())).sort();
  const since = [...new Set(explained)].map((partition) => ({
    ...{ partition, topic: 'tip.served', code: 'wire_format', all: true },
    records: explained.filter((one) => one === partition).length,
  }));
  const found = await verified(embedded, question);
  expect(found).toMatchObject({ equal: false, accepted_since: since });
  const command = await runCommand([verifyCommand], ['verify', '--data', embedded.directory, '--schema-registry', registry.url]);
  expect(command.code).toBe(2);
  for (const { partition, records } of since)
    expect(command.stderr).toContain(
      `refused as wire_format when they came, and events now: ${records} record${records === 1 ? '' : 's'} of tip.served partition ` +
        `${partition}; they were read without --schema-registry then\n`,
    );
  expect(command.stderr).toContain('hint: `tipstream rebuild` with the same options folds them');
  // A redrive makes profiles right, and counts go on to differ.
  const [letter] = await embedded.records('tip.served-dlt');
  const { topic, partition, offset } = letter!;
  await redriven(embedded, { address: { topic, partition, offset } });
  await embedded.catchUp();
  expect(await verified(embedded, question)).toMatchObject({ equal: false, accepted_since: since });
  await embedded.stop();
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, accepted_since: since });
  expect(await verified(embedded, question)).toMatchObject({ equal: true, accepted_since: [] });
  expect(await rebuilt(embedded)).toMatchObject({ swapped: true, difference_count: 0, accepted_since: [] });
});

it('records behind one that waits keep their order, over all topics of the partition', async () => {
  const registry = await registryOf();
  registry.fault = { slowMs: 300 };
  const embedded = await serviceWith(registry, { settings: DEFAULT_SETTINGS });
  await embedded.start();
  for (let i = 0; i < 200; i++)
    await embedded.append(i === 0 ? recordOf(fixture('avro')) : json('tip.served', 'ana', { tip_id: `u${i}`, served_at_ms: NOW - i }));
  await embedded.append({ ...recordOf(fixture('avro')), value: framed(1, fixture('avro').value.subarray(5)) });
  await embedded.catchUp();
  expect((await profile(embedded, 'ana')).features).toMatchObject({ tip_volume_30d: 200 });
  expect(named(await verified(embedded, question))).toEqual([]);
});
