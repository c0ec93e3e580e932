/** The log is changed behind tipstream's back: it says so, stops what it must, and resets nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicSettings } from '../../src/log/topic-settings.js';
import { generatedEvents, toRecords, type ProduceLine } from '../support/e2e/events.js';
import { untilAllApplied } from '../support/e2e/state.js';
import { Stream } from '../support/e2e/stream.js';
import { sharedBroker } from '../support/broker/shared.js';
import { deleteBefore } from '../support/broker/topics.js';

const brokers = await sharedBroker();

describe.skipIf(brokers === null)('a log that was changed', () => {
  let admin: Admin;

  beforeAll(async () => {
    admin = new kafkajs.Kafka({ brokers: [brokers!], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(() => admin.disconnect());

  async function write(stream: Stream, count: number, seed = 1): Promise<void> {
    const events = generatedEvents(seed);
    await stream.log.append(
      toRecords(
        stream.prefix,
        Array.from({ length: count }, () => events.next().value as ProduceLine),
      ),
    );
  }

  /** What the group has committed for a topic, by Kafka's own account. */
  async function committed(stream: Stream, topic: string): Promise<Record<number, string>> {
    const [answer] = await admin.fetchOffsets({ groupId: stream.group, topics: [topic] });
    return Object.fromEntries(answer!.partitions.map(({ partition, offset }) => [partition, offset]));
  }

  /** A stream of two partitions whose 200 events one member has applied and committed. */
  async function appliedStream(): Promise<Stream> {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    await write(stream, 200);
    const caughtUp = await stream.catchUp('data');
    expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 });
    return stream;
  }

  it('without some of the topics is refused, and they are named', async () => {
    const stream = await Stream.open(brokers!, {
      settings: (topic) => (/tip\.feedback$|policy\.control$/.test(topic.name) ? null : topic),
    });
    const started = await stream.catchUp('data');
    expect(started.code).toBe(1);
    expect(started.stderr).toContain('[topic_not_found]');
    expect(started.stderr).toContain(`${stream.topic('policy.control')}, ${stream.topic('tip.feedback')}`);
    expect(started.stderr).toContain('tipstream topics create');
  });

  it('with fewer partitions in a topic that it writes is refused at start', async () => {
    const stream = await Stream.open(brokers!, {
      settings: (topic) => (topic.name.endsWith('.tip.feedback-dlt') ? { ...topic, partitions: 3 } : topic),
    });
    const started = await stream.catchUp('data');
    expect(started).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('tip.feedback-dlt has 3 partitions, fewer than the 4') as string,
    });
    expect(started.stderr).toContain('[partition_count_changed]');
  });

  it('by more partitions stops all of them, and the process with exit code 1; and so at every later start', async () => {
    const stream = await appliedStream();
    const member = stream.start([], 'data');
    await member.untilRunning(2);
    await admin.createPartitions({ topicPartitions: [{ topic: stream.topic('tip.served'), count: 3 }] });
    expect(await member.exited()).toBe(1);
    expect(
      member.log.filter(({ level }) => level >= 60),
      member.lastWords(),
    ).toEqual([expect.objectContaining({ code: 'partition_count_changed', hint: expect.any(String) as string })]);

    const uneven = await stream.catchUp('data');
    expect(uneven.code).toBe(1);
    expect(uneven.stderr).toContain('[partition_count_changed]');

    const others = topicSettings(stream.prefix, 3).filter(({ name }) => name !== stream.topic('tip.served'));
    await admin.createPartitions({ topicPartitions: others.map(({ name: topic }) => ({ topic, count: 3 })) });
    const even = await stream.catchUp('data');
    expect(even.code).toBe(1);
    expect(even.stderr).toContain('[partition_count_changed]');
    expect(even.stderr).toMatch(/was folded from topics of 2 partitions; the topics now have 3/);
  });

  it('by deleting records before they were applied stops that partition alone, and resets nothing', async () => {
    const stream = await appliedStream();
    const served = stream.topic('tip.served');
    const before = await committed(stream, served);
    await write(stream, 200, 2);
    const { end } = (await stream.log.offsets(served)).get(0)!;
    await deleteBefore(admin, served, { 0: end - 1 });

    const member = stream.start([], 'data');
    await member.untilStatus(
      ({ partitions }) =>
        partitions.some(({ partition, state }) => partition === 1 && state === 'running') &&
        partitions.some(({ state }) => state === 'stopped'),
      'one partition to stop',
    );
    const { partitions } = await member.status();
    expect(partitions.find(({ partition }) => partition === 0)).toMatchObject({
      state: 'stopped',
      positions: { [served]: Number(before[0]) },
      error: { code: 'offset_out_of_range', hint: expect.stringContaining('Nothing was reset') as string },
    });
    await member.untilStatus(
      ({ partitions: now }) => now.find(({ partition }) => partition === 1)!.positions[served]! > Number(before[1]),
      'the sound partition to go on',
    );
    expect((await member.get('/readyz')).status).toBe(503);
    const lag = (await member.get('/v1/lag')).body as unknown as { topic: string; partition: number; status: string }[];
    expect(lag.filter(({ partition }) => partition === 0).map(({ status }) => status)).toEqual(stream.inputs.map(() => 'stop'));
    expect(await member.stop()).toBe(0);
    expect((await committed(stream, served))[0]).toBe(before[0]);
    expect(Number((await committed(stream, served))[1])).toBeGreaterThan(Number(before[1]));

    const caughtUp = await stream.catchUp('data');
    expect(caughtUp).toMatchObject({ code: 1, stderr: expect.stringContaining('[offset_out_of_range]') as string });
    expect((await committed(stream, served))[0]).toBe(before[0]);
  });

  it('by deleting what a running member was about to read stops that partition alone', async () => {
    const stream = await appliedStream();
    const served = stream.topic('tip.served');
    const member = stream.start([], 'data');
    await member.untilRunning(2);
    member.freeze(); // for less than its session
    await delay(500); // so that the fetch under way ends with nothing
    await write(stream, 200, 2);
    const { end } = (await stream.log.offsets(served)).get(0)!;
    await deleteBefore(admin, served, { 0: end - 1 });
    member.thaw();
    await member.untilStatus(({ partitions }) => partitions.some(({ state }) => state === 'stopped'), 'one partition to stop');
    const line = await member.untilLogged(({ level, code }) => level >= 50 && code === 'offset_out_of_range', 'an error');
    expect(line).toMatchObject({ partition: 0, hint: expect.any(String) as string });
    const otherEnd = (await stream.log.offsets(served)).get(1)!.end;
    await member.untilStatus(
      ({ partitions }) => partitions.find(({ partition }) => partition === 1)!.positions[served] === otherEnd,
      'the sound partition to go on',
    );
    expect(await member.stop()).toBe(0);
    expect((await stream.catchUp('data')).stderr).toContain('Nothing was reset');
  });

  async function recreate(stream: Stream, topic: string): Promise<void> {
    await admin.deleteTopics({ topics: [topic] });
    const settings = topicSettings(stream.prefix, stream.partitions).filter(({ name }) => name === topic);
    // Deleting goes on for a moment after it was answered.
    for (const deadline = Date.now() + 20_000; ; ) {
      const created = await stream.log.createTopics(settings).catch((error: unknown) => {
        if (Date.now() > deadline) throw error;
        return [];
      });
      if (created.length === 1) return;
    }
  }

  /** Kafka may forget what was committed together with the topic; nobody has put anything in its place. */
  function expectNotReset(now: Record<number, string>, before: Record<number, string>): void {
    for (const [partition, offset] of Object.entries(now)) expect(['-1', before[Number(partition)]]).toContain(offset);
  }

  it('by a topic made anew, and shorter, stops its partitions and resets nothing', async () => {
    const stream = await appliedStream();
    const served = stream.topic('tip.served');
    const before = await committed(stream, served);
    await recreate(stream, served);
    await write(stream, 5, 3);
    const caughtUp = await stream.catchUp('data');
    expect(caughtUp).toMatchObject({ code: 1, stderr: expect.stringContaining('[offset_out_of_range]') as string });
    expect(caughtUp.stderr).toContain('the topic was recreated or lost its tail');
    expectNotReset(await committed(stream, served), before);
  });

  it('by a topic made anew under a running member stops it too', async () => {
    const stream = await appliedStream();
    const served = stream.topic('tip.served');
    const member = stream.start([], 'data');
    await member.untilRunning(2);
    await untilAllApplied(stream, [member]);
    const before = await committed(stream, served);
    await recreate(stream, served);
    await write(stream, 5, 3);
    await member.untilStatus(({ partitions }) => partitions.every(({ state }) => state === 'stopped'), 'its partitions to stop');
    for (const { error } of (await member.status()).partitions)
      expect(error).toMatchObject({ code: 'offset_out_of_range', hint: expect.any(String) as string });
    expect(await member.stop()).toBe(0);
    expectNotReset(await committed(stream, served), before);
  });
});
