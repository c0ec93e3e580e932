/** Sessions and signals on Kafka: topics are made, folded, and give the digest of the oracles; without the option nothing reads them. */
import { describe, expect, it } from 'vitest';
import { ACTIVITY, activityDigest, activityLines, ndjson, TIMES } from '../support/activity-lines.js';
import { sharedBroker } from '../support/broker/shared.js';
import { Stream } from '../support/e2e/stream.js';

const brokers = await sharedBroker();

describe.skipIf(brokers === null)('the set activity on Kafka', () => {
  it('has the digest of the oracles, and an installation without it needs no new topic', async () => {
    const isNew = (name: string) => /(app\.session|signal\.synced)(-dlt)?$/.test(name);
    const stream = await Stream.open(brokers!, { partitions: 2, settings: (topic) => (isNew(topic.name) ? null : topic) });
    const lines = activityLines(5, 200);
    expect(await stream.catchUp('core')).toMatchObject({ code: 0 });
    const lag = await stream.run(['lag', '--json', '--data', stream.directory('core'), '--group', stream.group]);
    expect(lag.stdout).not.toMatch(/app\.session|signal\.synced/);

    expect(await stream.run(['topics', 'create', '--partitions', '2', ...ACTIVITY])).toMatchObject({ code: 0 });
    expect(await stream.run(['produce', '-', ...ACTIVITY], { input: ndjson(lines) })).toMatchObject({ code: 0 });
    expect(await stream.catchUp('both', ACTIVITY)).toMatchObject({ code: 0 });
    for (const asOfMs of TIMES) {
      const { stdout } = await stream.run(['digest', '--as-of', String(asOfMs), '--json', '--data', stream.directory('both'), ...ACTIVITY]);
      expect((JSON.parse(stdout) as { digest: string }).digest).toBe(activityDigest(lines, asOfMs));
    }
    const verified = await stream.run(['verify', '--as-of', String(TIMES[1]), '--data', stream.directory('both'), ...ACTIVITY]);
    expect(verified).toMatchObject({ code: 0 });
  });
});
