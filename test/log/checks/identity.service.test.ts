/** Whether the log still holds the record that was applied last, and what is said when it does not. */
import { describe, expect, test } from 'vitest';
import { checkLogIdentity, checkLogIdentityPatiently } from '../../../src/log/checks/identity.js';
import { TipstreamError } from '../../../src/errors.js';
import type { Log, LogRecord, ReadRange } from '../../../src/log/port.js';
import { recordHash } from '../../../src/log/record-hash.js';
import { sqliteLog, topicOf } from '../../support/log/sqlite-logs.js';

const PATH = 'state/gen-000001/partition-0000.db';
const TOPICS = ['tip.served', 'tip.feedback'];
const appliedOf = (record: LogRecord) => ({ offset: record.offset, hash: recordHash(record) });

async function filledLog(values: readonly string[], timestampMs = 1) {
  const log = await sqliteLog();
  await log.createTopics(TOPICS.map((name) => topicOf(name, 1)));
  for (const topic of TOPICS)
    await log.append(values.map((value) => ({ topic, key: Buffer.from('ann'), value: Buffer.from(value), timestampMs })));
  return log;
}

async function rangesOf(log: Log) {
  return new Map(await Promise.all(TOPICS.map(async (topic) => [topic, (await log.offsets(topic)).get(0)!] as const)));
}

async function recordAt(log: Log, topic: string, offset: number): Promise<LogRecord> {
  for await (const [record] of log.read({ topic, partition: 0, from: offset, to: offset + 1 })) return record!;
  throw new Error('no record');
}

async function question(log: Log, written: Log, offset = 1) {
  const applied = new Map(
    await Promise.all(TOPICS.map(async (topic) => [topic, appliedOf(await recordAt(written, topic, offset))] as const)),
  );
  return { partition: 0, path: PATH, applied, ranges: await rangesOf(log) };
}

/** A log that answers a read as the test says. */
const readingLog = (read: (range: ReadRange) => AsyncIterable<readonly LogRecord[]>): Log => ({ read }) as unknown as Log;
async function* yields(...records: readonly LogRecord[]): AsyncGenerator<readonly LogRecord[]> {
  await Promise.resolve();
  if (records.length > 0) yield records;
}
function fails(error: unknown): AsyncIterable<readonly LogRecord[]> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error as Error) }) };
}
const RECORD: LogRecord = { topic: 'tip.served', partition: 0, offset: 1, timestampMs: 1, key: null, value: null, headers: [] };
const ABOUT_RECORD = {
  partition: 0,
  path: PATH,
  applied: new Map([['tip.served', appliedOf(RECORD)]]),
  ranges: new Map([['tip.served', { low: 0, end: 5 }]]),
};

describe('the identity of a log', () => {
  test('is that of the log that was applied, however much has been written since', async () => {
    const log = await filledLog(['a', 'b', 'c']);
    expect(await checkLogIdentity(log, await question(log, log))).toEqual([]);
  });

  test.each<[string, string[], number]>([
    ['other records, as many', ['x', 'y', 'z'], 1],
    ['other records, more of them', ['x', 'y', 'z', 'u', 'v', 'w'], 1],
    ['the same values with other timestamps', ['a', 'b', 'c'], 2],
  ])('is not that of a log with %s', async (_, values, timestampMs) => {
    const [previous, now] = [await filledLog(['a', 'b', 'c']), await filledLog(values, timestampMs)];
    await expect(checkLogIdentity(now, await question(now, previous))).rejects.toMatchObject({
      code: 'log_changed',
      message: expect.stringMatching(/^tip\.served partition 0 holds another record at offset 1 .*and so it is in tip\.feedback/) as string,
      hint: expect.stringContaining(`move ${PATH}`) as string,
      details: { topic: 'tip.served', partition: 0, offset: 1, topics: TOPICS },
    });
  });

  test('is not that of a log of which one topic alone was filled again', async () => {
    const [previous, now] = [await filledLog(['a', 'b', 'c']), await filledLog(['x', 'b', 'c'])];
    const about = await question(now, previous, 0);
    about.applied.delete('tip.feedback');
    await expect(checkLogIdentity(now, about)).rejects.toMatchObject({ code: 'log_changed', details: { topics: ['tip.served'] } });
    expect(await checkLogIdentity(now, await question(now, previous, 1))).toEqual([]);
  });

  test('cannot be told where retention has deleted the record', async () => {
    const log = await filledLog(['a', 'b', 'c']);
    const about = await question(log, log);
    await log.truncateBefore('tip.served', 0, 2);
    const unidentified = [{ topic: 'tip.served', offset: 1, why: 'deleted' }];
    // Both when that is known beforehand and when it happens in between.
    expect(await checkLogIdentity(log, about)).toEqual(unidentified);
    expect(await checkLogIdentity(log, { ...about, ranges: await rangesOf(log) })).toEqual(unidentified);
  });

  test('cannot be told where compaction has removed the record', async () => {
    expect(
      await checkLogIdentity(
        readingLog(() => yields()),
        ABOUT_RECORD,
      ),
    ).toEqual([{ topic: 'tip.served', offset: 1, why: 'compacted' }]);
  });

  test('cannot be that of a log that ends before the record, which is not waited for', async () => {
    const log = readingLog(() => fails(new Error('read')));
    await expect(checkLogIdentity(log, { ...ABOUT_RECORD, ranges: new Map([['tip.served', { low: 0, end: 1 }]]) })).rejects.toMatchObject({
      code: 'offset_out_of_range',
    });
  });
});

describe('patience', () => {
  const away = () => new TipstreamError('log_unavailable', 'no broker answers');

  test('outlasts a log that is away', async () => {
    let reads = 0;
    const log = readingLog(() => (++reads < 3 ? fails(away()) : yields(RECORD)));
    const attempts: number[] = [];
    expect(
      await checkLogIdentityPatiently(log, { ...ABOUT_RECORD, signal: new AbortController().signal }, (_, attempt) =>
        attempts.push(attempt),
      ),
    ).toEqual([]);
    expect(attempts).toEqual([1, 2]);
  });

  test('ends when the partition is given up', async () => {
    const given = new AbortController();
    const retried: number[] = [];
    const checked = checkLogIdentityPatiently(
      readingLog(() => fails(away())),
      { ...ABOUT_RECORD, signal: given.signal },
      (_, attempt) => {
        retried.push(attempt);
        if (attempt === 2) given.abort();
      },
    );
    expect(await checked).toEqual([]);
    expect(retried).toEqual([1, 2]);
  });

  test('is not for a log that has changed', async () => {
    const log = readingLog(() => yields({ ...RECORD, value: Buffer.from('other') }));
    await expect(
      checkLogIdentityPatiently(log, { ...ABOUT_RECORD, signal: new AbortController().signal }, () => expect.unreachable()),
    ).rejects.toMatchObject({ code: 'log_changed' });
  });
});
