/** GET /v1/data-quality on a real log: what is looked at, and what is said of the rest. */
import { describe, expect, it } from 'vitest';
import { MOST_RECORDS } from '../../../src/service/quality/quality-answers.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { recordOf } from '../../support/embedded/service.js';

const NOW = Date.now();
const HOUR = 3_600_000;
const served = (user_id: string, tip_id: string, agoMs: number) => ({ user_id, tip_id, served_at_ms: NOW - agoMs });
const on = (timestampMs: number) => ({ timestampMs });

describe('data quality', () => {
  it('says how late events of each input came, and which came latest', async () => {
    const embedded = await embeddedService({ partitions: 2, topicPrefix: 'signals.' });
    const topic = 'signals.tip.served';
    await embedded.append(
      recordOf(topic, served('ana', 't1', 10), on(NOW)),
      recordOf(topic, served('ana', 't2', 5 * HOUR), on(NOW + 1)),
      recordOf(topic, served('ana', 't3', -HOUR), on(NOW + 2)),
      recordOf(topic, { user_id: 'ana', tip_id: 't4' }, on(NOW + 3)),
      recordOf('signals.tip.feedback', { user_id: 'ana', tip_id: 't2', action: 'done', reacted_at_ms: NOW }, on(NOW + 40)),
    );
    await embedded.catchUp();
    const { partitions, late_after_ms, lateness } = await embedded.service.dataQuality();
    expect([partitions, late_after_ms, lateness.map((each) => each.topic)]).toEqual([
      [0, 1],
      HOUR,
      ['signals.tip.served', 'signals.tip.feedback', 'signals.tip.candidates'],
    ]);
    const partition = embedded.partitionOf('ana');
    expect(lateness[0]).toMatchObject({
      ...{ records: 4, on_time: 1, late: 1, future_dated: 1, not_events: 1, no_timestamp: 0 },
      ...{ median_ms: 10, p95_ms: 5 * HOUR + 1, max_ms: 5 * HOUR + 1, newest_timestamp_ms: NOW + 3 },
      latest: { topic, partition, offset: 1, event_at_ms: NOW - 5 * HOUR, timestamp_ms: NOW + 1 },
      read: { is_whole: true },
    });
    expect(lateness[1]).toMatchObject({ records: 1, on_time: 1, max_ms: 40 });
    expect(lateness[2]).toMatchObject({ records: 0, median_ms: null, latest: null, read: { is_whole: true } });
  });

  it('looks at the newest records alone, an equal share of each partition', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    const each = MOST_RECORDS / 2;
    const events = Array.from({ length: each + 10 }, (_, at) => served('ana', `t${at}`, at < 10 ? 9 * HOUR : 0));
    await embedded.append(...events.map((event) => recordOf('tip.served', event, on(NOW + 5))));
    await embedded.catchUp();
    const partition = embedded.partitionOf('ana');
    const [lateness] = (await embedded.service.dataQuality()).lateness;
    // The late ones are older than what was looked at, and the answer says from where on it looked.
    expect(lateness).toMatchObject({ records: each, late: 0, max_ms: 5 });
    expect(lateness!.read.partitions[partition]).toEqual({ partition, low: 0, from: 10, to: each + 10, end: each + 10 });
    embedded.service.group.revoked(partition);
    const without = await embedded.service.dataQuality();
    expect(without.partitions).toEqual([1 - partition]);
    expect(without.lateness[0]).toMatchObject({ records: 0, max_ms: null });
  });

  it('ends in time when the log is away, and is one answer for all who ask meanwhile', async () => {
    const embedded = await embeddedService({ partitions: 1, logTimeoutMs: 200 });
    await embedded.produce('tip.served', served('ana', 't1', 0));
    await embedded.catchUp();
    expect(embedded.service.dataQuality()).toBe(embedded.service.dataQuality());
    await embedded.service.dataQuality();
    const answerAgain = embedded.faults.refuse();
    await expect(embedded.service.dataQuality()).rejects.toMatchObject({
      code: expect.stringMatching(/^(log_unavailable|timeout|log_failed)$/),
    });
    answerAgain();
    await expect(embedded.service.dataQuality()).resolves.toMatchObject({ partitions: [0] });
  });
});
