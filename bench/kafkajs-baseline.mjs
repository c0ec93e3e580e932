/**
 * What every Node consumer pays: kafkajs 2.2.4 consumes the topics and JSON.parse reads each value, nothing else. A process of its
 * own, so that its memory and its garbage are its own. Prints one JSON document.
 *
 * Counted: from the moment the group has been joined (partitions known, nothing fetched) to the last record parsed.
 */
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';

const { BENCH_BROKERS, BENCH_TOPICS, BENCH_EVENTS } = process.env;
const expected = Number(BENCH_EVENTS);
const startedMs = performance.now();

const kafka = new kafkajs.Kafka({ clientId: 'tipstream-bench', brokers: BENCH_BROKERS.split(','), logLevel: kafkajs.logLevel.ERROR });
const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 50 });
let joinedMs = 0;
let firstMs = 0;
let count = 0;
let bytes = 0;
let users = 0;
const finished = new Promise((resolve) => {
  consumer.on(consumer.events.GROUP_JOIN, () => (joinedMs = performance.now()));
  void (async () => {
    await consumer.connect();
    await consumer.subscribe({ topics: BENCH_TOPICS.split(','), fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        if (firstMs === 0) firstMs = performance.now();
        for (const { value } of batch.messages) {
          const event = JSON.parse(value.toString());
          // Uses what was parsed, so that no engine may skip it.
          users += event.user_id.length > 0 ? 1 : 0;
          bytes += value.length;
        }
        count += batch.messages.length;
        if (count >= expected) resolve(performance.now());
      },
    });
  })();
});
const lastMs = await finished;
console.log(
  JSON.stringify({
    events: users,
    bytes,
    start_ms: joinedMs - startedMs,
    took_ms: lastMs - joinedMs,
    from_first_batch_ms: lastMs - firstMs,
  }),
);
await consumer.disconnect();
process.exit(0);
