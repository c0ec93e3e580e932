/** What cannot be folded: whole in its dead letters, or whole on disk where even those do not take it; and where a key has to lie. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDeadLetterReason } from '../../../src/events/dead-letter.js';
import { partitionFor } from '../../../src/log/partitioner.js';
import { openSqliteLog } from '../../../src/log/sqlite/index.js';
import { topicSettings } from '../../../src/log/topic-settings.js';
import { embeddedService, newDirectory } from '../../support/embedded/directory.js';
import { EmbeddedService, recordOf } from '../../support/embedded/service.js';

const MIB = 1_048_576;
const clock = () => 5_000;
const served = (user_id: string, tip_id = 't') => ({ user_id, tip_id, served_at_ms: 1_000 });

/** Topics that take values of 4 MiB; dead letters that take as much as `deadLetterBytes` says. */
async function withLargeTopics(deadLetterBytes: number): Promise<EmbeddedService> {
  const directory = newDirectory();
  const log = await openSqliteLog({ directory, synchronous: 'normal' });
  await log.createTopics(
    topicSettings('', 2, 4 * MIB).map((topic) => (topic.name.endsWith('-dlt') ? { ...topic, maxMessageBytes: deadLetterBytes } : topic)),
  );
  await log.close();
  return EmbeddedService.open(directory, { clock });
}

describe('dead letters', () => {
  it('hold a value of 2 MB whole', async () => {
    const embedded = await withLargeTopics(5 * MIB);
    const value = Buffer.alloc(2 * MIB, 'x');
    await embedded.append(
      { topic: 'tip.served', key: Buffer.from('a'), value, headers: [['trace', Buffer.from([0, 1])]] },
      recordOf('tip.served', served('a')),
    );
    await embedded.catchUp();
    const [letter] = await embedded.records('tip.served-dlt');
    expect(letter!.value!.equals(value)).toBe(true);
    expect(letter!.headers[0]).toEqual(['trace', Buffer.from([0, 1])]);
    expect(readDeadLetterReason(letter!.headers)).toMatchObject({
      topic: 'tip.served',
      partition: 0,
      offset: 0,
      group: 'test',
      stage: 'decode',
      code: 'value_too_large',
      failedAtMs: 5_000,
      redriveCount: 0,
    });
    expect((await embedded.service.profile('a')).features.tip_volume_30d).toBe(1);
    await embedded.close();
  });

  it('too large for their topic are kept whole in a file, with their headers, size and hash in the topic', async () => {
    const embedded = await withLargeTopics(MIB);
    const value = Buffer.alloc(2 * MIB, 'y');
    await embedded.append(
      { topic: 'tip.served', key: Buffer.from('a'), value: Buffer.from('not json') },
      { topic: 'tip.served', key: Buffer.from('a'), value, headers: [['trace', Buffer.from('t')]] },
      { topic: 'tip.served', key: Buffer.from('a'), value: Buffer.from('not json either') },
    );
    await embedded.catchUp();
    const letters = await embedded.records('tip.served-dlt');
    expect(letters.map(({ value: kept }) => kept?.toString() ?? null)).toEqual(['not json', null, 'not json either']);
    const headers = new Map(letters[1]!.headers.map(([name, bytes]) => [name, bytes?.toString()]));
    expect(readFileSync(join(embedded.directory, 'dead-letters', headers.get('__dlq.payload.file')!)).equals(value)).toBe(true);
    expect([headers.get('__dlq.payload.bytes'), headers.get('__dlq.payload.sha256'), headers.get('trace')]).toEqual([
      String(2 * MIB),
      createHash('sha256').update(value).digest('hex'),
      't',
    ]);
    expect(letters[1]!.key).toEqual(Buffer.from('a'));
    expect(embedded.logged.filter(({ msg }) => msg.includes('kept as a file'))).toHaveLength(1);
    await embedded.close();
  });

  it('say how often a record was put back, and not twice why it was refused', async () => {
    const embedded = await embeddedService({ clock });
    const refusedBefore = [
      ['__dlq.errors.code', Buffer.from('not_utf8')],
      ['__dlq.errors.redrive_count', Buffer.from('2')],
      ['own', Buffer.from('x')],
    ] as const;
    await embedded.append({ topic: 'tip.served', key: Buffer.from('a'), value: Buffer.from('not json'), headers: refusedBefore });
    await embedded.catchUp();
    const { headers } = (await embedded.records('tip.served-dlt'))[0]!;
    expect(readDeadLetterReason(headers)).toMatchObject({ code: 'not_json', redriveCount: 2 });
    expect(headers.map(([name]) => name).filter((name) => name.endsWith('.code'))).toHaveLength(1);
  });
});

describe('where a key has to lie', () => {
  const partitions = 4;
  const user = 'user-2';
  const murmur2 = partitionFor('murmur2', Buffer.from(user), partitions);
  const crc32 = partitionFor('crc32', Buffer.from(user), partitions);

  it.each(['murmur2', 'crc32'] as const)('is what %s says; anywhere else it is refused', async (partitioner) => {
    expect(murmur2).not.toBe(crc32);
    const embedded = await embeddedService({ clock, partitions, partitioner });
    await embedded.append(
      recordOf('tip.served', served(user, 't1'), { partition: murmur2 }),
      recordOf('tip.served', served(user, 't2'), { partition: crc32 }),
    );
    await embedded.append(
      recordOf(
        'tip.candidates',
        {
          user_id: user,
          decision_id: 'd',
          requested_at_ms: 2_000,
          candidates: [{ tip_id: 't1', is_overdue: false, task_age_days: 0, priority: 1 }],
        },
        { partition: partitioner === 'crc32' ? crc32 : murmur2 },
      ),
    );
    await embedded.catchUp();
    expect((await embedded.service.profile(user)).features.tip_volume_30d).toBe(1);
    const letters = await embedded.records('tip.served-dlt');
    expect(letters.map(({ headers, partition }) => [readDeadLetterReason(headers).code, partition])).toEqual([
      ['wrong_partition', partitioner === 'crc32' ? murmur2 : crc32],
    ]);
    // The answer lies with the question, and is read back without a complaint.
    expect((await embedded.records('tip.scored')).map(({ partition }) => partition)).toEqual([partitioner === 'crc32' ? crc32 : murmur2]);
    expect(await embedded.records('tip.scored-dlt')).toEqual([]);
  });

  it('does not matter to `any`', async () => {
    const embedded = await embeddedService({ clock, partitions, partitioner: 'any' });
    const elsewhere = [0, 1, 2, 3].find((partition) => partition !== murmur2 && partition !== crc32)!;
    await embedded.append(recordOf('tip.served', served(user, 't1'), { partition: elsewhere }));
    await embedded.append(
      recordOf(
        'tip.candidates',
        {
          user_id: user,
          decision_id: 'd',
          requested_at_ms: 2_000,
          candidates: [{ tip_id: 't1', is_overdue: false, task_age_days: 0, priority: 1 }],
        },
        { partition: elsewhere },
      ),
    );
    await embedded.catchUp();
    expect((await embedded.service.profile(user)).features.tip_volume_30d).toBe(1);
    expect((await embedded.scored())[0]!.profile.features.tip_volume_30d).toBe(1);
    expect((await embedded.records('tip.scored')).map(({ partition }) => partition)).toEqual([elsewhere]);
  });

  it('goes with the prefix of the topics', async () => {
    const embedded = await embeddedService({ clock, topicPrefix: 'signals.' });
    await embedded.produce('tip.served', served('a'));
    await embedded.append({ topic: 'signals.tip.served', key: Buffer.from('a'), value: null });
    await embedded.catchUp();
    expect((await embedded.service.profile('a')).positions).toHaveProperty(['signals.tip.served']);
    expect(await embedded.records('signals.tip.served-dlt')).toHaveLength(1);
  });
});
