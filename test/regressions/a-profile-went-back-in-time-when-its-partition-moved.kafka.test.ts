/** With two members: the second gets a partition, and has thousands of records to read that the first has published profiles of. */
import { describe, expect, it } from 'vitest';
import type { ProfileFeaturesEvent } from '../../src/topics.js';
import { sharedBroker } from '../support/broker/shared.js';
import { Stream } from '../support/e2e/stream.js';
import { untilAllApplied } from '../support/e2e/state.js';

const brokers = await sharedBroker();
const USERS = 40;
const EVENTS = 8_000;
/** So large that a fetch brings few of them, and folding waits for the next one. */
const PADDING = 'x'.repeat(4_000);
const NOW_MS = Date.now();

async function serve(stream: Stream, from: number, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    user_id: `user-${(from + index) % USERS}`,
    tip_id: `tip-${from + index}`,
    served_at_ms: NOW_MS - EVENTS + from + index,
    padding: PADDING,
  }));
  await stream.log.append(
    events.map((event) => ({
      topic: stream.topic('tip.served'),
      key: Buffer.from(event.user_id),
      value: Buffer.from(JSON.stringify(event)),
    })),
  );
}

/** Per user, the volumes in the order in which they were published. */
async function volumes(stream: Stream): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>();
  for (const { key, value } of await stream.records(stream.topic('profile.features'))) {
    const { features } = JSON.parse(value!.toString()) as ProfileFeaturesEvent;
    const user = key!.toString();
    found.set(user, [...(found.get(user) ?? []), features['tip_volume_30d'] as number]);
  }
  return found;
}

describe.skipIf(brokers === null)('a partition that moves', () => {
  it('publishes no profile of less than was published before', async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    for (let from = 0; from < EVENTS; from += 1_000) await serve(stream, from, 1_000);
    const first = stream.start(['--publish-profiles']);
    await first.untilRunning(2);
    await untilAllApplied(stream, [first]);
    const second = stream.start(['--publish-profiles']);
    await second.untilRunning(1);
    await serve(stream, EVENTS, USERS);
    await untilAllApplied(stream, [first, second]);
    await expect
      .poll(async () => [...(await volumes(stream)).values()].map((each) => each.at(-1)), { timeout: 20_000 })
      .toEqual(Array<number>(USERS).fill(EVENTS / USERS + 1));
    for (const [user, published] of await volumes(stream)) expect(published, user).toEqual(published.toSorted((a, b) => a - b));
    expect(await Promise.all([first, second].map((member) => member.stop()))).toEqual([0, 0]);
  });
});
