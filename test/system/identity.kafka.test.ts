/** Another log under the same names, with offsets that fit: the record applied last tells, and only the partitions concerned stop. */
import { existsSync, renameSync } from 'node:fs';
import type { Admin } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.js';
import type { NewRecord } from '../../src/log/port.js';
import { generationDirectory, partitionFile } from '../../src/store/directory/layout.js';
import { oracleDigest, oracleProfiles } from '../oracle/profile.js';
import { generatedEvents, oracleEvents, STREAM_AS_OF_MS, toRecords, type ProduceLine } from '../support/e2e/events.js';
import { queryFile } from '../support/e2e/files.js';
import { ownersDigest, soleOwner } from '../support/e2e/state.js';
import { Stream } from '../support/e2e/stream.js';
import { configureTopics, kafkaAdmin, recreateTopic } from '../support/broker/inputs.js';
import { sharedBroker } from '../support/broker/shared.js';
import { deleteBefore } from '../support/broker/topics.js';

const brokers = await sharedBroker();
const SERVED = 'tip.served' as const;

describe.skipIf(brokers === null)('a log that is not the one that was applied', () => {
  const factsOf = (count: number, seed: number): ProduceLine[] => {
    const facts: ProduceLine[] = [];
    for (const line of generatedEvents(seed)) {
      if (line.topic !== 'tip.candidates') facts.push(line);
      if (facts.length === count) break;
    }
    return facts;
  };
  const partitionOf = (line: ProduceLine): number => partitionFor('murmur2', Buffer.from(line.value.user_id), 2);
  /** With timestamps of their own, so that records can be written again as they were. */
  const stamped = (stream: Stream, lines: readonly ProduceLine[]): NewRecord[] =>
    toRecords(stream.prefix, lines).map((record, index) => ({ ...record, timestampMs: 1_700_000_000_000 + index }));

  /** Two partitions of 300 events, all applied. */
  async function appliedStream(): Promise<{ stream: Stream; admin: Admin; lines: ProduceLine[] }> {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const lines = factsOf(300, 1);
    await stream.log.append(stamped(stream, lines));
    const caughtUp = await stream.catchUp('data');
    expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 });
    return { stream, admin: await kafkaAdmin(brokers!), lines };
  }

  /** tip.served made anew: partition 1 with what it held, partition 0 with `change` applied to what it held. */
  async function refill(
    stream: Stream,
    admin: Admin,
    lines: readonly ProduceLine[],
    change: (records: readonly NewRecord[]) => readonly NewRecord[],
  ): Promise<void> {
    const records = stamped(stream, lines);
    const of = (partition: number) =>
      records.filter((_, index) => lines[index]!.topic === SERVED && partitionOf(lines[index]!) === partition);
    await recreateTopic(stream, admin, stream.topic(SERVED));
    await stream.log.append([...of(1), ...change(of(0))]);
  }

  const otherTip = (record: NewRecord): NewRecord => ({
    ...record,
    value: Buffer.from(JSON.stringify({ ...(JSON.parse(record.value!.toString()) as object), tip_id: 'other' })),
  });
  const positionsIn = (stream: Stream, partition: number) =>
    queryFile(partitionFile(generationDirectory(stream.directory('data')), partition), 'SELECT * FROM position ORDER BY topic');

  it.each<[string, (records: readonly NewRecord[]) => readonly NewRecord[]]>([
    ['was refilled with as many others', (records) => records.map(otherTip)],
    [
      'lost its tail and was written anew beyond it',
      (records) => [...records.slice(0, -10), ...records.slice(-10).map(otherTip), ...records.slice(0, 20).map(otherTip)],
    ],
  ])('stops the partition of a topic that %s, and no other; moved away, the file is folded anew', async (_, change) => {
    const { stream, admin, lines } = await appliedStream();
    const served = stream.topic(SERVED);
    const before = positionsIn(stream, 0);
    await refill(stream, admin, lines, change);

    const member = stream.start([], 'data');
    await member.untilStatus(
      ({ partitions }) =>
        partitions.find(({ partition }) => partition === 0)?.state === 'stopped' &&
        partitions.find(({ partition }) => partition === 1)?.state === 'running',
      'partition 0 to stop and partition 1 to run',
    );
    const line = await member.untilLogged(({ level, code }) => level >= 50 && code === 'log_changed', 'an error');
    const offset = lines.filter((each) => each.topic === SERVED && partitionOf(each) === 0).length - 1;
    expect(line).toMatchObject({
      partition: 0,
      msg: expect.stringContaining(`${served} partition 0 holds another record at offset ${offset}`) as string,
    });
    expect(line.hint).toContain('Nothing was reset');
    expect((await member.get('/readyz')).status).toBe(503);

    // The other one goes on.
    const more = factsOf(40, 5).filter((each) => partitionOf(each) === 1);
    await stream.log.append(toRecords(stream.prefix, more));
    const { end } = (await stream.log.offsets(served)).get(1)!;
    await member.untilStatus(
      ({ partitions }) => partitions.find(({ partition }) => partition === 1)!.positions[served] === end,
      'partition 1 to go on',
    );
    expect(await member.stop()).toBe(0);
    expect(positionsIn(stream, 0)).toEqual(before);
    expect(await stream.catchUp('data')).toMatchObject({ code: 1, stderr: expect.stringContaining('[log_changed]') as string });
    expect(positionsIn(stream, 0)).toEqual(before);

    // As the hint says.
    const path = partitionFile(generationDirectory(stream.directory('data')), 0);
    for (const suffix of ['', '-wal', '-shm']) if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.previous${suffix}`);
    const caughtUp = await stream.catchUp('data');
    expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 });
    const events = [SERVED, 'tip.feedback' as const].map(async (topic) =>
      (await stream.records(stream.topic(topic))).map(({ value }) => ({
        topic,
        value: JSON.parse(value!.toString()) as ProduceLine['value'],
      })),
    );
    expect(ownersDigest(soleOwner(stream, 'data'), STREAM_AS_OF_MS).digest).toBe(
      oracleDigest(oracleProfiles(oracleEvents((await Promise.all(events)).flat()), STREAM_AS_OF_MS)),
    );
  });

  it('cannot be told where the record is gone: partitions run, and it is said which inputs lose records', async () => {
    const { stream, admin } = await appliedStream();
    const { end } = (await stream.log.offsets(stream.topic(SERVED))).get(0)!;
    await deleteBefore(admin, stream.topic(SERVED), { 0: end });
    await configureTopics(admin, {
      [stream.topic(SERVED)]: [{ name: 'retention.ms', value: '604800000' }],
      [stream.topic('tip.feedback')]: [{ name: 'cleanup.policy', value: 'compact' }],
      [stream.topic('tip.candidates')]: [{ name: 'retention.bytes', value: '1000000' }],
    });
    const member = stream.start(['--log-level', 'debug'], 'data');
    await member.untilRunning(2);
    expect(await member.untilLogged(({ unidentified }) => unidentified !== undefined, 'a line on the topic')).toMatchObject({
      partition: 0,
      unidentified: [{ topic: stream.topic(SERVED), offset: end - 1, why: 'deleted' }],
    });
    await member.untilLogged(({ topic }) => topic === stream.topic('tip.candidates'), 'a line on each topic');
    const lines = member.log
      .filter(({ topic, level }) => topic !== undefined && level >= 30)
      .map(({ level, topic, msg, hint }) => ({ level, topic, msg, hint }));
    expect(lines).toHaveLength(3);
    expect(lines).toEqual(
      expect.arrayContaining([
        {
          level: 40,
          topic: stream.topic(SERVED),
          msg: expect.stringMatching(/is kept for 7 days .* a rebuild would not reproduce the live state/) as string,
          hint: expect.stringContaining('--add-config retention.ms=-1') as string,
        },
        {
          level: 40,
          topic: stream.topic('tip.feedback'),
          msg: expect.stringMatching(/is compacted .* a rebuild would not reproduce the live state/) as string,
          hint: expect.stringContaining('--add-config cleanup.policy=delete') as string,
        },
        {
          level: 30,
          topic: stream.topic('tip.candidates'),
          msg: expect.stringMatching(/up to a size .*requests to score can be lost/) as string,
          hint: expect.stringContaining('retention.bytes=-1') as string,
        },
      ]),
    );
    expect((await member.status()).warnings.map(({ topic }) => topic).sort()).toEqual(lines.map(({ topic }) => topic).sort());
    expect(await member.stop()).toBe(0);

    const checked = await stream.run(['topics', 'check']);
    expect(checked).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/tip\.candidates +retention_bytes/) as string,
      stderr: expect.stringContaining('a rebuild would not reproduce the live state') as string,
    });
  });
});
