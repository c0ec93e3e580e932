/** The file of the embedded log: what opening it may meet, and what a crash or a second process leave of it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { LOG_FILE_NAME, openSqliteLog } from '../../../src/log/sqlite/index.js';
import { expectCode, numbered, record } from '../contract/fixture.js';
import { OtherProcess } from '../../support/log/process-client.js';
import { sqliteLog, temporaryDirectory, topicOf } from '../../support/log/sqlite-logs.js';

const ELSEWHERE = fileURLToPath(new URL('../../support/log/sqlite-elsewhere.ts', import.meta.url));

describe('opening', () => {
  it('makes the directory, unless it is to read only: then it says no_data', async () => {
    const directory = join(await temporaryDirectory(), 'not', 'there');
    const error = await expectCode(openSqliteLog({ directory, readOnly: true }), 'no_data');
    expect(error.hint).toContain('tipstream produce');
    await sqliteLog({ directory });
    const reader = await sqliteLog({ directory, readOnly: true });
    expect(await reader.describeTopics(['any'])).toEqual([]);
  });

  it('says no_data for a file that was created but never filled', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, LOG_FILE_NAME), '');
    await expectCode(openSqliteLog({ directory, readOnly: true }), 'no_data');
  });

  it('says state_newer for a format from the future', async () => {
    const directory = await temporaryDirectory();
    await (await openSqliteLog({ directory })).close();
    const database = new Database(join(directory, LOG_FILE_NAME));
    database.pragma('user_version = 99');
    database.close();
    const error = await expectCode(openSqliteLog({ directory }), 'state_newer');
    expect(error.message).toContain('99');
  });

  it.each([
    ['bytes that are no database', (path: string) => writeFile(path, 'x'.repeat(5000))],
    ["another program's database", async (path: string) => new Database(path).exec('CREATE TABLE notes (text)').close()],
  ])('says state_corrupt for %s, and leaves them alone', async (_, write) => {
    const directory = await temporaryDirectory();
    await write(join(directory, LOG_FILE_NAME));
    const error = await expectCode(openSqliteLog({ directory }), 'state_corrupt');
    expect(error.hint).toBeDefined();
    await expectCode(openSqliteLog({ directory }), 'state_corrupt');
  });

  it('says state_corrupt when a page it reads is damaged', async () => {
    const directory = await temporaryDirectory();
    const log = await openSqliteLog({ directory });
    await log.createTopics([topicOf('t', 1)]);
    await log.append(numbered('t', 0, 5000));
    await log.close();
    const path = join(directory, LOG_FILE_NAME);
    const bytes = await readFile(path);
    bytes.fill(0xa5, 8 * 4096, bytes.length - 4096);
    await writeFile(path, bytes);
    const reopened = await sqliteLog({ directory });
    const readAll = async () => {
      for await (const _ of reopened.read({ topic: 't', partition: 0, from: 0, to: 5000 }));
    };
    await expectCode(readAll(), 'state_corrupt');
  });
});

describe('a log opened to read only', () => {
  it('reads and follows what another writes, and refuses to write', async () => {
    const directory = await temporaryDirectory();
    const writer = await sqliteLog({ directory });
    await writer.createTopics([topicOf('t', 1)]);
    const reader = await sqliteLog({ directory, readOnly: true });
    const abort = new AbortController();
    const values: (string | undefined)[] = [];
    const reading = (async () => {
      for await (const records of reader.read({ topic: 't', partition: 0, from: 0, signal: abort.signal })) {
        values.push(...records.map((each) => each.value?.toString()));
        if (values.length === 2) abort.abort();
      }
    })();
    await writer.append([record('t', 0, 'one')]);
    await writer.append([record('t', 0, 'two')]);
    await reading;
    expect(values).toEqual(['one', 'two']);
    await expectCode(reader.append([record('t', 0, 'three')]), 'invalid_argument');
    await expectCode(reader.createTopics([topicOf('u', 1)]), 'invalid_argument');
    await expectCode(reader.truncateBefore('t', 0, 1), 'invalid_argument');
  });
});

describe('a process that is killed', () => {
  it('leaves every record whose append it had acknowledged', async () => {
    const directory = await temporaryDirectory();
    const log = await sqliteLog({ directory });
    await log.createTopics([topicOf('t', 1)]);
    const other = await OtherProcess.start({ module: ELSEWHERE, argument: directory });
    const offsets: number[] = [];
    for (let call = 0; call < 10; call += 1)
      offsets.push(...(await other.append({ topic: 't', partition: 0, values: [`a${call}`, `b${call}`] })));
    // Some of these may be under way when it ends.
    const unfinished = Array.from({ length: 20 }, () =>
      other.append({ topic: 't', partition: 0, values: ['x', 'y', 'z'] }).catch(() => []),
    );
    await other.kill();
    await Promise.all(unfinished);
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, offset) => offset));
    const end = (await log.offsets('t')).get(0)!.end;
    expect((end - 20) % 3).toBe(0);
    const [address] = await log.append([record('t', 0, 'next')]);
    expect(address?.offset).toBe(end);
  });
});

describe('closing', () => {
  it('finishes the appends that wait, then refuses everything', async () => {
    const directory = await temporaryDirectory();
    const log = await openSqliteLog({ directory });
    await log.createTopics([topicOf('t', 1)]);
    const appending = log.append(numbered('t', 0, 3));
    const waiting = (async () => {
      for await (const _ of log.read({ topic: 't', partition: 0, from: 0 }));
    })();
    const ended = expectCode(waiting, 'log_unavailable');
    await Promise.all([log.close(), log.close()]);
    expect(await appending).toHaveLength(3);
    await ended;
    await expectCode(log.append(numbered('t', 0, 1)), 'log_unavailable');
    await expectCode(log.offsets('t'), 'log_unavailable');
    const reopened = await sqliteLog({ directory });
    expect((await reopened.offsets('t')).get(0)).toEqual({ low: 0, end: 3 });
  });
});
