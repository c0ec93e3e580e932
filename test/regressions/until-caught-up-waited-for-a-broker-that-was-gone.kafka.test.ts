/** `start --until-caught-up` waited without end for a broker that went away after it had joined the group. */
import { afterAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker/broker.js';
import { generatedEvents, toRecords } from '../support/e2e/events.js';
import { Stream } from '../support/e2e/stream.js';

const broker = await startBroker({ own: true });
afterAll(() => broker?.stop());

const RECORDS = 5_000;
/** So that it has not caught up when the broker goes. */
const SLOWLY = ['--until-caught-up', '--max-batch-records', '20'];
const joined = ({ msg }: { msg: string }) => msg === 'joined the consumer group';

describe.skipIf(broker === null)('start --until-caught-up', () => {
  it('ends with 1 when the broker is away for longer than --start-timeout-ms, and goes on after a shorter while', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 2 });
    const events = generatedEvents(3);
    await stream.log.append(
      toRecords(
        stream.prefix,
        Array.from({ length: RECORDS }, () => events.next().value!),
      ),
    );

    let member = stream.start([...SLOWLY, '--start-timeout-ms', '10000'], 'data');
    await member.untilLogged(joined, 'its joining');
    broker!.freeze();
    const frozenMs = performance.now();
    expect(await member.exited(), member.lastWords()).toBe(1);
    expect(performance.now() - frozenMs).toBeLessThan(40_000);
    const fatal = member.log.find(({ level }) => level === 60);
    expect(fatal?.msg).toMatch(new RegExp(`^Kafka at ${broker!.brokers} did not answer within 10 s: .*\\[log_unavailable\\]$`));
    broker!.thaw();

    member = stream.start(SLOWLY, 'data');
    await member.untilLogged(joined, 'its joining');
    await broker!.kill();
    await broker!.restart();
    expect(await member.exited(), member.lastWords()).toBe(0);
    const { stdout } = await stream.run(['lag', '--json', '--data', stream.directory('data'), '--group', stream.group]);
    expect(stdout).not.toMatch(/"lag_records": [1-9]/);
  });
});
