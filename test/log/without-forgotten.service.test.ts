/** A log that keeps what forgotten users had, as Kafka does: readers do not see it, and who was forgotten is read once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userDigest } from '../../src/events/user-digest.js';
import type { Log, LogRecord, ReadRange } from '../../src/log/port.js';
import { openSqliteLog, type SqliteLog } from '../../src/log/sqlite/index.js';
import { withoutForgotten } from '../../src/log/without-forgotten.js';
import { forgottenRecord } from '../../src/producer/forgotten-record.js';
import { newDirectory } from '../support/embedded/directory.js';

const TOPIC = 'signals.tip.served';
const FORGOTTEN = 'signals.user.forgotten';
const settings = { partitions: 2, retentionMs: -1, cleanupPolicy: 'delete', maxMessageBytes: 1_000_000 } as const;

let log: SqliteLog;
const ranges: ReadRange[] = [];

beforeAll(async () => {
  log = await openSqliteLog({ directory: newDirectory() });
  await log.createTopics([TOPIC, FORGOTTEN].map((name) => ({ name, ...settings })));
});
afterAll(() => log.close());

describe('reading a log without what forgotten users had', () => {
  it('reads who was forgotten from where it last stood, partition by partition, and sees who was forgotten since', async () => {
    const visible = withoutForgotten(keeping(log), 'signals.');
    await say('ana', 'otto', 'ana', 'mia');
    expect(await users(visible)).toEqual(['ana', 'otto', 'ana', 'mia']);
    await forget('ana', 2);
    expect(await users(visible)).toEqual(['otto', 'ana', 'mia']);
    await forget('mia', 4);
    await say('mia');
    expect(await users(visible)).toEqual(['otto', 'ana', 'mia']);
    expect(await Promise.all([users(visible), users(visible)])).toEqual([
      ['otto', 'ana', 'mia'],
      ['otto', 'ana', 'mia'],
    ]);
    expect(await users(visible, 1)).toEqual([]);
    expect(ranges.map(({ partition, from, to }) => [partition, from, to])).toEqual([
      [0, 0, 1],
      [0, 1, 2],
    ]);
  });

  it('reads on after a read that was refused', async () => {
    let refuses = true;
    const failing = keeping(log, () => {
      if (refuses) throw new Error('the broker is away');
    });
    const visible = withoutForgotten(failing, 'signals.');
    await expect(users(visible)).rejects.toThrow('the broker is away');
    refuses = false;
    expect(await users(visible)).toEqual(['otto', 'ana', 'mia']);
  });
});

/** As if nothing could be deleted from it. */
function keeping(of: Log, before: () => void = () => undefined): Log {
  return new Proxy(of, {
    get(target, name) {
      if (name === 'erasing') return undefined;
      if (name === 'read')
        return (range: ReadRange) => {
          if (range.topic === FORGOTTEN) {
            ranges.push(range);
            before();
          }
          return target.read(range);
        };
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? (found as (...args: unknown[]) => unknown).bind(target) : found;
    },
  });
}

async function say(...keys: string[]): Promise<void> {
  for (const key of keys) await log.append([{ topic: TOPIC, partition: 0, key: Buffer.from(key), value: Buffer.from('{}') }]);
}

async function forget(userId: string, below: number): Promise<void> {
  const event = { forget_id: userId, user_digest: userDigest(userId), forgotten_at_ms: 0, positions: { [TOPIC]: below } };
  await log.append([forgottenRecord('signals.', 0, event)]);
}

async function users(of: Log, partition = 0): Promise<string[]> {
  const { end } = (await of.offsets(TOPIC)).get(partition)!;
  const found: LogRecord[] = [];
  for await (const records of of.read({ topic: TOPIC, partition, from: 0, to: end })) found.push(...records);
  return found.map(({ key }) => String(key));
}
