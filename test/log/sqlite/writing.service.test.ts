/** How the embedded log writes: transactions shared by concurrent calls, limits, a full disk, another writer in the way. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SqliteLog } from '../../../src/log/sqlite/log.js';
import { LOG_FILE_NAME, openDatabase } from '../../../src/log/sqlite/open-database.js';
import { WriteQueue } from '../../../src/log/sqlite/write-queue.js';
import { expectCode, numbered, record } from '../contract/fixture.js';
import { sqliteLog, temporaryDirectory, topicOf } from '../../support/log/sqlite-logs.js';

describe('concurrent appends', () => {
  it('are written in the order of the calls', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1)]);
    const calls = Array.from({ length: 300 }, (_, call) => log.append([record('t', 0, `${call}-a`), record('t', 0, `${call}-b`)]));
    const offsets = (await Promise.all(calls)).flat().map((each) => each.offset);
    expect(offsets).toEqual(Array.from({ length: 600 }, (_, offset) => offset));
  });

  it('do not fail because one of them is refused', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1)]);
    const outcomes = await Promise.allSettled([
      log.append(numbered('t', 0, 1)),
      log.append(numbered('nowhere', 0, 1)),
      log.append(numbered('t', 0, 1)),
    ]);
    expect(outcomes.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await log.offsets('t')).get(0)?.end).toBe(2);
  });
});

describe('the write queue', () => {
  function queueOf(database: Database.Database): WriteQueue {
    database.exec('CREATE TABLE written (name TEXT UNIQUE)');
    return new WriteQueue(database, 'test.db', 'full');
  }

  it('writes what waits in one transaction, and the others apart when one of them fails', async () => {
    const database = new Database(':memory:');
    const queue = queueOf(database);
    let commits = 0;
    const inTransaction: boolean[] = [];
    const write = (name: string) =>
      queue.submit({
        records: 1,
        bytes: 1,
        durable: true,
        run: () => {
          inTransaction.push(database.inTransaction);
          database.prepare('INSERT INTO written VALUES (?)').run(name);
          return (commits += 1);
        },
      });
    await Promise.all(['a', 'b', 'c'].map(write));
    expect(inTransaction).toEqual([true, true, true]);
    const outcomes = await Promise.allSettled(['d', 'a', 'e'].map(write));
    expect(outcomes.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(database.prepare('SELECT name FROM written ORDER BY rowid').pluck().all()).toEqual(['a', 'b', 'c', 'd', 'e']);
    await queue.close();
  });

  it('waits for another writer without stopping the event loop', async () => {
    const directory = await temporaryDirectory();
    const log = await sqliteLog({ directory });
    await log.createTopics([topicOf('t', 1)]);
    const other = new Database(join(directory, LOG_FILE_NAME));
    onTestFinished(() => void other.close());
    other.exec('BEGIN IMMEDIATE');
    let isWritten = false;
    const appending = log.append(numbered('t', 0, 1)).then(() => (isWritten = true));
    const before = performance.now();
    for (let turn = 0; turn < 10; turn += 1) await delay(5);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(isWritten).toBe(false);
    other.exec('COMMIT');
    await appending;
    expect((await log.offsets('t')).get(0)?.end).toBe(1);
  });
});

describe('a full disk', () => {
  it('says disk_full, writes nothing of the call, and goes on when there is space again', async () => {
    const opened = await openDatabase(await temporaryDirectory(), false);
    const log = new SqliteLog(opened, { readOnly: false, rewrittenBy: 'process', synchronous: 'full', pollIntervalMs: 4, clock: Date.now });
    onTestFinished(() => log.close());
    await log.createTopics([topicOf('t', 1)]);
    await log.append([record('t', 0, 'fits')]);
    const pages = opened.database.pragma('page_count', { simple: true }) as number;
    opened.database.pragma(`max_page_count = ${pages + 5}`);
    const error = await expectCode(log.append([record('t', 0, 'small'), record('t', 0, 'x'.repeat(100_000))]), 'disk_full');
    expect(error.retryable).toBe(true);
    expect((await log.offsets('t')).get(0)).toEqual({ low: 0, end: 1 });
    opened.database.pragma(`max_page_count = ${pages + 5000}`);
    expect(await log.append([record('t', 0, 'x'.repeat(100_000))])).toEqual([{ topic: 't', partition: 0, offset: 1 }]);
  });
});

describe('limits', () => {
  it('a record may be exactly as large as its topic allows: key, value and headers together', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1, { maxMessageBytes: 100 })]);
    await log.append([{ topic: 't', key: Buffer.alloc(40), value: Buffer.alloc(60) }]);
    const error = await expectCode(log.append([{ topic: 't', key: Buffer.alloc(40), value: Buffer.alloc(61) }]), 'record_too_large');
    expect(error.message).toMatch(/101 bytes .* t, which takes 100/);
    await expectCode(
      log.append([{ topic: 't', key: null, value: Buffer.alloc(95), headers: [['name', Buffer.from('v')]] }]),
      'record_too_large',
    );
  });

  it.each([
    ['', 1],
    ['../..', 1],
    ['a b', 1],
    ['x'.repeat(250), 1],
    ['t', 0],
    ['t', 1.5],
    ['t', 10_001],
  ])('refuses a topic %j of %d partitions', async (name, partitions) => {
    const log = await sqliteLog();
    await expectCode(log.createTopics([topicOf(name, partitions)]), 'invalid_argument');
  });

  it.each([-1, 1.5, Number.NaN])('refuses the timestamp %d', async (timestampMs) => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1)]);
    await expectCode(log.append([record('t', 0, 'v', { timestampMs })]), 'invalid_argument');
  });

  it('hands over large records in small deliveries', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1)]);
    await log.append(Array.from({ length: 12 }, () => record('t', 0, 'x'.repeat(400_000))));
    const sizes: number[] = [];
    for await (const records of log.read({ topic: 't', partition: 0, from: 0, to: 12 })) sizes.push(records.length);
    expect(sizes).toEqual([3, 3, 3, 3]);
  });
});

describe('deleting records', () => {
  it('works through many, is nothing new the second time, and refuses to pass the end', async () => {
    const log = await sqliteLog({ clock: () => 42 });
    await log.createTopics([topicOf('t', 2)]);
    await log.append([...numbered('t', 0, 12_000), ...numbered('t', 1, 5)]);
    await log.truncateBefore('t', 0, 11_999);
    await log.truncateBefore('t', 0, 7);
    expect(await log.offsets('t')).toEqual(
      new Map([
        [0, { low: 11_999, end: 12_000 }],
        [1, { low: 0, end: 5 }],
      ]),
    );
    for await (const records of log.read({ topic: 't', partition: 0, from: 11_999, to: 12_000 })) {
      expect(records.map((each) => [each.offset, each.timestampMs])).toEqual([[11_999, 42]]);
    }
    await expectCode(log.truncateBefore('t', 1, 6), 'invalid_argument');
    await expectCode(log.truncateBefore('t', 2, 0), 'invalid_argument');
    await expectCode(log.truncateBefore('u', 0, 0), 'topic_not_found');
  });

  it('ends a tail that stood before what is left', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1)]);
    await log.append(numbered('t', 0, 3000));
    const reading = (async () => {
      for await (const _ of log.read({ topic: 't', partition: 0, from: 0 })) await log.truncateBefore('t', 0, 2000);
    })();
    await expectCode(reading, 'offset_out_of_range');
  });
});
