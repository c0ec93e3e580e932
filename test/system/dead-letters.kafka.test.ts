/** Bad input on Kafka: each record goes to its -dlt as it came, with the reason, and the partition goes on. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.js';
import type { LogRecord, NewRecord, RecordAddress, RecordHeaders } from '../../src/log/port.js';
import type { RedriveJob } from '../../src/redrive/job.js';
import type { DeadLettersDocument } from '../../src/service/application.js';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import {
  generatedEvents,
  oracleEvents,
  STREAM_AS_OF_MS,
  toRecords,
  VECTOR_EXPECTED,
  VECTOR_LINES,
  type ProduceLine,
} from '../support/e2e/events.js';
import { ownersDigest, soleOwner, untilAllApplied } from '../support/e2e/state.js';
import type { Member } from '../support/e2e/member.js';
import { Stream } from '../support/e2e/stream.js';
import { sharedBroker } from '../support/broker/shared.js';
import { kcat, kcatInstalled } from '../support/broker/tools.js';

const brokers = await sharedBroker();
const withKcat = await kcatInstalled();
const FOUR_MIB = 4 * 1_048_576;
const HEADERS: RecordHeaders = [
  ['trace', Buffer.from('abc')],
  ['trace', Buffer.from('second of its name')],
  ['bytes', Buffer.from([0, 0xff, 0x80])],
  ['empty', Buffer.alloc(0)],
];

const sorted = (listed: readonly object[]) => listed.map((one) => JSON.stringify(one)).toSorted();

/** Over HTTP, to its end. */
async function dryRedrive(member: Member): Promise<RedriveJob> {
  const body = JSON.stringify({ dry_run: true });
  const headers = { 'content-type': 'application/json' };
  const begun = await fetch(`${await member.address()}/v1/dead-letters/redrive`, { method: 'POST', headers, body });
  const path = begun.headers.get('location')!;
  let job: RedriveJob | undefined;
  await member.until(
    async () => (job = (await member.get(path)).body as unknown as RedriveJob).state !== 'running',
    'the end of the dry run',
  );
  return job!;
}

interface Bad {
  readonly what: string;
  readonly topic: 'tip.served' | 'tip.feedback' | 'tip.candidates';
  readonly code: string;
  readonly stage: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly partition?: number;
}

const USER = 'user-1';
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const served = (fields: object = {}): Buffer => json({ tip_id: 'bad', user_id: USER, served_at_ms: STREAM_AS_OF_MS - 5, ...fields });
const candidates = (count: number): Buffer =>
  json({
    decision_id: 'bad',
    user_id: USER,
    requested_at_ms: STREAM_AS_OF_MS - 5,
    candidates: Array.from({ length: count }, (_, index) => ({ tip_id: `t${index}`, is_overdue: true, task_age_days: 1, priority: 1 })),
  });

function badRecords(partitions: number): Bad[] {
  const home = partitionFor('murmur2', Buffer.from(USER), partitions);
  const of = (what: string, topic: Bad['topic'], code: string, stage: string, value: Buffer | null, rest: Partial<Bad> = {}): Bad => ({
    what,
    topic,
    code,
    stage,
    key: Buffer.from(USER),
    value,
    ...rest,
  });
  return [
    of('cut JSON', 'tip.served', 'not_json', 'decode', Buffer.from('{"tip_id": "bad", ')),
    of('no JSON', 'tip.feedback', 'not_json', 'decode', Buffer.from('done')),
    of('empty', 'tip.feedback', 'not_json', 'decode', Buffer.alloc(0)),
    of('no UTF-8', 'tip.candidates', 'not_utf8', 'decode', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
    of('a list', 'tip.served', 'not_object', 'decode', Buffer.from('[]')),
    of('a tombstone', 'tip.served', 'null_value', 'decode', null),
    of('a time in words', 'tip.served', 'invalid_event', 'validate', served({ served_at_ms: 'yesterday' })),
    of('a user that is a number', 'tip.served', 'invalid_event', 'validate', served({ user_id: 7 })),
    of(
      'an unknown action',
      'tip.feedback',
      'invalid_event',
      'validate',
      json({ tip_id: 'bad', user_id: USER, action: 'maybe', reacted_at_ms: 1 }),
    ),
    of('no candidates', 'tip.candidates', 'invalid_event', 'validate', candidates(0)),
    of('201 candidates', 'tip.candidates', 'invalid_event', 'validate', candidates(201)),
    of('no key', 'tip.served', 'missing_key', 'route', served(), { key: null, partition: home }),
    of('a foreign key', 'tip.served', 'foreign_key', 'route', served({ user_id: 'user-2' })),
    of('a wrong partition', 'tip.served', 'wrong_partition', 'route', served(), { partition: (home + 1) % partitions }),
    of(
      '2 MB',
      'tip.served',
      'value_too_large',
      'decode',
      Buffer.concat([Buffer.from('{"x":"'), Buffer.alloc(2_000_000, 'y'), Buffer.from('"}')]),
    ),
  ];
}

function toNewRecord(stream: Stream, { topic, key, value, partition }: Bad): NewRecord {
  return { topic: stream.topic(topic), key, value, headers: HEADERS, ...(partition === undefined ? {} : { partition }) };
}

const sameBytes = (one: Buffer | null, other: Buffer | null): boolean =>
  one === null || other === null ? one === other : one.equals(other);
const plain = (headers: RecordHeaders): [string, string][] => headers.map(([name, value]) => [name, value!.toString('base64')]);
const reasons = (record: LogRecord): Record<string, string> =>
  Object.fromEntries(record.headers.slice(HEADERS.length).map(([name, value]) => [name, value!.toString()]));

/** The dead letter of a record, found by the address that its headers give. */
function letterOf(letters: readonly LogRecord[], { topic, partition, offset }: RecordAddress): LogRecord {
  const found = letters.filter((letter) => {
    const { '__dlq.errors.topic': of, '__dlq.errors.partition': at, '__dlq.errors.offset': number } = reasons(letter);
    return of === topic && at === String(partition) && number === String(offset);
  });
  expect(found, `dead letters of ${topic}/${partition}@${offset}`).toHaveLength(1);
  return found[0]!;
}

describe.skipIf(brokers === null)('bad input on Kafka', () => {
  it('goes to its dead letters byte for byte, with the reason, and everything valid around it is applied', async () => {
    const stream = await Stream.open(brokers!, {
      settings: (topic) =>
        topic.name.includes('tip.served') && !topic.name.includes('scored')
          ? { ...topic, maxMessageBytes: FOUR_MIB + (topic.name.endsWith('-dlt') ? 65_536 : 0) }
          : topic,
    });
    const bad = badRecords(stream.partitions);
    const events = generatedEvents(4);
    const good: ProduceLine[] = [];
    const some = (): NewRecord[] =>
      toRecords(
        stream.prefix,
        Array.from({ length: 20 }, () => good[good.push(events.next().value as ProduceLine) - 1]!),
      );
    const addresses: RecordAddress[] = [];
    const startedMs = Date.now();
    const member = stream.start();
    await member.untilRunning(stream.partitions);
    for (const record of bad) {
      await stream.log.append(some());
      addresses.push(...(await stream.log.append([toNewRecord(stream, record)])));
    }
    await stream.log.append(some());
    const owners = await untilAllApplied(stream, [member]);
    expect(ownersDigest(owners, STREAM_AS_OF_MS).digest).toBe(oracleDigest(oracleProfiles(oracleEvents(good), STREAM_AS_OF_MS)));
    expect((await member.status()).counts.rejected).toBe(bad.length);
    const overHttp = (await member.get('/v1/dead-letters?limit=1000')).body as unknown as DeadLettersDocument;
    expect(overHttp).toMatchObject({ matching: bad.length, read: { is_whole: true, letters: bad.length } });
    const shown = await dryRedrive(member);
    expect(shown.result).toMatchObject({ matching: bad.length, redriven: bad.length, would_be_refused: bad.length });
    expect(await member.stop()).toBe(0);

    const letters = (
      await Promise.all(
        (['tip.served-dlt', 'tip.feedback-dlt', 'tip.candidates-dlt'] as const).map((topic) => stream.records(stream.topic(topic))),
      )
    ).flat();
    expect(letters).toHaveLength(bad.length);
    for (const [index, { what, topic, code, stage, key, value }] of bad.entries()) {
      const letter = letterOf(letters, addresses[index]!);
      expect(letter, what).toMatchObject({ topic: `${stream.topic(topic)}-dlt`, partition: addresses[index]!.partition });
      expect([sameBytes(letter.key, key), sameBytes(letter.value, value)], what).toEqual([true, true]);
      expect(plain(letter.headers.slice(0, HEADERS.length)), what).toEqual(plain(HEADERS));
      expect(reasons(letter), what).toMatchObject({
        '__dlq.errors.code': code,
        '__dlq.errors.stage': stage,
        '__dlq.errors.group': stream.group,
        '__dlq.errors.redrive_count': '0',
      });
      expect(reasons(letter)['__dlq.errors.message'], what).toMatch(/\w/);
      const failedAtMs = Number(reasons(letter)['__dlq.errors.failed_at_ms']);
      expect(failedAtMs >= startedMs && failedAtMs <= Date.now(), what).toBe(true);
    }
    const listed = JSON.parse((await stream.run(['dead-letters', 'list', '--json'])).stdout) as { code: string }[];
    expect(sorted(overHttp.letters)).toEqual(sorted(listed));
    expect(listed.map(({ code }) => code).toSorted()).toEqual(bad.map(({ code }) => code).toSorted());

    const redrive = async () => JSON.parse((await stream.run(['dead-letters', 'redrive', '--json'])).stdout) as object;
    expect(await redrive()).toMatchObject({ matching: bad.length, redriven: bad.length, stopped: false });
    expect(await redrive()).toMatchObject({ redriven: 0, skipped: { redriven: bad.length } });
    const inputs = (
      await Promise.all([...new Set(bad.map(({ topic }) => topic))].map((topic) => stream.records(stream.topic(topic))))
    ).flat();
    for (const [index, { what }] of bad.entries()) {
      const { topic, partition, offset } = addresses[index]!;
      const refused = inputs.find((record) => record.topic === topic && record.partition === partition && record.offset === offset)!;
      const source = `${topic}/${partition}/${offset}`;
      const repeats = inputs.filter(({ headers }) =>
        headers.some(([name, bytes]) => name === '__dlq.redrive.source' && bytes!.toString() === source),
      );
      expect(repeats, what).toHaveLength(1);
      const [again] = repeats;
      expect([sameBytes(again!.key, refused.key), sameBytes(again!.value, refused.value)], what).toEqual([true, true]);
      expect([again!.partition, again!.timestampMs], what).toEqual([partition, refused.timestampMs]);
      expect(plain(again!.headers.slice(0, HEADERS.length)), what).toEqual(plain(HEADERS));
    }
  });

  it('is kept whole on disk when it is too large even for its dead-letter topic, and its headers and hash are sent', async () => {
    const stream = await Stream.open(brokers!, {
      partitions: 1,
      settings: (topic) => (topic.name.endsWith('.tip.feedback') ? { ...topic, maxMessageBytes: FOUR_MIB } : topic),
    });
    const value = randomBytes(2_000_000);
    const [address] = await stream.log.append([{ topic: stream.topic('tip.feedback'), key: Buffer.from(USER), value, headers: HEADERS }]);
    const after: ProduceLine = { topic: 'tip.served', value: { tip_id: 'good', user_id: USER, served_at_ms: STREAM_AS_OF_MS - 5 } };
    await stream.log.append([
      ...toRecords(stream.prefix, [after]),
      { topic: stream.topic('tip.feedback'), key: null, value: Buffer.from('the next') },
    ]);
    const caughtUp = await stream.catchUp('data');
    expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 });
    expect(ownersDigest(soleOwner(stream, 'data'), STREAM_AS_OF_MS).users).toBe(1);

    const letters = await stream.records(stream.topic('tip.feedback-dlt'));
    expect(letters.map((letter) => letter.value?.toString() ?? null)).toEqual([null, 'the next']);
    const letter = letterOf(letters, address!);
    expect(letter.key).toEqual(Buffer.from(USER));
    expect(plain(letter.headers.slice(0, HEADERS.length))).toEqual(plain(HEADERS));
    const file = `${stream.topic('tip.feedback')}-0-0.bin`;
    expect(reasons(letter)).toMatchObject({
      '__dlq.errors.code': 'value_too_large',
      '__dlq.payload.bytes': '2000000',
      '__dlq.payload.file': file,
      '__dlq.payload.sha256': createHash('sha256').update(value).digest('hex'),
    });
    const folder = join(stream.directory('data'), 'dead-letters');
    expect(readdirSync(folder)).toEqual([file]);
    expect(readFileSync(join(folder, file)).equals(value)).toBe(true);
  });

  it.skipIf(!withKcat)("refuses what librdkafka's default partitioner placed elsewhere, unless told that it is upstream's", async () => {
    const stream = await Stream.open(brokers!);
    for (const topic of ['tip.served', 'tip.feedback']) {
      const lines = VECTOR_LINES.filter((line) => line.topic === topic).map(({ value }) => `${value.user_id}\t${JSON.stringify(value)}\n`);
      await kcat(['-b', brokers!, '-P', '-t', `${stream.prefix}${topic}`, '-K', '\t'], lines.join(''));
    }
    const misplaced = VECTOR_LINES.filter(({ value }) => {
      const key = Buffer.from(value.user_id);
      return partitionFor('crc32', key, stream.partitions) !== partitionFor('murmur2', key, stream.partitions);
    });
    expect(misplaced.length).toBeGreaterThan(0);
    const strict = await stream.catchUp('murmur2');
    expect(strict, strict.stderr).toMatchObject({ code: 0 });
    const letters = [
      ...(await stream.records(stream.topic('tip.served-dlt'))),
      ...(await stream.records(stream.topic('tip.feedback-dlt'))),
    ];
    expect(letters).toHaveLength(misplaced.length);
    for (const letter of letters)
      expect(letter.headers.find(([name]) => name === '__dlq.errors.code')![1]!.toString()).toBe('wrong_partition');

    for (const partitioner of ['crc32', 'any']) {
      const caughtUp = await stream.catchUp(partitioner, ['--partitioner', partitioner]);
      expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 });
      for (const [asOf, expected] of Object.entries(VECTOR_EXPECTED))
        expect(ownersDigest(soleOwner(stream, partitioner), Number(asOf)), partitioner).toMatchObject(expected);
      const user = misplaced[0]!.value.user_id;
      const profile = await stream.run([
        'profile',
        user,
        '--as-of',
        '1795219200000',
        '--json',
        '--data',
        stream.directory(partitioner),
        '--partitioner',
        partitioner,
      ]);
      expect(JSON.parse(profile.stdout)).toMatchObject({ user_id: user });
    }
  });
});
