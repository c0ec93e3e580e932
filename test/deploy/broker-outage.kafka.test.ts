/**
 * Another program in the group; a broker that is killed, and then the process: what Prometheus scrapes makes the alerts fire that are for
 * them.
 */
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { topicSettings } from '../../src/log/topic-settings.js';
import { expectFiring, scrape } from '../support/alert-trial.js';
import { startBroker } from '../support/broker/broker.js';
import { Stream } from '../support/e2e/stream.js';
import { CollectingHandler } from '../support/log/collecting-handler.js';
import { promtool, withPromtool } from '../support/promtool.js';
import { FIRED_BY_A_BROKER } from './fired-by-a-broker.js';

const broker = await startBroker({ own: true });
afterAll(() => broker?.stop());

describe.skipIf(broker === null || !withPromtool)('alerts', () => {
  it('fire when a program with other topics joins the group, and its partitions are dealt out to nobody here', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 2 });
    const member = stream.start();
    await member.untilRunning(2);
    const address = await member.address();
    const well = await scrape(address);
    expect(valueOf(well, 'tipstream_partitions_unowned')).toBe(0);

    // It reads all but one of these topics, and two of its own: more than are read here, so the group deals out its partitions.
    const others = ['tip.rated', 'tip.shared'].map((name) => stream.prefix + name);
    await stream.log.createTopics(others.map((name) => ({ ...topicSettings(stream.prefix, 2)[0]!, name })));
    const topics = [...stream.inputs.slice(1), ...others];
    const stranger = await stream.log.join({ group: stream.group, topics, handler: new CollectingHandler() });
    onTestFinished(() => stranger.stop());
    await member.until(async () => valueOf(await scrape(address), 'tipstream_partitions_unowned') === 2, 'the partitions to have no owner');
    const unowned = await scrape(address);
    await expectFiring(
      [
        { scrape: well, minutes: 30 },
        { scrape: unowned, minutes: 10 },
      ],
      [
        [29, []],
        [36, FIRED_BY_A_BROKER.slice(0, 1)],
      ],
    );
    expect(await member.stop()).toBe(0);
  });

  it('fire when the broker is killed, when its lag has grown, and when the process is gone', async () => {
    const stream = await Stream.open(broker!.brokers, { partitions: 2 });
    const member = stream.start();
    await member.untilRunning(2);
    const event = { user_id: 'ana', tip_id: 't', served_at_ms: Date.now() };
    await stream.log.append([{ topic: stream.topic('tip.served'), key: Buffer.from('ana'), value: Buffer.from(JSON.stringify(event)) }]);
    const address = await member.address();
    await member.until(async () => {
      const lasts = [...(await scrape(address)).samples].filter(([name]) => name.startsWith('tipstream_last_record'));
      return lasts.length > 0;
    }, 'the event to be applied');
    const well = await scrape(address);

    await broker!.kill();
    await member.until(async () => valueOf(await scrape(address), 'tipstream_log_reachable') === 0, 'the log to be called unreachable');
    const silent = await scrape(address);
    await member.until(async () => lagOf(await scrape(address)) >= lagOf(silent) + 2, 'the age to grow');
    const later = await scrape(address);
    // An age grows by one a second, so that the rest of an hour need not be waited for.
    const grown = lagOf(later) - lagOf(silent);
    expect(Math.abs(grown - (later.atMs - silent.atMs) / 1000)).toBeLessThan(1);
    const exposition = await fetch(`${address}/metrics`).then((answer) => answer.text());
    expect(await promtool(['check', 'metrics'], { input: exposition })).toEqual({ code: 0, text: '' });

    await member.kill();
    const gone = await scrape(address);
    expect([...gone.samples.values()]).toEqual([0]);
    await expectFiring(
      [
        { scrape: well, minutes: 30 },
        { scrape: silent, minutes: 1 },
        { scrape: later, minutes: 9, ageing: ['tipstream_lag_seconds'] },
        { scrape: gone, minutes: 15 },
      ],
      [
        [29, []],
        [33, FIRED_BY_A_BROKER.slice(1, 2)],
        [39, FIRED_BY_A_BROKER.slice(1, 3)],
        [50, FIRED_BY_A_BROKER.slice(3)],
      ],
    );
  });
});

const valueOf = ({ samples }: Awaited<ReturnType<typeof scrape>>, metric: string) =>
  [...samples].find(([name]) => name.startsWith(`${metric}{`))?.[1];
const lagOf = (found: Awaited<ReturnType<typeof scrape>>): number => valueOf(found, 'tipstream_lag_seconds') ?? -1;
