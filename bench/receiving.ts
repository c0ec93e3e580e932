/**
 * What a record costs between the broker and the fold: from the bytes of a fetch to a record in the worker's thread, and in the merge of
 * the topics. CPU time of one thread, the best of many turns: `node --import ./test/support/typescript-register.mjs bench/receiving.ts`.
 */
import { MergeQueue } from '../src/consumers/worker/merge-queue.js';
import { pack, transferable, unpack } from '../src/consumers/worker/threads/record-packing.js';
import { recordsInPlace, splitBatches } from '../src/log/kafka/record-batch.js';
import { encodeBatch, type StampedRecord } from '../src/log/kafka/record-encoding.js';
import type { Delivery, RecordRun } from '../src/log/port.js';
import { runOf } from '../src/log/record-run.js';
import { upstreamEvents } from './events.js';

const EVENTS = 10_000;
const RECORDS_PER_BATCH = 250;
const TURNS = 25;
const RUNS_A_TURN = 10;
const TOPICS = ['user.forgotten', 'policy.control', 'tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow', 'tip.candidates'];

/** Topic -> the bytes of its fetch. */
function fetches(): Map<string, Buffer> {
  const records = new Map<string, StampedRecord[]>();
  for (const { topic, userId, arrivedAtMs, value } of upstreamEvents({
    events: EVENTS,
    users: 500,
    endMs: Date.now(),
    withDecisions: false,
  })) {
    const of = records.get(topic) ?? [];
    records.set(topic, of);
    of.push({ topic, key: Buffer.from(userId), value: Buffer.from(value), headers: [], timestampMs: arrivedAtMs });
  }
  return new Map(
    [...records].map(([topic, all]) => {
      const batches: Buffer[] = [];
      for (let from = 0; from < all.length; from += RECORDS_PER_BATCH) {
        const batch = encodeBatch(all.slice(from, from + RECORDS_PER_BATCH), { producerId: 1n, epoch: 0, sequence: from });
        batch.writeBigInt64BE(BigInt(from)); // as the broker does
        batches.push(batch);
      }
      return [topic, Buffer.concat(batches)];
    }),
  );
}

/** As the service's thread and then a worker's thread have it. */
function received(topic: string, bytes: Buffer): Delivery {
  const fetched = Buffer.from(Uint8Array.from(bytes).buffer); // of its own, as the decoder of a fetch copies it
  const records = recordsInPlace(splitBatches(fetched, []), topic, 0, 0);
  const packed = pack({ topic, partition: 0, fromOffset: 0, nextOffset: records.length, endOffset: records.length, records });
  return unpack(structuredClone(packed, { transfer: transferable(packed) }));
}

function nanosecondsEach(work: () => number): number {
  let best = Infinity;
  for (let turn = 0; turn < TURNS; turn++) {
    const before = process.cpuUsage();
    let records = 0;
    for (let run = 0; run < RUNS_A_TURN; run++) records += work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1_000) / records);
  }
  return Math.round(best);
}

/** Makes each record, as the fold does. */
function used(run: RecordRun): number {
  let bytes = 0;
  for (let index = 0; index < run.length; index++) bytes += run.recordAt(index).value!.length;
  if (bytes === 0) throw new Error('nothing was received');
  return run.length;
}

const fetched = fetches();
const toWorker = nanosecondsEach(() => [...fetched].reduce((sum, [topic, bytes]) => sum + used(received(topic, bytes).records), 0));
const waiting = [...fetched].map(([topic, bytes]) => {
  const delivery = received(topic, bytes);
  return { ...delivery, records: runOf([...delivery.records]) };
});
const merged = nanosecondsEach(() => {
  const queue = new MergeQueue({ topics: TOPICS, maxIdleMs: 0 }, new Map(), new Map());
  for (const delivery of waiting) queue.add(delivery);
  let records = 0;
  while (!queue.empty) for (const { from, to } of queue.take(EVENTS, 0).segments) records += to - from;
  return records;
});
console.log(`from a fetch to the worker: ${toWorker} ns a record\nmerge of the topics: ${merged} ns a record`);
