/** What many parts of the service ask of one connection at the same time. */
import { describe, expect, it } from 'vitest';
import { Stream } from '../support/e2e/stream.js';
import { sharedBroker } from '../support/broker/shared.js';

const brokers = await sharedBroker();

describe.skipIf(brokers === null)('one connection', () => {
  it('answers for topics that it has not met while it asks about one that it has', async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    await stream.log.offsets(stream.topic('tip.scored'));
    const ranges = await Promise.all(stream.inputs.map((topic) => stream.log.offsets(topic)));
    expect(ranges.map((found) => found.size)).toEqual(stream.inputs.map(() => 2));
  });
});
