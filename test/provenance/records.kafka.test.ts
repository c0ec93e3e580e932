/** Records and their provenance on Kafka: offsets without a record, records of a partition that another member holds, and the search. */
import { describe, expect, it } from 'vitest';
import type { ProvenanceDocument, RecordDocument } from '../../src/service/application.js';
import { TransactionalProducer } from '../support/broker/inputs.js';
import { sharedBroker } from '../support/broker/shared.js';
import { toRecords, type ProduceLine } from '../support/e2e/events.js';
import { Stream } from '../support/e2e/stream.js';

const brokers = await sharedBroker();
const nowMs = Date.now();
const served = (n: number): ProduceLine => ({
  topic: 'tip.served',
  value: { user_id: 'ana', tip_id: `tip-${n}`, served_at_ms: nowMs - n },
});

describe.skipIf(brokers === null)('a record on Kafka', () => {
  it('is read between the markers of transactions, which hold none, and leads from the features that count it', async () => {
    const stream = await Stream.open(brokers!, { partitions: 1 });
    const topic = stream.topic('tip.served');
    const transaction = await (await TransactionalProducer.connect(stream)).open([served(1), served(2)]);
    await transaction.commit();
    // Its marker comes a moment later.
    await expect.poll(async () => (await stream.log.offsets(topic)).get(0)!.end, { timeout: 10_000 }).toBe(3);
    await stream.log.append(toRecords(stream.prefix, [served(3)]));
    const member = stream.start();
    await member.untilRunning(1);
    const provenance = async () => (await member.get('/v1/users/ana/provenance')).body as unknown as ProvenanceDocument;
    await member.until(async () => (await provenance()).features?.at(-1)?.value === 3, 'all three servings');
    const { events, search } = await provenance();
    expect(search.state).toBe('found');
    expect(events.map(({ record }) => record)).toEqual([0, 1, 3].map((offset) => ({ topic, partition: 0, offset })));
    const asked = async (offset: number) => (await member.get(`/v1/events/${topic}/0/${offset}`)).body as unknown as RecordDocument;
    expect(await asked(1)).toMatchObject({
      applied: true,
      previous_offset: 0,
      next_offset: 2,
      effect: { kind: 'tip', tip_id: 'tip-2', is_kept: true },
    });
    // The commit marker of the transaction.
    expect(await asked(2)).toMatchObject({ error: { code: 'not_found', details: { low: 0, end: 4 } } });
    expect(await asked(3)).toMatchObject({ next_offset: null, effect: { tip_id: 'tip-3' } });
    expect(await asked(4)).toMatchObject({ error: { code: 'offset_out_of_range', details: { hint: 'It holds the offsets 0 to 3.' } } });
    expect(await member.stop()).toBe(0);
  });

  it('is shown by a member that does not hold its partition, which does not say what it did', async () => {
    const stream = await Stream.open(brokers!, { partitions: 2 });
    await stream.log.append(
      [0, 1].map((partition) => ({ topic: stream.topic('tip.served'), partition, key: Buffer.from('x'), value: Buffer.from('not json') })),
    );
    const members = [stream.start(), stream.start()];
    for (const member of members) await member.untilRunning(1);
    for (const member of members) {
      const asked = (partition: number) => member.get(`/v1/events/${stream.topic('tip.served')}/${partition}/0`);
      const both = await Promise.all([asked(0), asked(1)]);
      const documents = both.map(({ body }) => body as unknown as RecordDocument);
      expect(documents.map(({ refusal }) => refusal!.code)).toEqual(['not_json', 'not_json']);
      expect(documents.filter(({ applied }) => applied === null)).toMatchObject([{ applied_to: null, effect: null, dead_letter: null }]);
    }
    for (const member of members) expect(await member.stop()).toBe(0);
  });
});
