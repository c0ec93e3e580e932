import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { openLog } from '../../src/log/open.js';
import { sharedBroker } from '../support/broker/shared.js';
import { CliWorkspace, linesOf, records } from '../support/cli-process.js';

const brokers = await sharedBroker();
const cli = new CliWorkspace();
afterAll(() => cli.dispose());

describe.skipIf(brokers === null)('on Kafka', () => {
  const env = { KAFKA_BROKERS: brokers ?? '', TIPSTREAM_TOPIC_PREFIX: `cli-${randomUUID()}.` };
  const input = ['ann', 'bob', 'cy']
    .map((user) => `${JSON.stringify({ topic: 'tip.served', value: { tip_id: 't', user_id: user, served_at_ms: 5 } })}\n`)
    .join('');

  test('topics must be created first, and then hold what is produced', async () => {
    expect(await cli.run(['produce'], { env, input })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/\[topic_not_found\]\nhint: .*tipstream topics create/) as string,
    });
    expect((await cli.run(['topics', 'check'], { env })).code).toBe(1);

    const created = await cli.run(['topics', 'create', '--partitions', '2', '--json'], { env });
    expect((JSON.parse(created.stdout) as { created: string[] }).created).toHaveLength(16);
    expect(await cli.run(['topics', 'check'], { env })).toMatchObject({ code: 0, stderr: '16 topics are as they should be\n' });

    expect(await cli.run(['produce', '--json'], { env, input })).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await cli.run(['tail', 'tip.served', '--from-beginning', '--until-end'], { env });
    expect(code).toBe(0);
    expect(
      records(stdout)
        .map((record) => record.key)
        .sort(),
    ).toEqual(['ann', 'bob', 'cy']);
  });

  test('tail follows new records until Ctrl-C', async () => {
    const child = cli.start(['tail', 'tip.served', '--from-beginning'], env);
    const closed = new Promise((resolve) => child.once('close', resolve));
    const printed = linesOf(child.stdout);
    for (let i = 0; i < 3; i++) await printed.next();
    await cli.run(['produce'], { env, input: input.split('\n')[0]! });
    expect(JSON.parse((await printed.next()).value as string)).toMatchObject({ key: 'ann', offset: expect.any(Number) as number });
    child.kill('SIGINT');
    expect(await closed).toBe(130);
  });

  test('a migration is written to every partition, and where a producer died in between, completed by asking again', async () => {
    const migrate = async () =>
      JSON.parse((await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--json'], { env })).stdout) as {
        control_id: string;
        already: boolean;
        completed_partitions: number;
        report: null;
      };
    const first = await migrate();
    expect(first).toMatchObject({ already: false, report: null });
    const written = async () =>
      records((await cli.run(['tail', 'policy.control', '--from-beginning', '--until-end'], { env })).stdout)
        .map((record) => [record.partition, (record.value as { control_id: string }).control_id])
        .sort();
    expect(await written()).toEqual([
      [0, first.control_id],
      [1, first.control_id],
    ]);
    expect(await migrate()).toMatchObject({ control_id: first.control_id, already: true, completed_partitions: 0 });
    expect(await cli.run(['policies', 'migrate', 'egreedy-v1', 'egreedy-v2', '--undo'], { env })).toMatchObject({ code: 0 });

    const half = { control_id: 'half', type: 'migrate', effective_at_ms: Date.now(), policy: 'egreedy-v2', from: 'egreedy-v1' };
    const log = await openLog(loadConfig({ brokers: brokers!, topicPrefix: env.TIPSTREAM_TOPIC_PREFIX }, {}));
    await log.append([
      { topic: `${env.TIPSTREAM_TOPIC_PREFIX}policy.control`, partition: 1, key: null, value: Buffer.from(JSON.stringify(half)) },
    ]);
    await log.close();
    expect(await migrate()).toMatchObject({ control_id: 'half', already: true, completed_partitions: 1 });
    expect((await written()).filter(([, id]) => id === 'half')).toEqual([
      [0, 'half'],
      [1, 'half'],
    ]);
  });

  test('brokers that do not answer are an error', async () => {
    const outcome = await cli.run(['tail', 'tip.served', '--brokers', '127.0.0.1:1', '--json']);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('[log_unavailable]') as string });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code: 'log_unavailable' } });
  });
});
