/** Topics that only tipstream writes are made by `start` and `rebuild` where they are missing, as after an upgrade that brings one. */
import kafkajs from 'kafkajs';
import { afterAll, describe, expect, it } from 'vitest';
import type { TopicSettings } from '../../src/log/port.js';
import { startBroker, SASL_USER } from '../support/broker/broker.js';
import { VECTOR_NDJSON } from '../support/e2e/events.js';
import { Stream } from '../support/e2e/stream.js';

const broker = await startBroker({ own: true, acls: true });
afterAll(() => broker?.stop());

const isInput = ({ name }: TopicSettings): boolean => /\.(policy\.control|tip\.(served|feedback|candidates))$/.test(name);
const inputsOnly = (topic: TopicSettings): TopicSettings | null => (isInput(topic) ? topic : null);
const ALL_TOPICS = 16;

describe.skipIf(broker === null)('internal topics that are missing', () => {
  const created = (stderr: string): { topic: string; partitions: number }[] =>
    stderr
      .split('\n')
      .filter((line) => line.includes('created a topic that was missing'))
      .map((line) => JSON.parse(line) as { topic: string; partitions: number });

  it('are created by start as `topics create` does, with a line for each; the next start has nothing to create', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 3, settings: inputsOnly });
    await stream.run(['produce', '-'], { input: VECTOR_NDJSON });
    const started = await stream.catchUp('data');
    expect(started, started.stderr).toMatchObject({ code: 0 });
    expect(created(started.stderr)).toHaveLength(ALL_TOPICS - 4);
    expect(created(started.stderr)).toContainEqual(expect.objectContaining({ topic: stream.topic('user.forgotten'), partitions: 3 }));
    expect(created(started.stderr)).toContainEqual(expect.objectContaining({ topic: stream.topic('tipstream.audit'), partitions: 1 }));
    expect(await stream.run(['topics', 'check'])).toMatchObject({ code: 0, stderr: `${ALL_TOPICS} topics are as they should be\n` });
    expect(created((await stream.catchUp('data')).stderr)).toEqual([]);
    expect(await stream.run(['verify', '--data', stream.directory('data')])).toMatchObject({ code: 0 });
  });

  it('are created once when several members start at the same moment', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 2, settings: inputsOnly });
    const members = [stream.start(), stream.start()];
    for (const member of members) await member.untilRunning(1);
    const made = members.flatMap(({ log }) =>
      log.filter(({ msg }) => msg === 'created a topic that was missing').map(({ topic }) => topic),
    );
    expect(made).toHaveLength(ALL_TOPICS - 4);
    expect(new Set(made).size).toBe(ALL_TOPICS - 4);
    expect(await Promise.all(members.map((member) => member.stop()))).toEqual([0, 0]);
  });

  it('are not created for a prefix without inputs, by --no-create-topics, nor by commands that read', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 1, settings: inputsOnly });
    const refused = await stream.catchUp('data', ['--no-create-topics']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('[topic_not_found]') as string });
    expect(refused.stderr).toContain(stream.topic('user.forgotten'));
    expect(refused.stderr).toContain('tipstream topics create');
    const data = ['--data', stream.directory('data')];
    for (const args of [['verify'], ['lag'], ['status'], ['digest'], ['rebuild', '--dry-run']]) await stream.run([...args, ...data]);
    const check = JSON.parse((await stream.run(['topics', 'check', '--json'])).stdout) as { topics: unknown[] };
    expect(check.topics).toHaveLength(4);

    const other = ['--brokers', stream.brokers, '--topic-prefix', `${stream.prefix}other.`];
    const elsewhere = await stream.runPlain(['start', '--until-caught-up', '--no-http', '--data', stream.directory('other'), ...other]);
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining(`${stream.prefix}other.tip.served`) as string });
    const there = JSON.parse((await stream.runPlain(['topics', 'check', '--json', ...other])).stdout) as { topics: unknown[] };
    expect(there.topics).toEqual([]);
  });

  it('are created by rebuild too, which an upgrade may need before start', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 2, settings: inputsOnly });
    const rebuilt = await stream.run(['rebuild', '--data', stream.directory('data')]);
    expect(rebuilt, rebuilt.stderr).toMatchObject({ code: 0 });
    expect(rebuilt.stderr).toContain(`created ${stream.topic('user.forgotten')}, which was missing`);
  });

  it('that a user may not create are named with what to do', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 1, settings: inputsOnly });
    const admin = new kafkajs.Kafka({ brokers: [broker!.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    const allow = (resourceType: kafkajs.AclResourceTypes, resourceName: string, operation: kafkajs.AclOperationTypes) => ({
      resourceType,
      resourceName,
      operation,
      resourcePatternType: kafkajs.ResourcePatternTypes.PREFIXED,
      principal: `User:${SASL_USER.username}`,
      host: '*',
      permissionType: kafkajs.AclPermissionTypes.ALLOW,
    });
    const { TOPIC, GROUP } = kafkajs.AclResourceTypes;
    const { READ, WRITE, DESCRIBE } = kafkajs.AclOperationTypes;
    await admin.createAcls({
      acl: [READ, WRITE, DESCRIBE].map((operation) => allow(TOPIC, stream.prefix, operation)).concat(allow(GROUP, stream.prefix, READ)),
    });
    await admin.disconnect();
    const env = { TIPSTREAM_KAFKA_PASSWORD: SASL_USER.password };
    const sasl = ['--brokers', broker!.saslBrokers!, '--kafka-sasl-mechanism', 'plain', '--kafka-username', SASL_USER.username];
    const start = ['start', '--until-caught-up', '--no-http', '--topic-prefix', stream.prefix, '--group', stream.group, ...sasl];
    const refused = await stream.runPlain([...start, '--data', stream.directory('data')], { env });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be created') as string });
    expect(refused.stderr).toContain('ACL Create');
    expect(refused.stderr).toContain('tipstream topics create');
    expect(refused.stderr).toContain(stream.topic('user.forgotten'));

    // All but the audit trail, which no answer depends on: it is said, and the service runs.
    const missing = (topic: TopicSettings): TopicSettings | null => (topic.name.endsWith('.tipstream.audit') ? null : topic);
    await stream.createTopics(missing);
    const started = await stream.runPlain([...start, '--data', stream.directory('data')], { env });
    expect(started, started.stderr).toMatchObject({ code: 0 });
    expect(started.stderr).toContain('a topic that is missing was not created');
    expect(started.stderr).toContain(stream.topic('tipstream.audit'));
  });
});
