/** `tipstream lag --group` against kafka-consumer-groups, row by row, on one cluster with everything in it that is hard to count. */
import kafkajs from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lagCommand } from '../../src/cli/commands/lag/lag.js';
import { statusCommand } from '../../src/cli/commands/status/status.js';
import type { GroupLagRow } from '../../src/log/group-lag.js';
import { kafkaAdmin, TransactionalProducer } from '../support/broker/inputs.js';
import { CollectingHandler } from '../support/log/collecting-handler.js';
import type { Log } from '../../src/log/port.js';
import { sharedBroker } from '../support/broker/shared.js';
import { deleteBefore } from '../support/broker/topics.js';
import { javaTool, javaToolsInstalled } from '../support/broker/tools.js';
import { runCommand, type Answered } from '../support/cli-in-process.js';
import { generatedEvents, toRecords, type ProduceLine } from '../support/e2e/events.js';
import { Stream } from '../support/e2e/stream.js';

const brokers = await sharedBroker();
/** A topic of other programs. */
const PLAIN = { partitions: 1, retentionMs: -1, cleanupPolicy: 'delete', maxMessageBytes: 1_048_588 } as const;
const withJava = await javaToolsInstalled();

/** What both say of a partition; null where the tool prints a dash. */
type Said = Pick<GroupLagRow, 'committed_offset' | 'log_end_offset' | 'lag_records' | 'member_id' | 'host' | 'client_id'>;

/** group -> topic/partition -> what kafka-consumer-groups says, in one run of it. */
async function describeGroups(groups: readonly string[]): Promise<Map<string, Map<string, Said>>> {
  const printed = await javaTool('consumer-groups', [
    ...['--bootstrap-server', brokers!, '--describe'],
    ...groups.flatMap((group) => ['--group', group]),
  ]);
  const found = new Map<string, Map<string, Said>>(groups.map((group) => [group, new Map()]));
  const text = (cell: string | undefined) => (cell === undefined || cell === '-' ? null : cell);
  const count = (cell: string | undefined) => (text(cell) === null ? null : Number(cell));
  for (const line of printed.split('\n')) {
    const [group, topic, partition, committed, end, lag, member, host, client] = line.trim().split(/\s+/);
    if (text(topic) === null) continue;
    found.get(group!)?.set(`${topic}/${partition}`, {
      committed_offset: count(committed),
      log_end_offset: count(end)!,
      lag_records: count(lag),
      member_id: text(member),
      host: text(host),
      client_id: text(client),
    });
  }
  return found;
}

const run = (stream: Stream, ...argv: readonly string[]) =>
  runCommand([lagCommand, statusCommand], [...argv, '--brokers', stream.brokers, '--topic-prefix', stream.prefix]);

const saidBy = ({ committed_offset, log_end_offset, lag_records, member_id, host, client_id }: GroupLagRow): Said => {
  return { committed_offset, log_end_offset, lag_records, member_id, host, client_id };
};

describe.skipIf(brokers === null || !withJava)('lag --group', () => {
  it('agrees with kafka-consumer-groups on every row of every kind of group', async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const admin = await kafkaAdmin(brokers!);
    const events = generatedEvents(11);
    const some = (count: number): ProduceLine[] => Array.from({ length: count }, () => events.next().value as ProduceLine);
    const names = (['strangers', 'half', 'empty', 'joined'] as const).map((name) => `${stream.prefix}${name}`);
    const [strangers, half, empty, joined] = names as [string, string, string, string];
    const lag = async (group: string, ...args: string[]) => {
      const answer = await run(stream, 'lag', '--json', '--group', group, ...args);
      expect(answer, answer.stderr).toMatchObject({ code: 0 });
      return JSON.parse(answer.stdout) as GroupLagRow[];
    };

    // Markers, aborted records and gaps; policy.control and others stay idle.
    const producer = await TransactionalProducer.connect(stream);
    await stream.log.append(toRecords(stream.prefix, some(60)));
    await producer.write(some(40), 'commit');
    await producer.write(some(30), 'abort');
    await stream.log.append(toRecords(stream.prefix, some(20)));
    await producer.write(some(10), 'commit');
    await deleteBefore(admin, stream.topic('tip.served'), { 0: 3 });

    // A member that stops, having applied all; the transaction that is open then is seen by all groups.
    const stopped = stream.start([], 'stopped');
    await stopped.untilRunning(2);
    await stopped.until(async () => {
      const rows = (await stopped.get('/v1/lag')).body as unknown as GroupLagRow[];
      return rows.every(({ lag_records: records }) => records === 0);
    }, 'no lag');
    expect(await stopped.stop()).toBe(0);
    const served = stream.topic('tip.served');
    const open = await producer.open(some(30).filter(({ topic }) => topic === 'tip.served'));
    await stream.log.append(toRecords(stream.prefix, some(12)));

    // Other programs: one that runs, one that never ran and committed all the same, one whose topic is empty.
    const idle = `${stream.prefix}idle`;
    await stream.log.createTopics([{ ...PLAIN, name: idle }]);
    await committedAndLeft(stream.log, half, served, [5, 5]);
    await committedAndLeft(stream.log, empty, idle, [0]);
    await member(strangers, [served, idle], 7);
    await member(joined, [stream.topic('tip.feedback')]);

    const groups = [stream.group, strangers, half, empty, joined];
    const [said, ...ours] = await Promise.all([
      describeGroups(groups),
      ...groups.map((group) => lag(group, '--data', stream.directory('stopped'))),
    ]);
    for (const [index, group] of groups.entries()) {
      const rows = new Map(ours[index]!.map((row) => [`${row.topic}/${row.partition}`, saidBy(row)]));
      const wanted = said.get(group)!;
      expect(wanted.size, group).toBeGreaterThan(0);
      for (const [place, row] of wanted) expect(rows.get(place), `${group} ${place}`).toEqual(row);
      // Of the group of --data every input has a row.
      if (group !== stream.group) expect([...rows.keys()].sort()).toEqual([...wanted.keys()].sort());
    }

    const of = (group: string, topic: string, partition: number) =>
      ours[groups.indexOf(group)]!.find((row) => row.topic === topic && row.partition === partition)!;
    expect(of(stream.group, served, 0)).toMatchObject({ status: 'stop', rule: 'no process runs workers on this data directory' });
    expect(of(stream.group, stream.topic('policy.control'), 0)).toMatchObject({ lag_records: 0, high_watermark: 0 });
    expect(of(half, served, 1)).toMatchObject({ status: 'stop', rule: 'the group has no members', committed_offset: 5, member_id: null });
    const [beforeOpen] = [of(half, served, 0)];
    expect(beforeOpen.last_stable_offset).toBeLessThan(beforeOpen.high_watermark);
    expect(of(empty, idle, 0)).toMatchObject({ lag_records: 0, applied_offset: null });
    expect(of(strangers, served, 0)).toMatchObject({ committed_offset: 7, host: '/127.0.0.1', client_id: 'stranger' });
    expect(of(strangers, served, 1)).toMatchObject({ committed_offset: null, lag_records: null, rule: 'committed_offset is null' });
    expect(of(strangers, idle, 0)).toMatchObject({ status: 'ok', rule: 'low_offset = high_watermark = 0' });
    await open.abort();

    const table = await run(stream, 'lag', '--group', strangers);
    expect(table.stdout.split('\n')[0]).toMatch(/^STATUS +TOPIC.PARTITION +COMMITTED +END +LAG +HOST +MEMBER$/);
    expect(table.stdout).toMatch(/^\w+ +\S+tip.served.0 +7 +\d+ +\d+ +\/127\.0\.0\.1 +stranger-/m);
    const unknown = await run(stream, 'lag', '--json', '--group', `nobody-${randomUUID()}`);
    expect(unknown.code).toBe(1);
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { code: 'group_not_found' } });
  });

  it('knows running members, and a group of the newer protocol; status is well with what each member has', async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    const events = generatedEvents(12);
    const lines = (count: number) => Array.from({ length: count }, () => events.next().value as ProduceLine);
    await stream.log.append(toRecords(stream.prefix, lines(80)));
    const running = stream.start();
    await running.untilRunning(2);
    await running.until(async () => {
      const rows = JSON.parse((await run(stream, 'lag', '--json', '--data', running.directory)).stdout) as GroupLagRow[];
      return rows.every((row) => row.status === 'ok' && row.lag_records === 0 && row.committed_offset === row.applied_offset);
    }, 'all to be committed');

    const plain = `${stream.prefix}plain`;
    await stream.log.createTopics([{ ...PLAIN, name: plain }]);
    const modern = `${stream.prefix}modern`;
    await stream.log.append(Array.from({ length: 20 }, () => ({ topic: plain, key: Buffer.from('k'), value: Buffer.from('v') })));
    // A consumer of Kafka's own, under its newer protocol, that leaves with what it read committed.
    await javaTool('console-consumer', [
      ...['--bootstrap-server', brokers!, '--topic', plain, '--group', modern, '--from-beginning', '--max-messages', '12'],
      ...['--consumer-property', 'group.protocol=consumer'],
    ]);

    const groups = [stream.group, modern];
    const said = await describeGroups(groups);
    for (const group of groups) {
      const answer = await run(stream, 'lag', '--json', '--group', group, '--data', running.directory);
      expect(answer, answer.stderr).toMatchObject({ code: 0 });
      const rows = new Map((JSON.parse(answer.stdout) as GroupLagRow[]).map((row) => [`${row.topic}/${row.partition}`, row]));
      expect(said.get(group)!.size).toBeGreaterThan(0);
      for (const [place, wanted] of said.get(group)!) expect(saidBy(rows.get(place)!), `${group} ${place}`).toEqual(wanted);
      if (group === stream.group) expect(new Set([...rows.values()].map(({ host }) => host))).toEqual(new Set(['/127.0.0.1']));
    }

    // A second member takes a partition: each of the two is well with what it has.
    const second = stream.start();
    await second.untilRunning(1);
    let wellSaid: Answered | undefined;
    await second
      .until(async () => {
        wellSaid = await run(stream, 'status', '--json', '--data', second.directory);
        return wellSaid.code === 0;
      }, 'all to be well')
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\n${wellSaid?.stdout}`);
      });
    // The first one still has the file of the partition that it gave up, and the second goes beyond it.
    await stream.log.append(toRecords(stream.prefix, lines(40)));
    await running.until(async () => {
      const rows = JSON.parse((await run(stream, 'lag', '--json', '--data', running.directory)).stdout) as GroupLagRow[];
      const behind = rows.filter(({ status }) => status !== 'ok');
      return behind.length > 0 && behind.every(({ status, rule }) => status === 'unassigned' && rule.startsWith('committed_offset'));
    }, 'the second to be ahead');
    expect(await run(stream, 'status', '--data', running.directory)).toMatchObject({ code: 0 });
    const { checks } = JSON.parse(wellSaid!.stdout) as { checks: Record<string, unknown>[] };
    expect(checks.find(({ name }) => name === 'partitions')).toMatchObject({
      status: 'ok',
      state_files: 1,
      partitions_elsewhere: [expect.any(Number)],
    });
    for (const member of [second, running]) expect(await member.stop()).toBe(0);
    expect(await run(stream, 'status', '--data', second.directory)).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^ATTENTION +partitions +state of 1 of 2 partitions, and no process runs here$/m) as string,
    });
  });
});

/** A group without members that has committed these offsets of the partitions of a topic. */
async function committedAndLeft(log: Log, group: string, topic: string, offsets: readonly number[]): Promise<void> {
  const handler = new CollectingHandler();
  const left = await log.join({ group, topics: [topic], handler });
  await handler.until(() => handler.assigned.length === offsets.length, 'an assignment');
  for (const [partition, offset] of offsets.entries()) await left.commit(partition, new Map([[topic, offset]]));
  await left.stop();
}

/** A member of another program, which holds all partitions and has committed at most an offset of the first one of the first topic. */
async function member(groupId: string, topics: readonly string[], committed?: number): Promise<void> {
  const client = new kafkajs.Kafka({ clientId: 'stranger', brokers: [brokers!], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  onTestFinished(() => consumer.disconnect());
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  await joined;
  if (committed !== undefined) await consumer.commitOffsets([{ topic: topics[0]!, partition: 0, offset: String(committed) }]);
}
