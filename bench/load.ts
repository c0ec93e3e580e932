/** Fills a log with the upstream's events, once, before anything is measured. */
import { ensureTopics } from '../src/log/ensure-topics.js';
import type { Log, NewRecord } from '../src/log/port.js';
import { upstreamEvents, type EventMix } from './events.js';

/** For each partition of each topic in one append call, as a producer with a short linger sends them. */
const RECORDS_PER_BATCH = 250;
/** Of the events. */
const TOPICS = 2;
const CALLS_AT_ONCE = 4;

export interface Loaded {
  readonly events: number;
  /** Of the values alone. */
  readonly meanValueBytes: number;
  readonly tookMs: number;
}

/** `batch`: about so many records in each record batch. */
export async function loadEvents(log: Log, prefix: string, partitions: number, mix: EventMix, batch = RECORDS_PER_BATCH): Promise<Loaded> {
  const recordsPerCall = batch * TOPICS * partitions;
  await ensureTopics(log, { prefix, partitions, partitionsGiven: true });
  const startedMs = performance.now();
  const pending = new Set<Promise<unknown>>();
  let calls: NewRecord[] = [];
  let events = 0;
  let bytes = 0;
  const append = async () => {
    const records = calls;
    calls = [];
    if (pending.size >= CALLS_AT_ONCE) await Promise.race(pending);
    const call = log.append(records).finally(() => pending.delete(call));
    pending.add(call);
  };
  for (const { topic, userId, arrivedAtMs, value } of upstreamEvents(mix)) {
    const encoded = Buffer.from(value);
    calls.push({ topic: prefix + topic, key: Buffer.from(userId), value: encoded, timestampMs: arrivedAtMs });
    events++;
    bytes += encoded.length;
    if (calls.length === recordsPerCall) await append();
  }
  if (calls.length > 0) await append();
  await Promise.all(pending);
  return { events, meanValueBytes: Math.round(bytes / events), tookMs: Math.round(performance.now() - startedMs) };
}
