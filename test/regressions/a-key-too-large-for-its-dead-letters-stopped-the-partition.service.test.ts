/**
 * A bad record never stops its partition, whatever its dead-letter topic takes of it: the bytes go to files, and the next event is folded.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readDeadLetterReason, readKeptPayload } from '../../src/events/dead-letter.js';
import type { NewRecord, RecordHeaders } from '../../src/log/port.js';
import { openSqliteLog } from '../../src/log/sqlite/index.js';
import { topicSettings } from '../../src/log/topic-settings.js';
import { produceLines } from '../../src/producer/produce-lines.js';
import { newDirectory } from '../support/embedded/directory.js';
import { EmbeddedService, recordOf } from '../support/embedded/service.js';
import { FakeLog } from '../support/log/fake-log.js';

const MIB = 1_048_576;
const KEY = Buffer.alloc(1_200_000, 'k');
const printed = (headers: RecordHeaders) => JSON.stringify(headers.map(([name, value]) => [name, value?.toString() ?? null]));
const GOOD = recordOf('tip.served', { user_id: 'a', tip_id: 't', served_at_ms: 1_000 }, { partition: 0 });
const bad = (more: Partial<NewRecord>): NewRecord => ({ topic: 'tip.served', key: KEY, value: GOOD.value, partition: 0, ...more });

async function withTopics(deadLetters: object | null, partitions = 1): Promise<EmbeddedService> {
  const directory = newDirectory();
  const log = await openSqliteLog({ directory, synchronous: 'normal' });
  const topics = topicSettings('', partitions, 4 * MIB).map((topic) =>
    topic.name.endsWith('-dlt') ? { ...topic, ...deadLetters } : topic,
  );
  await log.createTopics(topics);
  await log.close();
  return EmbeddedService.open(directory, { clock: () => 5_000 });
}

async function foldedDespite(embedded: EmbeddedService, ...records: readonly NewRecord[]): Promise<string[]> {
  await embedded.append(...records, GOOD);
  await embedded.catchUp();
  expect((await embedded.service.profile('a')).features.tip_volume_30d).toBe(1);
  expect(embedded.failure).toBeUndefined();
  return readdirSync(join(embedded.directory, 'dead-letters')).sort();
}

const MANY: RecordHeaders = Array.from({ length: 20_000 }, (_, i) => [`header-${i}`, i % 2 === 0 ? null : Buffer.alloc(100, 'x')]);
const LARGE: [what: string, record: NewRecord][] = [
  ['a key of 1.2 MB', bad({})],
  ['a key of 1.2 MB and no value', bad({ value: null })],
  ['a header of 1.2 MB', bad({ key: Buffer.from('b'), headers: [['trace', KEY]] })],
  ['the name of a header of 1.2 MB', bad({ key: Buffer.from('b'), headers: [[KEY.toString(), null]] })],
  ['very many headers', bad({ key: Buffer.from('b'), headers: MANY })],
  ['key and value, both large', bad({ value: Buffer.alloc(1_300_000, 0xff) })],
];

it.each(LARGE)('%s', async (_, record) => {
  const embedded = await withTopics({ maxMessageBytes: MIB });
  const files = await foldedDespite(embedded, record);
  expect(files).toContain('tip.served-0-0.record.ndjson');
  const [stub] = await embedded.records('tip.served-dlt');
  expect(stub!.value).toBeNull();
  expect(stub!.key).toEqual(record.key!.length > 4_096 ? null : record.key);
  expect(readDeadLetterReason(stub!.headers)).toMatchObject({ topic: 'tip.served', partition: 0, offset: 0, group: 'test' });
  const value = record.value ?? Buffer.alloc(0);
  expect(readKeptPayload(stub!.headers)).toEqual({
    bytes: value.length,
    sha256: createHash('sha256').update(value).digest('hex'),
    record: 'tip.served-0-0.record.ndjson',
  });
  // The file is the letter that the topic would have got, byte for byte.
  const path = join(embedded.directory, 'dead-letters', 'tip.served-0-0.record.ndjson');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const fake = new FakeLog();
  async function* lines() {
    yield readFileSync(path);
  }
  expect(await produceLines(fake.log, lines(), { prefix: '', raw: true })).toMatchObject({ accepted: 1, rejected: 0 });
  const { topic, partition, key, headers } = fake.records[0]!;
  expect({ topic, partition, isKeyWhole: key!.equals(record.key!) }).toEqual({ topic: 'tip.served-dlt', partition: 0, isKeyWhole: true });
  expect(fake.records[0]!.value === null ? record.value : fake.records[0]!.value.equals(record.value!)).toEqual(
    record.value === null ? null : true,
  );
  expect(printed(headers.slice(0, record.headers?.length ?? 0)) === printed(record.headers ?? [])).toBe(true);
  await embedded.close();
});

it('not even the stub fits the topic: the letter is in a file only, and the log says so', async () => {
  const embedded = await withTopics({ maxMessageBytes: 10 });
  const record = { topic: 'tip.served', key: Buffer.from('a'), value: Buffer.from('not json'), partition: 0 };
  const files = await foldedDespite(embedded, record, record);
  expect(files.filter((file) => file.endsWith('.ndjson'))).toEqual(['tip.served-0-0.record.ndjson', 'tip.served-0-1.record.ndjson']);
  expect(await embedded.records('tip.served-dlt')).toEqual([]);
  expect(embedded.logged.filter(({ msg }) => msg.includes('it is in a file only'))).toHaveLength(2);
  await embedded.close();
});

it('no file can be written: the topic gets the stub, and the record lies where it lay', async () => {
  const embedded = await withTopics({ maxMessageBytes: MIB });
  writeFileSync(join(embedded.directory, 'dead-letters'), 'in the way');
  await embedded.append(bad({}), GOOD);
  await embedded.catchUp();
  expect((await embedded.service.profile('a')).features.tip_volume_30d).toBe(1);
  const [stub] = await embedded.records('tip.served-dlt');
  expect(readKeptPayload(stub!.headers)).toMatchObject({ bytes: GOOD.value!.length, file: undefined, record: undefined });
  expect(embedded.logged.filter(({ msg }) => msg.includes('could not be written to a file'))).toHaveLength(1);
  await embedded.close();
});
